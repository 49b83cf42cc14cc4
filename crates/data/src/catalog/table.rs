//! The data sets that Kiln knows: what they are, and where their files come from.
//!
//! Digests of the IDX files of MNIST and Fashion-MNIST are SHA-256 of the
//! *decompressed* content, computed from the originals, so that a copy that was
//! compressed again or unpacked verifies too. Those of KMNIST are the MD5 of the
//! `.gz` files as torchvision publishes them (`torchvision/datasets/mnist.py`),
//! those of the CIFAR archives the MD5 of the authors' page
//! (<https://www.cs.toronto.edu/~kriz/cifar.html>).

use super::{
    classes,
    entry::{Archive, Digest, Entry, File, Files, Format, Origin, Source},
};

const fn content(name: &'static str, size: u64, sha256: &'static str) -> File {
    File {
        name,
        size,
        digest: Digest::Content(sha256),
    }
}

const fn gzip(name: &'static str, size: u64, md5: &'static str) -> File {
    File {
        name,
        size,
        digest: Digest::Gzip(md5),
    }
}

const fn member(name: &'static str, size: u64) -> File {
    File {
        name,
        size,
        digest: Digest::None,
    }
}

const TRAIN_IMAGES: &str = "train-images-idx3-ubyte";
const TRAIN_LABELS: &str = "train-labels-idx1-ubyte";
const TEST_IMAGES: &str = "t10k-images-idx3-ubyte";
const TEST_LABELS: &str = "t10k-labels-idx1-ubyte";
/// Bytes of the files of MNIST and its drop-in replacements.
const IDX_SIZES: [u64; 4] = [47_040_016, 60_008, 7_840_016, 10_008];

