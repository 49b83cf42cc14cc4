//! Networks in files, good and bad.

use std::panic;

use rand::{RngExt, SeedableRng};

use super::*;
use crate::{LayerSpec, Layers, Weights};

const TINY: &str = include_str!("../../../../assets/networks/tiny.toml");
const RESIDUAL: &str = include_str!("../../../../assets/networks/residual.toml");

const GREY: [usize; 3] = [1, 28, 28];
const COLOUR: [usize; 3] = [3, 32, 32];

fn read(text: &str) -> Result<NetworkSpec, NetworkFileError> {
    NetworkSpec::from_toml(text, Path::new("nets/my-net.toml"), 10)
}

/// A file of one layer `a`: its lines from the third on.
fn layer(rest: &str) -> String {
    format!("[[layers]]\nname = \"a\"\n{rest}")
}

#[test]
fn reads_what_the_example_says() {
    let named = |name: &str, layer| (name.to_string(), layer);
    let spec = read(
        r#"
        [init]
        conv = { name = "normal", std = 0.5 }

        [[layers]]
        name = "conv1"
        kind = "conv2d"
        channels = 4
        kernel = 3

        [[layers]]
        name = "block"
        kind = "residual"
        [[layers.body]]
        name = "conv"
        kind = "conv2d"
        channels = 4
        kernel = 1
        bias = false
        [[layers.after]]
        name = "relu"
        kind = "relu"

        [[layers]]
        name = "mixed"
        kind = "concat"
        branches = [[], [{ name = "b", kind = "conv2d", channels = "classes", kernel = 1 }]]

        [[layers]]
        name = "side"
        kind = "auxiliary"
        layers = [
            { name = "flatten", kind = "flatten" },
            { name = "fc", kind = "linear", features = "classes" },
        ]

        [[layers]]
        name = "flatten"
        kind = "flatten"

        [[layers]]
        name = "fc"
        kind = "linear"
        features = "classes"
        "#,
    );
    let body = vec![named("conv", LayerSpec::conv2d(4, 1).without_bias())];
    let classifier: Layers = vec![
        named("flatten", LayerSpec::flatten()),
        named("fc", LayerSpec::linear(10)),
    ];
    let expected = NetworkSpec::new("my-net")
        .init(Init {
            conv: Weights::Normal { std: 0.5 },
            ..Init::default()
        })
        .layer("conv1", LayerSpec::conv2d(4, 3))
        .layer(
            "block",
            LayerSpec::Residual {
                body,
                shortcut: Vec::new(),
                after: vec![named("relu", LayerSpec::relu())],
            },
        )
        .layer(
            "mixed",
            LayerSpec::Concat {
                branches: vec![Vec::new(), vec![named("b", LayerSpec::conv2d(10, 1))]],
            },
        )
        .layer(
            "side",
            LayerSpec::Auxiliary {
                layers: classifier.clone(),
                weight: 0.3,
            },
        )
        .layers(classifier);
    assert_eq!(spec, Ok(expected));
}

/// Parameters: `sum(p.numel() for p in model.parameters())` of the same in PyTorch.
#[test]
fn the_examples_have_the_sizes_of_pytorch() {
    for (text, image, parameters) in [
        (TINY, GREY, 105_866),
        (TINY, COLOUR, 136_874),
        (RESIDUAL, GREY, 22_010),
        (RESIDUAL, COLOUR, 22_298),
    ] {
        let spec = read(text).unwrap();
        let summary = spec.classifier(image, 10).unwrap();
        assert_eq!(summary.parameters(), parameters, "{summary}");
    }
}

