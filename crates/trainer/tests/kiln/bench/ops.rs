//! `kiln bench ops`.

use std::fs;

use serde_json::{Value, json};

use super::MISSING;
use crate::{
    bad_input::fails,
    support::{kiln, scratch, stderr, stdout},
};

const QUICK: [&str; 8] = [
    "bench",
    "ops",
    "--backend",
    "flex",
    "--sizes",
    "8,16",
    "--batch-size",
    "2",
];

#[test]
fn products_and_convolutions_are_told_and_drawn() {
    let folder = scratch();
    let words = [&QUICK[..], &["--threads", "1", "--csv", "tables"]].concat();
    let output = kiln()
        .args(words)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let told = stdout(&output);
    let mut blocks = told.split("\n\n");
    assert_eq!(
        blocks.next(),
        Some("backend flex: CPU, 1 thread, kernels on")
    );
    let products: Vec<&str> = blocks.next().unwrap().lines().collect();
    assert!(
        products[0].starts_with("n × n  ") && products[0].contains("flex ms"),
        "{told}"
    );
    assert!(
        products[1].starts_with("8 ") && products[2].starts_with("16 "),
        "{told}"
    );
    let convolutions: Vec<&str> = blocks.next().unwrap().lines().collect();
    assert!(convolutions[0].starts_with("lenet5, 2 images"), "{told}");
    assert!(convolutions[1].starts_with("1×28×28 to 6, 5×5 "), "{told}");
    assert!(convolutions[2].starts_with("  backward "), "{told}");
    assert_eq!((products.len(), convolutions.len()), (3, 5), "{told}");
    assert!(
        blocks
            .next()
            .unwrap()
            .contains("drawn: bench-ops.svg\nappended to tables/")
    );

    let svg = fs::read_to_string(folder.path().join("bench-ops.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("6×14×14 to 16, 5×5 pad 0, backward"));
    let tables = fs::read_dir(folder.path().join("tables")).unwrap();
    let table = tables.map(|entry| entry.unwrap().path()).next().unwrap();
    let table = fs::read_to_string(table).unwrap();
    assert_eq!(table.lines().count(), 1 + 2 + 4);
    assert!(
        table.contains(",conv2d,,backward,2,6x14x14,16x10x10,5,1,0,1,"),
        "{table}"
    );

    // A picture is never written over but by name.
    fails(
        folder.path(),
        &QUICK,
        1,
        &["bench-ops.svg is there already", "--out"],
    );
}

#[test]
fn json_has_an_object_for_each_operation() {
    let folder = scratch();
    let words = [&QUICK[..], &["--model", "resnet20", "--json"]].concat();
    let output = kiln()
        .args(words)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let found: Vec<Value> = serde_json::from_str(&stdout(&output)).unwrap();
    let (products, convolutions) = found.split_at(2);
    for (of, n) in products.iter().zip([8.0_f64, 16.0]) {
        assert_eq!((&of["op"], of["n"].as_f64()), (&"matmul".into(), Some(n)));
        assert_eq!(
            (&of["backend"], &of["kernels"]),
            (&"flex".into(), &true.into())
        );
        let work = of["gflops"].as_f64().unwrap() * of["ms"].as_f64().unwrap() * 1e6;
        assert!((work / (2.0 * n.powi(3)) - 1.0).abs() < 1e-9, "{of}");
    }
    // The stem, three stages, and two entrances with stride 2.
    assert_eq!(convolutions.len(), 2 * 6);
    let [forward, backward] = &convolutions[2..4] else {
        panic!("{convolutions:?}")
    };
    for (of, pass, passes) in [(forward, "forward", 1.0), (backward, "backward", 2.0)] {
        assert_eq!((&of["op"], &of["pass"]), (&"conv2d".into(), &pass.into()));
        assert_eq!(
            (&of["input"], &of["kernel"]),
            (&json!([16, 32, 32]), &3.into())
        );
        assert_eq!(of["layers"].as_array().unwrap().len(), 6);
        let work = of["gflops"].as_f64().unwrap() * of["ms"].as_f64().unwrap() * 1e6;
        // 16·32·32 outputs of 16·3·3 products, in 2 images.
        let expected = passes * 2.0 * 2.0 * 16_384.0 * 144.0;
        assert!((work / expected - 1.0).abs() < 1e-9, "{of}");
    }
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[test]
fn a_backend_that_fails_leaves_the_others() {
    let folder = scratch();
    let backends = format!("{MISSING},flex");
    let words = [
        "bench",
        "ops",
        "--backend",
        &backends,
        "--sizes",
        "8",
        "--model",
        "mlp",
    ];
    let run = |more: &[&str]| {
        let words = [&words[..], more].concat();
        kiln()
            .args(words)
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let output = run(&["--out", "my.svg"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stderr(&output), "error: 1 of 2 backends failed\n");
    let told = stdout(&output);
    assert!(
        told.contains(&format!("backend {MISSING}: failed: backend `")),
        "{told}"
    );
    assert!(
        told.contains("\nmlp has no convolutions\n") && told.contains("\n8 "),
        "{told}"
    );
    assert!(folder.path().join("my.svg").exists());
    let found: Vec<Value> = serde_json::from_str(&stdout(&run(&["--json"]))).unwrap();
    assert_eq!((found.len(), &found[1]["backend"]), (2, &MISSING.into()));
    assert!(found[1]["error"].as_str().unwrap().contains("--features"));
}

#[test]
fn what_cannot_be_measured_is_refused_by_name() {
    let folder = scratch();
    for (words, says) in [
        (["--sizes", "100,0"], ["--sizes = 0", "at least 1"]),
        (["--sizes", "16385"], ["--sizes = 16385", "at most 16384"]),
        (["--sizes", "big"], ["--sizes", "'big'"]),
        (["--batch-size", "0"], ["--batch-size = 0", "at least 1"]),
        (["--model", "lenet6"], ["no model `lenet6`", "`lenet5`"]),
        (["--threads", "0"], ["--threads = 0", "at least 1"]),
    ] {
        let words = [&["bench", "ops"][..], &words].concat();
        fails(folder.path(), &words, 2, &says);
    }
    // Flags before `ops` would not count.
    let words = ["bench", "--model", "mlp", "ops"];
    fails(folder.path(), &words, 2, &["ops"]);
}