/// All data sets, in the order in which they are listed.
pub(crate) const TABLE: &[Entry] = &[
    #[cfg(feature = "mnist-mini")]
    Entry {
        name: crate::mnist_mini::NAME,
        title: "A tenth of MNIST, embedded in the program",
        classes: classes::DIGITS,
        shape: [1, 28, 28],
        train: 5_000,
        test: 1_000,
        source: Source::Embedded(crate::mnist_mini::load),
        ..MNIST
    },
    MNIST,
    Entry {
        name: "fashion-mnist",
        title: "Fashion-MNIST: articles of clothing",
        classes: classes::FASHION,
        shape: [1, 28, 28],
        train: 60_000,
        test: 10_000,
        licence: "MIT",
        home: "https://github.com/zalandoresearch/fashion-mnist",
        citation: "Xiao, Rasul, Vollgraf: Fashion-MNIST: a Novel Image Dataset for Benchmarking \
                   Machine Learning Algorithms, arXiv:1708.07747, 2017",
        source: Source::Files(Files {
            folder: "FashionMNIST/raw",
            format: Format::Idx,
            train: &[
                content(
                    TRAIN_IMAGES,
                    IDX_SIZES[0],
                    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                ),
                content(
                    TRAIN_LABELS,
                    IDX_SIZES[1],
                    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                ),
            ],
            test: &[
                content(
                    TEST_IMAGES,
                    IDX_SIZES[2],
                    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                ),
                content(
                    TEST_LABELS,
                    IDX_SIZES[3],
                    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                ),
            ],
            origin: Origin::Gzips,
            // The authors' bucket (torchvision), their repository, and Keras's copy.
            mirrors: &[
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
                "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            ],
            pickles: None,
        }),
    },
    Entry {
        name: "kmnist",
        title: "Kuzushiji-MNIST: cursive Japanese characters",
        classes: classes::KUZUSHIJI,
        shape: [1, 28, 28],
        train: 60_000,
        test: 10_000,
        licence: "CC BY-SA 4.0",
        home: "https://codh.rois.ac.jp/kmnist/",
        citation: "Clanuwat, Bober-Irizar, Kitamoto, Lamb, Yamamoto, Ha: Deep Learning for \
                   Classical Japanese Literature, arXiv:1812.01718, 2018",
        source: Source::Files(Files {
            folder: "KMNIST/raw",
            format: Format::Idx,
            train: &[
                gzip(
                    TRAIN_IMAGES,
                    IDX_SIZES[0],
                    "bdb82020997e1d708af4cf47b453dcf7",
                ),
                gzip(
                    TRAIN_LABELS,
                    IDX_SIZES[1],
                    "e144d726b3acfaa3e44228e80efcd344",
                ),
            ],
            test: &[
                gzip(
                    TEST_IMAGES,
                    IDX_SIZES[2],
                    "5c965bf0a639b31b8f53240b1b52f4d7",
                ),
                gzip(
                    TEST_LABELS,
                    IDX_SIZES[3],
                    "7320c461ea6c1c855c0b718fb2a4b134",
                ),
            ],
            origin: Origin::Gzips,
            // The authors' server is the only one known, by TLS or (torchvision) without.
            mirrors: &[
                "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
                "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            ],
            pickles: None,
        }),
    },
    Entry {
        name: "cifar10",
        title: "CIFAR-10: tiny photographs of 10 kinds",
        classes: classes::CIFAR10,
        shape: [3, 32, 32],
        source: Source::Files(Files {
            folder: "cifar-10-batches-bin",
            format: Format::Cifar10,
            train: &[
                member("data_batch_1.bin", 30_730_000),
                member("data_batch_2.bin", 30_730_000),
                member("data_batch_3.bin", 30_730_000),
                member("data_batch_4.bin", 30_730_000),
                member("data_batch_5.bin", 30_730_000),
            ],
            test: &[member("test_batch.bin", 30_730_000)],
            origin: Origin::Archive(Archive {
                name: "cifar-10-binary.tar.gz",
                size: 170_052_171,
                md5: "c32a1d4ab5d03f1284b67883e8d87530",
            }),
            // The authors' page, the server it redirects to, and the copy that
            // Swift for TensorFlow's models read.
            mirrors: &[
                "https://www.cs.toronto.edu/~kriz/",
                "https://cave.cs.toronto.edu/kriz/",
                "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
            ],
            pickles: Some("cifar-10-batches-py"),
        }),
        ..CIFAR
    },
    Entry {
        name: "cifar100",
        title: "CIFAR-100: tiny photographs of 100 kinds",
        classes: classes::CIFAR100,
        shape: [3, 32, 32],
        source: Source::Files(Files {
            folder: "cifar-100-binary",
            format: Format::Cifar100,
            train: &[member("train.bin", 153_700_000)],
            test: &[member("test.bin", 30_740_000)],
            origin: Origin::Archive(Archive {
                name: "cifar-100-binary.tar.gz",
                size: 168_513_733,
                md5: "03b5dce01913d631647c71ecec9e9cb8",
            }),
            mirrors: &[
                "https://www.cs.toronto.edu/~kriz/",
                "https://cave.cs.toronto.edu/kriz/",
            ],
            pickles: Some("cifar-100-python"),
        }),
        ..CIFAR
    },
];

const MNIST: Entry = Entry {
    name: "mnist",
    title: "MNIST: handwritten digits",
    classes: classes::DIGITS,
    shape: [1, 28, 28],
    train: 60_000,
    test: 10_000,
    licence: "CC BY-SA 3.0",
    home: "http://yann.lecun.com/exdb/mnist/",
    citation: "LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document \
               Recognition, Proceedings of the IEEE 86(11), 1998",
    source: Source::Files(Files {
        folder: "MNIST/raw",
        format: Format::Idx,
        train: &[
            content(
                TRAIN_IMAGES,
                IDX_SIZES[0],
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            content(
                TRAIN_LABELS,
                IDX_SIZES[1],
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
        ],
        test: &[
            content(
                TEST_IMAGES,
                IDX_SIZES[2],
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            content(
                TEST_LABELS,
                IDX_SIZES[3],
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ],
        origin: Origin::Gzips,
        // PyTorch's bucket (torchvision), Google's (TensorFlow Datasets), and the
        // authors' page, which at times refuses.
        mirrors: &[
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "http://yann.lecun.com/exdb/mnist/",
        ],
        pickles: None,
    }),
};

/// What CIFAR-10 and CIFAR-100 share. Their page states no licence.
const CIFAR: Entry = Entry {
    name: "",
    title: "",
    classes: &[],
    shape: [3, 32, 32],
    train: 50_000,
    test: 10_000,
    licence: "none stated; its authors ask to be cited",
    home: "https://www.cs.toronto.edu/~kriz/cifar.html",
    citation: "Krizhevsky: Learning Multiple Layers of Features from Tiny Images, technical \
               report, University of Toronto, 2009",
    source: MNIST.source,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_agree_with_their_files() {
        for entry in TABLE {
            assert!(!entry.title.is_empty() && !entry.name.is_empty());
            let distinct: std::collections::BTreeSet<_> = entry.classes.iter().collect();
            assert_eq!(distinct.len(), entry.classes.len(), "{}", entry.name);
            let Some(files) = entry.files() else {
                continue;
            };
            let image = entry.shape.iter().product::<usize>() as u64;
            for (part, count) in [(files.train, entry.train), (files.test, entry.test)] {
                let count = count as u64;
                // Headers of IDX: 16 bytes before images and 8 before labels.
                let expected = match files.format {
                    Format::Idx => 16 + count * image + 8 + count,
                    Format::Cifar10 => count * (1 + image),
                    Format::Cifar100 => count * (2 + image),
                };
                let size: u64 = part.iter().map(|file| file.size).sum();
                assert_eq!(size, expected, "{}", entry.name);
            }
            assert!(files.mirrors.len() > 1);
            assert!(files.mirrors.iter().all(|mirror| mirror.ends_with('/')));
            for file in files.all() {
                let (digest, digits) = match file.digest {
                    Digest::Content(sha256) => (sha256, 64),
                    Digest::Gzip(md5) => (md5, 32),
                    Digest::None => continue,
                };
                assert_eq!(digest.len(), digits);
                assert!(digest.bytes().all(|b| b"0123456789abcdef".contains(&b)));
            }
        }
    }

    #[test]
    fn the_fine_classes_are_a_hundred_by_alphabet() {
        assert_eq!(classes::CIFAR100.len(), 100);
        assert!(classes::CIFAR100.is_sorted());
    }
}