/// What is wrong is said with file, line, layer and key, and what would be possible.
#[test]
fn bad_files_get_messages_that_help() {
    let kinds = "conv2d, whitening-conv2d, linear, batch-norm, local-response-norm, relu, \
                 leaky-relu, elu, sigmoid, tanh, gelu, silu, hardswish, max-pool2d, avg-pool2d, \
                 adaptive-avg-pool2d, global-max-pool2d, dropout, scale, flatten, pad-channels, \
                 residual, concat, auxiliary";
    for (text, message) in [
        (
            layer("kind = \"conv2d\"\nchanels = 3\nkernel = 3"),
            "line 4: layer `a`: there is no key `chanels` (did you mean `channels`?); known: \
             kind, name, channels, kernel, stride, padding, groups, bias",
        ),
        (
            layer("kind = \"MaxPool2d\""),
            &format!(
                "line 3: layer `a`: kind: there is no `MaxPool2d` (did you mean `max-pool2d`?); \
                 known: {kinds}"
            ),
        ),
        (
            layer("channels = 3"),
            &format!("line 1: layer `a`: `kind` is missing; known: {kinds}"),
        ),
        (
            layer("kind = 3"),
            "line 3: layer `a`: kind = 3: it must be a name in quotes",
        ),
        (
            layer("kind = \"conv2d\"\nchannels = 3"),
            "line 1: layer `a`: `kernel` is missing",
        ),
        (
            layer("kind = \"conv2d\"\nchannels = 3\nkernel = -1\npadding = -1"),
            "line 5: layer `a`: kernel = -1: it must be a whole number of at least 0",
        ),
        (
            layer("kind = \"conv2d\"\nkernel = [3, 3]\nchannels = 3"),
            "line 4: layer `a`: kernel = [3, 3]: it must be a whole number of at least 0",
        ),
        (
            layer("kind = \"conv2d\"\nkernel = 3\nchannels = 99999999999999999999"),
            "line 5: layer `a`: channels = 99999999999999999999: it must be a smaller number",
        ),
        (
            layer("kind = \"linear\"\nfeatures = \"class\""),
            "line 4: layer `a`: features = \"class\": it must be a whole number of at least 0, \
             or \"classes\"",
        ),
        (
            layer("kind = \"linear\"\nfeatures = 3\nbias = \"no\""),
            "line 5: layer `a`: bias = \"no\": it must be true or false",
        ),
        (
            layer("kind = \"relu\"\nbody = []"),
            "line 4: layer `a`: there is no key `body`; known: kind, name",
        ),
        (
            layer("kind = \"residual\""),
            "line 1: layer `a`: `body` is missing, with the layers of the block",
        ),
        (
            layer("kind = \"residual\"\nbodies = []"),
            "line 4: layer `a`: there is no key `bodies` (did you mean `body`?); known: kind, \
             name, body, shortcut, after",
        ),
        (
            layer("kind = \"residual\"\nbody = { name = \"b\", kind = \"relu\" }"),
            "line 4: layer `a`: `body` is a list of layers: body = [{ … }, { … }]",
        ),
        (
            layer("kind = \"residual\"\n[[layers.body]]\nkind = \"relu\""),
            "line 4: layer 1 in the body of `a`: `name` is missing, under which its weights are \
             stored",
        ),
        (
            layer(
                "kind = \"residual\"\n[[layers.body]]\nname = \"b\"\nkind = \"dropout\"\np = \"½\"",
            ),
            "line 7: layer `a.b`: p = \"½\": it must be a number",
        ),
        (
            layer("kind = \"concat\"\nbranches = [{ name = \"b\", kind = \"relu\" }]"),
            "line 4: layer `a`: `branches` is a list of lists of layers: \
             branches = [[{ name = \"a\", kind = \"relu\" }], [{ … }, { … }]]",
        ),
        (
            layer("kind = \"relu\"\n[[layers]]\nkind = \"relu\"\nname = \"a\""),
            "line 6: layer `a`: the layer on line 1 has this name, too",
        ),
        (
            "[[layers]]\nname = \"a b\"\nkind = \"relu\"".into(),
            "line 2: layer 1: name = \"a b\": it must be one word in quotes, of at most 100 \
             characters; it may have dots, with something before and after each",
        ),
        (
            "[layers]\nname = \"a\"".into(),
            "line 1: `layers` is a list: begin each layer with [[layers]], in two brackets",
        ),
        (
            "layers = [1]".into(),
            "line 1: layer 1: a layer is a table with `name` and `kind`",
        ),
        (
            "\nlayers = []".into(),
            "line 2: a network has at least one layer",
        ),
        (
            "name = \"a\"".into(),
            "line 1: it has no layers: each is a table [[layers]] with `name` and `kind`",
        ),
        (
            "[[layer]]".into(),
            "line 1: there is no key `layer` (did you mean `layers`?); known: name, init, layers",
        ),
        (
            "name = \"\"\nlayers = []".into(),
            "line 1: name = \"\": it must be 1 to 100 characters in quotes",
        ),
        (
            "layers = []\n[init]\nconv = { name = \"kaiming-normal\", fan = \"fan_in\" }".into(),
            "line 3: init: conv: there is no `fan_in` (did you mean `fan-in`?); known: fan-in, fan-out",
        ),
        (
            "layers = []\n[init]\n\nlinear = { name = \"normal\" }".into(),
            "line 4: init: linear = { name = \"normal\" }: `std` is missing",
        ),
        (
            "layers = []\n[init]\nlinear = { name = \"normal\", std = -1 }".into(),
            "line 3: init: linear.std = -1: it must be a number of at least 0",
        ),
        (
            "[[layers]]\nname = a".into(),
            "line 2: column 8 of `name = a`: string values must be quoted, expected literal string",
        ),
        (
            "[[layers]\nname = \"a\"".into(),
            "line 1: column 10 of `[[layers]`: unclosed array table, expected `]`",
        ),
        (
            "layers = []\ninit = 3".into(),
            "line 2: init: it must be a table",
        ),
    ] {
        let error = read(&text).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("nets/my-net.toml, {message}"),
            "{text}"
        );
    }
}

