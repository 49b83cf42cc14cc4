//! Networks listed, described, drawn, and trained in another form.

use std::fs;

use serde_json::{Value, json};

use crate::{
    bad_input::fails,
    support::{kiln, kiln_with, newest, scratch, stderr, stdout},
};

/// What `kiln` prints on these words.
fn says(words: &[&str]) -> String {
    let output = kiln_with(words);
    assert!(output.status.success(), "{words:?}: {}", stderr(&output));
    stdout(&output)
}

fn json_of(words: &[&str]) -> Value {
    serde_json::from_str(&says(words)).unwrap()
}

#[test]
fn models_lists_what_matches() {
    let names = |pattern: &[&str]| -> Vec<String> {
        let text = says(&[&["models"], pattern].concat());
        let rows = text.lines().skip(1);
        rows.map(|row| row.split_whitespace().next().unwrap().into())
            .collect()
    };
    assert_eq!(names(&[]).len(), models::architectures().count());
    assert_eq!(names(&["vgg1?"]), ["vgg11", "vgg13", "vgg16", "vgg19"]);
    assert_eq!(
        names(&["resnet?8"]),
        ["resnet18"],
        "? is one character, and the whole name must match"
    );
    assert_eq!(names(&["vgg"]), names(&["vgg*"]));
    assert_eq!(names(&["VGG"]), names(&["vgg*"]));
    assert_eq!(names(&["mlp"]), ["mlp"], "a name goes before a family");
    assert!(names(&["Fast cifar"]).contains(&"resnet9".into()));
    let row = says(&["models", "resnet18"]);
    for word in [
        "ResNet",
        "11,689,512",
        "1.81 G",
        "3×224×224",
        "He et al. 2016",
    ] {
        assert!(row.contains(word), "{row}");
    }
    let expected = json!([{
        "name": "lenet5",
        "family": "LeNet",
        "parameters": 61706,
        // fvcore, as in the test of the table.
        "macs": 416_520,
        "input": [1, 28, 28],
        "classes": 10,
        "forms": false,
        "scalable": false,
        "paper": "LeCun et al. 1998",
    }]);
    assert_eq!(json_of(&["models", "lenet5", "--json"]), expected);
}

#[test]
fn no_match_is_answered_with_the_nearest() {
    let folder = scratch();
    let says = ["no model matches `renset*`", "did you mean `resnet"];
    fails(folder.path(), &["models", "renset*"], 1, &says);
    for none in ["renset", "", "resnet1x*"] {
        fails(folder.path(), &["models", none], 1, &["no model matches"]);
    }
}

#[test]
fn summary_describes_a_network_at_a_size() {
    let text = says(&[
        "summary",
        "resnet18",
        "--input",
        "3x32x32",
        "--classes",
        "10",
    ]);
    for words in [
        "resnet18 (small form), images 3×32×32\n",
        "11,173,962, as f32 42.6 MiB",
        "layer2.0.downsample.0",
    ] {
        assert!(text.contains(words), "{text}");
    }
    // The usual image and classes; in another form, and half as wide.
    assert!(says(&["summary", "resnet18"]).contains("11,689,512"));
    let words = ["summary", "resnet18", "--input", "3x32x32", "--form"];
    let text = says(&[&words[..], &["imagenet", "--width", "0.5"]].concat());
    assert!(text.contains("resnet18 (imagenet form)"), "{text}");
    assert!(text.contains("32×16×16"), "{text}");
    let text = says(&["summary", "googlenet", "--auxiliary-heads"]);
    // torchvision.models.googlenet(aux_logits=True): all of its parameters.
    assert!(text.contains("13,004,888"), "{text}");
    assert!(text.contains("for training only"), "{text}");
}

#[test]
fn summary_speaks_json() {
    let words = ["summary", "resnet-mnist", "--input", "1x28x28", "--json"];
    let summary = json_of(&words);
    assert_eq!(summary["model"], "resnet-mnist");
    assert_eq!(summary["form"], Value::Null);
    assert_eq!(summary["input"], json!([1, 28, 28]));
    assert_eq!(summary["parameters"], 98346);
    let layers = summary["layers"].as_array().unwrap();
    let sum = |key: &str| -> u64 { layers.iter().map(|l| l[key].as_u64().unwrap()).sum() };
    assert_eq!(summary["parameters"], sum("parameters"));
    assert_eq!(summary["macs"], sum("macs"));
    assert_eq!(summary["activation_bytes"], sum("activation_bytes"));
    assert_eq!(layers.last().unwrap()["output"], json!([10]));
    let expected = json!({
        "name": "conv1",
        "kind": "Conv2d",
        "output": [6, 28, 28],
        "parameters": 6 * 25 + 6,
        "macs": 6 * 25 * 28 * 28,
        "activation_bytes": 4 * 6 * 28 * 28,
        "receptive_field": [5, 5],
        "block": false,
        "training_only": false,
    });
    let lenet = json_of(&["summary", "lenet5", "--json"]);
    assert_eq!(lenet["layers"][0], expected);
}

