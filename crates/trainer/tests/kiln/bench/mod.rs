//! `kiln bench`.

mod largest;
mod ops;
mod rows;
mod tables;

use serde_json::Value;

use crate::{
    bad_input::fails,
    support::{kiln, kiln_with, scratch, stderr, stdout},
};

/// Short, on one thread of the CPU.
const SHORT: [&str; 9] = [
    "bench",
    "--backend",
    "flex",
    "--threads",
    "1",
    "--steps",
    "3",
    "--warmup",
    "1",
];

fn measured(words: &[&str]) -> String {
    let output = kiln_with(&[&SHORT[..], words].concat());
    assert!(output.status.success(), "{words:?}: {}", stderr(&output));
    stdout(&output)
}

/// A backend that is not compiled in: no build has both toolkits.
const MISSING: &str = match cfg!(feature = "cuda") {
    true => "rocm",
    false => "cuda",
};

fn as_json(words: &[&str]) -> Vec<Value> {
    let text = measured(&[words, &["--json"]].concat());
    serde_json::from_str(&text).unwrap()
}

#[test]
fn json_is_a_list_of_measurements() {
    let found = as_json(&["--model", "mlp,lenet5", "--batch", "8"]);
    assert_eq!(found.len(), 2);
    for (of, model) in found.iter().zip(["mlp", "lenet5"]) {
        assert_eq!(of["model"], model);
        assert_eq!((&of["batch"], &of["threads"]), (&8.into(), &1.into()));
        assert_eq!(
            (&of["backend"], &of["mode"]),
            (&"flex".into(), &"train".into())
        );
        let number = |key: &str| of[key].as_f64().unwrap();
        let (ms, rate) = (number("ms_per_step"), number("images_per_s"));
        assert!(ms > 0.0 && (rate * ms / 8e3 - 1.0).abs() < 1e-9, "{of}");
        let quartile = |at: usize| of["ms_quartiles"][at].as_f64().unwrap();
        assert!(quartile(0) <= ms && ms <= quartile(1), "{of}");
        // 2 operations for each multiply-add, 3 forward passes for a step.
        let operations = 3.0 * 2.0 * number("macs") * 8.0;
        let gflops = number("gflops");
        assert!((gflops * ms * 1e6 / operations - 1.0).abs() < 1e-9, "{of}");
        let peak = number("gemm_gflops");
        assert!(
            (number("gemm_share") - gflops / peak).abs() < 1e-9 && peak > 0.1,
            "{of}"
        );
        for part in ["forward_ms", "backward_ms", "optimizer_ms"] {
            assert!(of["parts"][part].as_f64().unwrap() > 0.0, "{of}");
        }
        assert_eq!(of["ms_rounds"], serde_json::json!([ms]));
        assert_eq!(of["peak_rss_mb"].is_null(), !cfg!(target_os = "linux"));
        assert_eq!(
            (&of["steps"], &of["classes"]),
            (&3.into(), &10.into()),
            "{of}"
        );
        assert_eq!(of["image"], serde_json::json!([1, 28, 28]));
        assert_eq!(of["kernels"], true);
    }
    assert_eq!(found[1]["macs"], 416_520);
}

#[test]
fn a_table_has_a_row_for_each_network() {
    let told = measured(&["--model", "mlp,perceptron", "--batch-size", "4"]);
    let mut blocks = told.split("\n\n");
    let common = "3 steps of train after 1 of warm-up, 4 images each";
    assert_eq!(blocks.next(), Some(common));
    for columns in [8, 4] {
        let rows: Vec<&str> = blocks.next().unwrap().lines().collect();
        let names = rows.iter().map(|row| row.split(' ').next().unwrap());
        assert_eq!(names.collect::<Vec<_>>(), ["model", "mlp", "perceptron"]);
        let widths = rows.iter().map(|row| row.chars().count());
        let widths: Vec<usize> = widths.collect();
        assert!(widths == [widths[0]; 3] && widths[0] <= 100, "{told}");
        let cells = rows[0].split("  ").filter(|cell| !cell.is_empty()).count();
        assert_eq!(cells, columns, "{told}");
    }
    let device = blocks.next().unwrap();
    assert!(
        device.starts_with("backend flex: CPU, 1 thread, kernels on; peak "),
        "{told}"
    );
    assert!(
        device.chars().count() <= 100 && blocks.next().is_none(),
        "{told}"
    );
}

#[test]
fn inference_has_its_own_mode_and_the_kernels_a_switch() {
    let words = [&SHORT[..], &["--model=mlp", "--mode=infer", "--json"]].concat();
    let output = kiln().args(words).env("KILN_KERNELS", "off").output();
    let found: Vec<Value> = serde_json::from_str(&stdout(&output.unwrap())).unwrap();
    assert_eq!(found[0]["mode"], "infer");
    assert_eq!(
        (&found[0]["kernels"], &found[0]["parts"]),
        (&false.into(), &Value::Null)
    );
}

#[test]
fn a_network_from_a_file_is_measured_with_the_images_that_are_named() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../assets/networks/tiny.toml"
    );
    let found = as_json(&["--model", file, "--input", "3x16x20", "--classes", "7"]);
    assert_eq!(found[0]["model"], "tiny");
    assert_eq!(found[0]["image"], serde_json::json!([3, 16, 20]));
    assert_eq!(found[0]["classes"], 7);
    let folder = scratch();
    let words = ["bench", "--model", file];
    fails(folder.path(), &words, 2, &["tiny", "--input 3x32x32"]);
}

#[test]
fn what_cannot_be_measured_is_refused_by_name() {
    let folder = scratch();
    let refused = |words: &[&str], says: &[&str]| {
        let words = [&["bench"], words].concat();
        fails(folder.path(), &words, 2, says);
    };
    refused(
        &["--model", "mlp,lenet6"],
        &["no model `lenet6`", "did you mean `lenet5`?"],
    );
    refused(&["--batch", "0"], &["--batch-size = 0", "at least 1"]);
    refused(
        &["--batch-size", "9999999999"],
        &["--batch-size = 9999999999", "1×28×28", "2^31 values"],
    );
    refused(&["--threads", "0"], &["--threads = 0", "at least 1"]);
    refused(&["--steps", "0"], &["--steps = 0", "at least 1"]);
    refused(&["--classes", "0"], &["--classes = 0", "at least 1"]);
    refused(
        &["--model", "lenet5", "--input", "1x8x8"],
        &["lenet5, layer `conv2`", "5×5 window", "6×4×4"],
    );
    refused(&["--input", "28x28"], &["--input", "3x32x32"]);
    refused(&["--mode", "fast"], &["--mode", "train, infer"]);
    refused(
        &["--batch", "8,maximum"],
        &["--batch-size", "'maximum'", "or `max`"],
    );
    refused(&["--batch", "8,0"], &["--batch-size = 0", "at least 1"]);
    refused(&["--threads", "1,0"], &["--threads = 0", "at least 1"]);
    refused(&["--rounds", "0"], &["--rounds = 0", "at least 1"]);
    refused(
        &["--memory", "100"],
        &["--memory = 100", "--batch-size max"],
    );
    refused(
        &["--batch", "max", "--memory", "0"],
        &["--memory = 0", "above 0"],
    );
    refused(
        &["--batch", "max", "--backend", "flex,flexx"],
        &["did you mean `flex`?"],
    );
    refused(&["--width", "2"], &["lenet5: width = 2", "one width only"]);
    refused(&["--backend", "flexx"], &["did you mean `flex`?"]);
}