#[test]
fn what_does_not_fit_is_named_with_its_line() {
    let flatten = "\n[[layers]]\nname = \"f\"\nkind = \"flatten\"\n";
    let linear = "[[layers]]\nname = \"a\"\nkind = \"linear\"\nfeatures = 7";
    for (text, message) in [
        (
            format!("\n{linear}"),
            "line 2: my-net, layer `a` (Linear): it needs a flat input: put a Flatten before it; \
             its input is 1×28×28",
        ),
        (
            format!("{flatten}{linear}"),
            "line 5: my-net ends in 7 logits, and there are 10 classes: give its last layer 10 \
             features, or `features = \"classes\"` in a file",
        ),
        (
            layer("kind = \"relu\""),
            "line 1: my-net ends in 1×28×28: a classifier ends in a flat row of logits",
        ),
        (
            layer(
                "kind = \"residual\"\nbody = [\n{ name = \"c\", kind = \"conv2d\", channels = 3, kernel = 29 }]",
            ),
            "line 5: my-net, layer `a.c` (Conv2d): a 29×29 window is larger than the 28 pixels of \
             a side; its input is 1×28×28",
        ),
    ] {
        let error = read(&text).unwrap().classifier(GREY, 10).unwrap_err();
        assert_eq!(error.to_string(), format!("nets/my-net.toml, {message}"));
    }
}

#[test]
fn hostile_files_are_refused() {
    let says = |text: &str, words: &str| {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(words) && error.len() < 500, "{error}");
    };
    let layers = |count: usize| -> String {
        let of = |at| format!("[[layers]]\nname = \"l{at}\"\nkind = \"relu\"\n");
        (0..count).map(of).collect()
    };
    assert!(read(&layers(10_000)).is_ok());
    says(
        &layers(10_001),
        "line 30001: layer 10001: more than 10000 layers",
    );

    let nested = |depth: usize| {
        let block = "[{ name = \"b\", kind = \"residual\", body = ";
        let (open, close) = (block.repeat(depth), "}]".repeat(depth));
        format!("layers = {open}[]{close}")
    };
    assert!(read(&nested(32)).unwrap().summary(GREY).is_ok());
    says(&nested(33), "more than 32 blocks within blocks");
    says(&nested(10_000), "recursion");
    says(
        &format!("[[layers{}]]", ".body".repeat(100_000)),
        "recursion",
    );
    let long = "x".repeat(100_000);
    says(
        &layer(&format!("kind = \"relu\"\n{long} = 1")),
        "no key `xxxx",
    );
    says(&layer(&format!("kind = \"{long}\"")), "no `xxxx");
    says(
        &layer("kind = \"relu\"").replace("\"a\"", &format!("\"{}\"", "a".repeat(101))),
        "at most 100 characters",
    );
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.toml");
    let says = |words: &str| {
        let error = NetworkFile::read(&path).unwrap_err().to_string();
        let begin = format!("cannot read the network {}: ", path.display());
        assert!(
            error.starts_with(&begin) && error.contains(words),
            "{error}"
        );
    };
    says("No such file");
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    says("UTF-8");
    std::fs::write(&path, " ".repeat((1 << 20) + 1)).unwrap();
    says("larger than 1 MiB");
}