#[test]
fn graph_writes_every_format() {
    let folder = scratch();
    let graph = |words: &[&str]| -> String {
        let mut command = kiln();
        command.args(["graph", "resnet20"]).args(words);
        let output = command.current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", stderr(&output));
        stdout(&output)
    };
    let starts = [
        (vec![], "<svg "),
        (vec!["--format", "svg"], "<svg "),
        (vec!["--format", "dot"], "digraph \"resnet20\" {"),
        (
            vec!["--format", "mermaid"],
            "---\ntitle: \"resnet20\"\n---\nflowchart TB",
        ),
    ];
    for (words, start) in starts {
        let text = graph(&words);
        assert!(text.starts_with(start), "{words:?}: {text}");
        assert!(text.contains("layer3.0"), "{words:?}: {text}");
    }
    // By the ending of the file; what is asked for goes first.
    for (words, start) in [
        (vec!["--out", "net.dot"], "digraph"),
        (vec!["--out", "net.mmd"], "---"),
        (vec!["--out", "net.md"], "```mermaid\n---"),
        (vec!["--out", "net.mmd", "--format", "mermaid"], "---"),
        (vec!["--out", "NET.GV"], "digraph"),
        (vec!["--out", "net.txt", "--format", "dot"], "digraph"),
        (vec!["--out", "net.svg"], "<svg"),
        (vec!["--out", "net"], "<svg"),
        (vec!["--out", "net.dot", "--format", "svg"], "<svg"),
    ] {
        assert_eq!(graph(&words), "", "{words:?}");
        let text = fs::read_to_string(folder.path().join(words[1])).unwrap();
        assert!(text.starts_with(start), "{words:?}");
    }
    let words = ["graph", "lenet5", "--out", "net.png"];
    let says = ["error: the ending of net.png is that of no format: add --format svg"];
    fails(folder.path(), &words, 2, &says);
    let words = ["graph", "lenet5", "--out", "nowhere/net.svg"];
    fails(folder.path(), &words, 1, &["there is no folder nowhere"]);
    let page = fs::read_to_string(folder.path().join("net.md")).unwrap();
    assert!(page.ends_with("\n```\n"), "{page}");
    // Neither its network nor what belongs to a run is written over.
    let text = "[[layers]]\nname = \"flatten\"\nkind = \"flatten\"\n\
                [[layers]]\nname = \"fc\"\nkind = \"linear\"\nfeatures = \"classes\"\n";
    let run = folder.path().join("run");
    fs::create_dir(&run).unwrap();
    for (file, holds) in [
        ("network.toml", text),
        ("config.toml", ""),
        ("dataset.json", "{}"),
    ] {
        fs::write(run.join(file), holds).unwrap();
    }
    fs::write(folder.path().join("mine.toml"), text).unwrap();
    for (file, out, says) in [
        ("mine.toml", "./mine.toml", "is the file that was read"),
        (
            "run/network.toml",
            "run/network.svg",
            "in the folder of a run",
        ),
        ("mine.toml", "run/config.toml", "in the folder of a run"),
    ] {
        let words = [
            "graph", file, "--input", "1x8x8", "--format", "dot", "--out", out,
        ];
        fails(folder.path(), &words, 1, &[says]);
    }
    assert_eq!(
        fs::read_to_string(folder.path().join("mine.toml")).unwrap(),
        text
    );
}

#[test]
fn a_network_that_cannot_be_is_refused() {
    let folder = scratch();
    let cases: [(&[&str], &[&str]); 11] = [
        (
            &["resnet81"],
            &["no model `resnet81`", "did you mean `resnet18`?"],
        ),
        (
            &["lenet5", "--input", "28x28"],
            &["'28x28'", "--input", "3x32x32"],
        ),
        (
            &["lenet5", "--input", "0x28x28"],
            &["--input", "at least 1"],
        ),
        (&["lenet5", "--classes", "ten"], &["--classes", "ten"]),
        (
            &["lenet5", "--classes", "0"],
            &["classes = 0", "at least one class"],
        ),
        (&["resnet18", "--form", "smal"], &["--form", "small"]),
        (
            &["lenet5", "--form", "small"],
            &["lenet5: form = small", "one form only"],
        ),
        (&["resnet18", "--width", "-1"], &["width = -1", "above 0"]),
        (&["resnet18", "--auxiliary-heads"], &["only googlenet"]),
        (
            &["lenet5", "--input", "1x4x4"],
            &["lenet5, layer `conv2` (Conv2d)", "a 5×5 window"],
        ),
        (&[], &["<MODEL|FILE.toml>"]),
    ];
    for verb in ["summary", "graph"] {
        for (words, says) in cases {
            fails(folder.path(), &[&[verb], words].concat(), 2, says);
        }
    }
    let words = ["graph", "lenet5", "--format", "png"];
    fails(folder.path(), &words, 2, &["--format", "png"]);
}

#[test]
fn trains_a_form_and_a_width() {
    let folder = scratch();
    let train = |words: &[&str]| {
        let mut command = kiln();
        command.args(["train", "--backend", "flex", "--epochs", "1"]);
        command.args(["--limit", "20"]).args(words);
        if !words.contains(&"--model") {
            command.args(["--model", "resnet18"]);
        }
        let output = command.current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    let form = ["--form", "imagenet", "--width", "0.0625"];
    let text = train(&form);
    assert!(
        text.starts_with("model    resnet18 (imagenet form), "),
        "{text}"
    );
    let config = || {
        let runs = folder.path().join("runs");
        let text = fs::read_to_string(newest(&runs).join("config.toml")).unwrap();
        fs::remove_dir_all(runs).unwrap();
        text
    };
    let text = config();
    assert!(
        text.contains("form = \"imagenet\"\nwidth = 0.0625\n"),
        "{text}"
    );
    // What is chosen by the size of the images is written down.
    train(&["--width", "0.0625"]);
    let text = config();
    assert!(
        text.contains("[network]\nform = \"small\"\nwidth = 0.0625\n"),
        "{text}"
    );
    // And of a network with one form, none.
    train(&["--model", "lenet-small"]);
    let text = config();
    assert!(text.contains("[network]\nwidth = 1.0\n"), "{text}");

    let words = ["--width", "0", "--model", "resnet18"];
    fails(
        folder.path(),
        &words,
        2,
        &["--width: network.width = 0: resnet18: ", "above 0"],
    );
}
