//! Weights in and out: `import` and `export`.

use std::{collections::BTreeMap, fs, path::Path};

use burn::tensor::Device;
use models::{Model, StateDict, StateTensor};
use safetensors::SafeTensors;

use crate::{
    bad_input::fails,
    support::{QUICK, kiln, scratch, stderr, stdout, train},
};

/// Runs `kiln` in `folder`, which goes well, and gives what it prints.
pub fn run(folder: &Path, words: &[&str]) -> String {
    let output = kiln().args(words).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", stderr(&output));
    stdout(&output)
}

/// Writes the first weights of a network of seed 1.
pub fn write(path: &Path, model: Model, image: [usize; 3]) {
    let network = model.seed(1).build(image, &Device::flex()).unwrap();
    fs::write(path, network.to_safetensors(&[]).unwrap()).unwrap();
}

pub fn tensors(path: &Path) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let state = StateDict::read(path).unwrap();
    let tensors = state.iter();
    tensors
        .map(|(name, t)| (name.to_string(), (t.shape.clone(), t.values.clone())))
        .collect()
}

#[test]
fn an_export_is_imported_as_it_was() {
    let folder = scratch();
    let run_dir = train(&folder.path().join("runs"), &QUICK);
    for which in ["best", "last"] {
        let out = format!("{which}.safetensors");
        let words = ["export", run_dir.to_str().unwrap(), "--which", which];
        let text = run(folder.path(), &[&words[..], &["--out", &out]].concat());
        assert!(
            text.contains("lenet5, 10 tensors, 10 classes: 0, 1, 2")
                && text.contains("images 1×28×28, of pixels from 0 to 1: mean 0."),
            "{text}"
        );
        let exported = folder.path().join(&out);
        assert_eq!(tensors(&exported), tensors(&run_dir.join(&out)));
        let bytes = fs::read(&exported).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(file.tensor("fc1.weight").unwrap().shape(), [120, 400]);
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let note = &header.metadata().as_ref().unwrap()["kiln"];
        for says in [
            "model=lenet5 form=only width=1 image=1x28x28 mean=0.",
            " std=0.",
            r#" classes=["0","1","2","#,
        ] {
            assert!(note.contains(says), "no {says} in {note}");
        }

        let words = [
            "import",
            &out,
            "--model",
            "lenet5",
            "--out",
            "again.safetensors",
        ];
        let text = run(folder.path(), &words);
        assert!(
            text.starts_with(&format!("{out}: 10 tensors taken\nwrote again")),
            "{text}"
        );
        assert_eq!(
            tensors(&exported),
            tensors(&folder.path().join("again.safetensors"))
        );
    }
    // Under its own name, in the folder where it is called; and not a second time.
    let words = ["export", run_dir.to_str().unwrap()];
    run(folder.path(), &words);
    let name = run_dir.file_name().unwrap().to_str().unwrap();
    assert!(
        folder
            .path()
            .join(format!("{name}-best.safetensors"))
            .is_file()
    );
    fails(folder.path(), &words, 1, &["there already", "--out"]);
}

#[test]
fn an_export_is_of_the_network_of_its_run() {
    let folder = scratch();
    let run_dir = train(&folder.path().join("runs"), &QUICK);
    let words = ["export", run_dir.to_str().unwrap()];
    let own = run_dir.join("extra.safetensors");
    let inside = [&words[..], &["--out", own.to_str().unwrap()]].concat();
    fails(folder.path(), &inside, 1, &["in the folder of a run"]);
    let best = run_dir.join("best.safetensors");
    let over = [&words[..], &["--out", best.to_str().unwrap()]].concat();
    fails(folder.path(), &over, 1, &["in the folder of a run"]);
    // Nor does what is made of its weights lie there, although that would be beside them.
    let beside = ["import", best.to_str().unwrap(), "--model", "lenet5"];
    fails(folder.path(), &beside, 1, &["in the folder of a run"]);

    write(&best, models::lenet5(9), [1, 28, 28]);
    // Which would tell that the file is another.
    std::fs::remove_file(run_dir.join("summary.json")).unwrap();
    let says = ["best.safetensors", "fc3.bias is [9], the network has [10]"];
    fails(folder.path(), &words, 1, &says);
}

