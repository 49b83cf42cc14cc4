//! `cargo xtask data mini`: a small, class-balanced part of MNIST.

use std::{fs, path::Path};

use anyhow::{Context, ensure};
use chacha20::ChaCha8Rng;
use data::formats::idx;
use rand::{SeedableRng, seq::SliceRandom};

/// The file names of MNIST, for a part: images, labels.
const TRAIN: [&str; 2] = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"];
const TEST: [&str; 2] = ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"];

/// Images of each digit, in the training and in the test part.
const TRAIN_EACH: usize = 500;
const TEST_EACH: usize = 100;

const SEED: u64 = 1998;

/// Draws from the files in `from` and writes to `assets/mnist-mini`.
pub fn make(from: &Path) -> anyhow::Result<()> {
    let to = crate::root().join("assets/mnist-mini");
    fs::create_dir_all(&to)?;
    for (part, (files, each)) in [(TRAIN, TRAIN_EACH), (TEST, TEST_EACH)]
        .into_iter()
        .enumerate()
    {
        let read = |file: &str| {
            let path = from.join(file);
            fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let images = idx::read_images(&read(files[0])?, files[0])?;
        let labels = idx::read_labels(&read(files[1])?, files[1])?;
        ensure!(
            images.count == labels.len(),
            "{files:?} differ in how many images they count"
        );

        // The seed of the draw is part of what the data set is.
        let mut rng = ChaCha8Rng::seed_from_u64(SEED + part as u64);
        let mut chosen = Vec::new();
        for digit in 0..10 {
            let mut members: Vec<usize> =
                (0..labels.len()).filter(|&i| labels[i] == digit).collect();
            ensure!(
                members.len() >= each,
                "{} holds only {} of digit {digit}",
                files[1],
                members.len()
            );
            members.shuffle(&mut rng);
            chosen.extend_from_slice(&members[..each]);
        }
        // In the order of the source, so that classes are mixed.
        chosen.sort_unstable();

        let size = images.rows * images.columns;
        let pixels = chosen
            .iter()
            .flat_map(|&i| &images.pixels[i * size..(i + 1) * size])
            .copied()
            .collect();
        let labels: Vec<u8> = chosen.iter().map(|&i| labels[i]).collect();
        let mini = idx::Images {
            count: chosen.len(),
            pixels,
            ..images
        };
        for (file, bytes) in [
            (files[0], idx::write_images(&mini)),
            (files[1], idx::write_labels(&labels)),
        ] {
            let path = to.join(file);
            fs::write(&path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
            println!(
                "{}: {} images, {} bytes",
                path.display(),
                chosen.len(),
                bytes.len()
            );
        }
    }
    Ok(())
}