/// A copy of a file is the same network, whatever the copy is called.
#[test]
fn a_copy_keeps_the_name() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("my \"net\"", layer("kind = \"relu\"")),
        ("my-net", format!("\u{feff}{}", layer("kind = \"relu\""))),
        ("tiny", TINY.into()),
    ] {
        let original = folder.path().join(format!("{name}.toml"));
        std::fs::write(&original, text).unwrap();
        let original = NetworkFile::read(&original).unwrap();
        let copy = folder.path().join("network.toml");
        std::fs::write(&copy, original.to_toml()).unwrap();
        let copy = NetworkFile::read(&copy).unwrap();
        assert_eq!((copy.name(), copy.to_toml()), (name, original.to_toml()));
        assert_eq!(copy.spec(3), original.spec(3));
    }
}

/// Every key of the examples, misspelt or with a value that is nothing, is named
/// with its line.
#[test]
fn every_wrong_key_is_named_with_its_line() {
    for text in [TINY, RESIDUAL] {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some((key, rest)) = line.split_once(" = ") else {
                continue;
            };
            if line.starts_with(['#', ' ']) || rest.ends_with('[') {
                continue;
            }
            let with = |changed: &str| {
                let mut lines = lines.clone();
                lines[at] = changed;
                let text = lines.join("\n");
                read(&text)
            };
            for (changed, wrong) in [
                (format!("{key}x = {rest}"), format!("{key}x")),
                (format!("{key} = 1979-05-27"), key.to_string()),
            ] {
                let error = with(&changed).unwrap_err();
                let NetworkFileError::Content { line, key, .. } = &error else {
                    panic!("{error}");
                };
                match wrong.as_str() {
                    // Without them, that is what is wrong.
                    "namex" | "kindx" if error.to_string().contains("is missing") => {}
                    _ => assert_eq!((*line, key), (at + 1, &Some(wrong)), "{error}"),
                }
            }
        }
    }
}

/// Whatever is in a file, there is a network or an error.
#[test]
fn no_file_makes_it_panic() {
    const WORDS: [&str; 12] = [
        "0",
        "-1",
        "9223372036854775807",
        "1e308",
        "nan",
        "\"classes\"",
        "[",
        "}",
        "[[layers]]",
        "stride = 4294967296\n",
        "ceil_mode = true\n",
        "\"\"",
    ];
    let mut rng = chacha20::ChaCha8Rng::seed_from_u64(1);
    let mut below = |end: usize| rng.random_range(0..end.max(1));
    let (mut networks, mut fitting) = (0, 0);
    for round in 0..4000 {
        let mut bytes = [TINY, RESIDUAL][round % 2].as_bytes().to_vec();
        for _ in 0..=below(3) {
            let (a, b) = (below(bytes.len()), below(bytes.len()));
            let word = WORDS[below(WORDS.len())].bytes();
            match below(6) {
                0 => bytes.truncate(a),
                1 if !bytes.is_empty() => bytes.swap(a, b),
                2 if !bytes.is_empty() => bytes[a] = below(256) as u8,
                3 => drop(bytes.drain(a.min(b)..(a.min(b) + below(30)).min(bytes.len()))),
                // In the place of a number.
                4 => {
                    let digit = |at: &usize| bytes[*at].is_ascii_digit();
                    if let Some(at) = (a..bytes.len()).find(digit) {
                        bytes.splice(at..=at, word);
                    }
                }
                _ => drop(bytes.splice(a..a, word)),
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let fits = panic::catch_unwind(|| match read(&text) {
            Ok(spec) => {
                Some(spec.classifier(GREY, 10).is_ok() | spec.classifier(COLOUR, 10).is_ok())
            }
            Err(error) => {
                assert!(error.to_string().contains("nets/my-net.toml"), "{error}");
                None
            }
        });
        let fits = fits.unwrap_or_else(|_| panic!("round {round}:\n{text}"));
        networks += usize::from(fits.is_some());
        fitting += usize::from(fits == Some(true));
    }
    // It was no test of broken TOML alone.
    assert!(networks > 500 && fitting > 100, "{networks}, {fitting}");
}