#[test]
fn nothing_is_written_over_what_is_no_file_or_was_read() {
    let folder = scratch();
    let path = |name| folder.path().join(name);
    write(&path("a.safetensors"), models::lenet5(10), [1, 28, 28]);
    let import = |out| ["import", "a.safetensors", "--model", "lenet5", "--out", out];
    let says = ["is the file that was read"];
    fails(folder.path(), &import("./a.safetensors"), 1, &says);
    fs::create_dir(path("folder")).unwrap();
    fails(folder.path(), &import("folder"), 1, &["is no file"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        fails(folder.path(), &import("/dev/null"), 1, &["is no file"]);
        symlink(path("a.safetensors"), path("same")).unwrap();
        fails(folder.path(), &import("same"), 1, &says);
        symlink(path("none"), path("dangling")).unwrap();
        fails(folder.path(), &import("dangling"), 1, &["not there"]);
        fs::write(path("target"), "old").unwrap();
        symlink(path("target"), path("link")).unwrap();
        run(folder.path(), &import("link"));
        assert!(path("link").is_symlink());
        assert_eq!(tensors(&path("target")), tensors(&path("a.safetensors")));
    }
}

#[test]
fn classes_that_a_file_of_a_network_does_not_have_are_refused() {
    let folder = scratch();
    let text = "[[layers]]\nname = \"flatten\"\nkind = \"flatten\"\n\
                [[layers]]\nname = \"fc\"\nkind = \"linear\"\nfeatures = 5\n";
    fs::write(folder.path().join("net.toml"), text).unwrap();
    let words = ["import", "a.safetensors", "--model", "net.toml"];
    let words = [&words[..], &["--input", "1x4x4", "--classes", "7"]].concat();
    let says = [
        "net.toml, line",
        "ends in 5 logits, and there are 7 classes",
    ];
    fails(folder.path(), &words, 2, &says);
}

#[test]
fn import_finds_the_classes_in_the_file() {
    let folder = scratch();
    let file = folder.path().join("seven.safetensors");
    write(&file, models::resnet18(7).width(0.05), [3, 32, 32]);
    let network = [
        "--model", "resnet18", "--input", "3x32x32", "--width", "0.05",
    ];
    let words = ["import", "seven.safetensors", "--out", "new.safetensors"];
    let text = run(folder.path(), &[&words[..], &network].concat());
    assert!(text.contains("resnet18, 7 classes"), "{text}");
    let words = [&words[..], &network, &["--classes", "5"]].concat();
    let says = [
        "does not hold the weights of resnet18 in its form `small`",
        "another shape: fc.weight is [7, 26], the network has [5, 26]",
        "another shape: fc.bias is [7], the network has [5]",
        "--partial",
    ];
    fs::remove_file(folder.path().join("new.safetensors")).unwrap();
    fails(folder.path(), &words, 1, &says);

    let text = run(folder.path(), &[&words[..], &["--partial"]].concat());
    let taken = tensors(&file).len() - 2;
    for says in [
        format!("seven.safetensors: {taken} tensors taken, 2 start anew\n"),
        "starts anew: fc.weight, [5, 26]; the file has [7, 26]\n".into(),
        "resnet18, 5 classes".into(),
    ] {
        assert!(text.contains(&says), "no {says} in {text}");
    }
    let new = tensors(&folder.path().join("new.safetensors"));
    let old = tensors(&file);
    assert_eq!(
        new["layer4.1.bn2.running_var"],
        old["layer4.1.bn2.running_var"]
    );
    assert_eq!(new["conv1.weight"], old["conv1.weight"]);
    assert_eq!(new["fc.bias"].0, [5]);
}

#[test]
fn import_lists_what_does_not_fit_and_writes_nothing() {
    let folder = scratch();
    write(
        &folder.path().join("a.safetensors"),
        models::lenet5(10),
        [1, 28, 28],
    );
    let import = |model| {
        [
            "import",
            "a.safetensors",
            "--model",
            model,
            "--out",
            "b.safetensors",
        ]
    };
    let says = [
        "missing: fc.weight",
        "unexpected: conv1.bias",
        "nothing of it fits",
    ];
    fails(folder.path(), &import("perceptron"), 1, &says);
    let words = [&import("perceptron")[..], &["--partial"]].concat();
    fails(folder.path(), &words, 1, &says);
    fails(
        folder.path(),
        &import("lenet6"),
        2,
        &["did you mean `lenet5`"],
    );

    let input = |input| [&import("lenet5")[..], &["--input", input]].concat();
    for wrong in ["28x28", "1x28xx28", "0x28x28", "1x-2x3", "1x28x28x1"] {
        fails(folder.path(), &input(wrong), 2, &["such as 3x32x32"]);
    }
    fails(folder.path(), &input("1x4x4"), 2, &["lenet5, layer `"]);
    let form = [&import("lenet5")[..], &["--form", "large"]].concat();
    fails(folder.path(), &form, 2, &["auto, small, imagenet"]);
    // What lies under the default name is left alone.
    fs::write(folder.path().join("a-lenet5.safetensors"), "mine").unwrap();
    let words = ["import", "a.safetensors", "--model", "lenet5"];
    let says = ["a-lenet5.safetensors is there already"];
    fails(folder.path(), &words, 1, &says);
}

#[test]
fn files_that_hold_no_weights_are_refused_by_name() {
    let folder = scratch();
    let import = |file| {
        [
            "import",
            file,
            "--model",
            "lenet5",
            "--out",
            "new.safetensors",
        ]
    };
    fails(
        folder.path(),
        &import("none.pth"),
        2,
        &["none.pth: cannot be read"],
    );
    fs::write(folder.path().join("page.pth"), "<!DOCTYPE html>").unwrap();
    let says = ["page.pth: is neither a safetensors file nor one of PyTorch's"];
    fails(folder.path(), &import("page.pth"), 1, &says);
    fs::write(folder.path().join("cut.pth"), b"\x10\0\0\0\0\0\0\0{\"a\":").unwrap();
    fails(
        folder.path(),
        &import("cut.pth"),
        1,
        &["cut.pth: not a whole safetensors"],
    );
    let bias = |values: Vec<f32>| StateTensor {
        shape: vec![values.len()],
        values,
    };
    let mut state = StateDict::default();
    state.insert("conv1.bias", bias(vec![0.0; 6]));
    state.insert("conv2.bias", bias(vec![1.0, f32::NAN, f32::INFINITY]));
    let bytes = state.to_safetensors(&[]).unwrap();
    fs::write(folder.path().join("nan.pth"), bytes).unwrap();
    let says = ["nan.pth: tensor `conv2.bias` holds 2 values of 3 that are NaN or infinite"];
    fails(folder.path(), &import("nan.pth"), 1, &says);
    fails(folder.path(), &["--weights", "nan.pth"], 1, &says);
    fs::write(folder.path().join("zip.pth"), b"PK\x03\x04").unwrap();
    let (code, says) = match cfg!(feature = "pytorch") {
        true => (1, "zip.pth: cannot be read as PyTorch's weights"),
        false => (2, "--features pytorch"),
    };
    fails(folder.path(), &import("zip.pth"), code, &[says]);
}

#[test]
fn weights_of_another_form_are_named_for_what_they_are() {
    let folder = scratch();
    let imagenet = models::resnet18(7).width(0.05).form(models::Form::ImageNet);
    write(
        &folder.path().join("a.safetensors"),
        imagenet,
        [1, 224, 224],
    );
    let words = [
        "import",
        "a.safetensors",
        "--model",
        "resnet18",
        "--width",
        "0.05",
        "--out",
        "b.safetensors",
    ];
    let import = |more: &[&'static str]| [&words[..], more].concat();
    let says = [
        "another shape: conv1.weight",
        "these are weights of the form `imagenet`: --form imagenet",
    ];
    let small = import(&["--input", "1x28x28"]);
    fails(folder.path(), &small, 1, &says);
    // What is behind a new first layer would be of no use.
    let partial = [&small[..], &["--partial"]].concat();
    fails(folder.path(), &partial, 1, &says);
    let form = [&small[..], &["--form", "imagenet"]].concat();
    let text = run(folder.path(), &form);
    assert!(text.contains("resnet18, 7 classes"), "{text}");

    // For a run with other classes, the last layer starts anew; so it does by the advice.
    let train = [
        &["train", "--backend", "flex"],
        &QUICK[..],
        &["--model", "resnet18", "--width", "0.05"],
        &["--weights", "a.safetensors"],
    ]
    .concat();
    let says = [
        says[0],
        says[1],
        "with --partial (partial_weights = true) for a new last layer",
    ];
    fails(folder.path(), &train, 1, &says);
    let train = [&train[..], &["--partial"]].concat();
    fails(folder.path(), &train, 1, &says);
    let text = run(
        folder.path(),
        &[&train[..], &["--form", "imagenet"]].concat(),
    );
    assert!(text.contains("tensors taken, 2 start anew\n"), "{text}");
}

#[test]
fn googlenets_heads_are_named_for_what_they_are() {
    let folder = scratch();
    let model = models::googlenet(3).width(0.05).auxiliary_heads();
    write(&folder.path().join("a.safetensors"), model, [3, 32, 32]);
    let words = [
        "import",
        "a.safetensors",
        "--model",
        "googlenet",
        "--width",
        "0.05",
    ];
    let words = [
        &words[..],
        &["--input", "3x32x32", "--out", "b.safetensors"],
    ]
    .concat();
    let says = [
        "unexpected: aux1.conv.conv.weight",
        "--auxiliary-heads",
        "--partial",
    ];
    fails(folder.path(), &words, 1, &says);
    let text = run(
        folder.path(),
        &[&words[..], &["--auxiliary-heads"]].concat(),
    );
    assert!(!text.contains("left out"), "{text}");
    let text = run(folder.path(), &[&words[..], &["--partial"]].concat());
    assert!(
        text.contains("left out: aux2.fc2.bias, which the network has not"),
        "{text}"
    );
}
