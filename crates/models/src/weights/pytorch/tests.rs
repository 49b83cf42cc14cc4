//! tests/exchange/fixtures.py made the files, with PyTorch.

use std::path::PathBuf;

use super::*;

fn fixture(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/exchange");
    folder.join(format!("{name}.pth"))
}

fn read(name: &str) -> StateDict {
    StateDict::read(&fixture(name)).unwrap_or_else(|e| panic!("{e}"))
}

fn refusal(name: &str) -> String {
    StateDict::read(&fixture(name)).unwrap_err().to_string()
}

/// The script's function of the same name.
fn numbers(shape: &[usize]) -> StateTensor {
    let count: usize = shape.iter().product();
    StateTensor {
        shape: shape.into(),
        values: (0..count).map(|i| i as f32 / 2.0 - 2.0).collect(),
    }
}

/// The script's function of the same name, without the counter.
fn state() -> StateDict {
    let mut state = StateDict::default();
    state.insert("conv.weight", numbers(&[2, 1, 2, 2]));
    state.insert("bn.running_mean", numbers(&[2]));
    state.insert("fc.weight", numbers(&[3, 2]));
    state
}

#[test]
fn every_format_type_and_order_gives_the_same_values() {
    for name in [
        "zip",
        "legacy",
        "deflated",
        "f16",
        "bf16",
        "f64",
        "parameters",
        "strided",
        "channels_last",
        "nested",
        "nested_model",
        // What Python would run lies beside the weights, and is not run.
        "evil_beside",
    ] {
        assert_eq!(read(name), state(), "{name}");
    }
    assert!(!PathBuf::from("kiln-was-here").exists());
}

#[test]
fn tensors_may_share_what_is_stored() {
    let tied = read("tied");
    assert_eq!(tied.len(), 2);
    assert_eq!(tied.get("a.weight"), tied.get("b.weight"));
}

#[test]
fn a_layer_may_be_called_as_a_wrapper() {
    let state = read("named_model");
    assert_eq!(state.get("model.weight"), Some(&numbers(&[2])));
    assert_eq!(state.get("head.weight"), Some(&numbers(&[3])));
}

#[test]
fn what_holds_no_weights_is_refused() {
    for (name, says) in [
        (
            "integers",
            "tensor `fc.weight` holds I64, which are no floats",
        ),
        ("no_tensors", "it holds no tensors"),
        ("a_tensor", "torch.Tensor"),
        ("nested_twice", "under `state_dict` and one under `model`"),
        ("scripted", "scripted module"),
    ] {
        let error = refusal(name);
        assert!(error.contains(says), "{name}: {error}");
        assert!(error.contains(&format!("{name}.pth: ")), "{error}");
    }
}

#[test]
fn calls_are_not_made() {
    for (name, says) in [
        // Python calls `posix.mkdir` and `posix.system`.
        ("evil", "posix.mkdir"),
        ("evil_plain", "posix.system"),
        ("evil_tensor", "posix.system"),
    ] {
        let error = refusal(name);
        assert!(error.contains(says), "{name}: {error}");
    }
    assert!(!PathBuf::from("kiln-was-here").exists());
}

#[test]
fn what_claims_more_than_it_holds_is_refused() {
    for (name, says) in [
        ("claims_2_60", "claims"),
        ("claims_2_30", "its tensors claim 4294967296 bytes"),
        ("claims_storage", "claims"),
        ("claims_entry", "its tensors claim 1073741824 bytes"),
        ("bomb", "claims to unpack to"),
    ] {
        let error = refusal(name);
        println!("{error}");
        assert!(error.contains(says), "{name}: {error}");
    }
}

/// Every file cut anywhere, and with any byte changed, is read or refused.
#[test]
fn broken_files_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.pth");
    let good = state();
    for name in ["zip", "legacy", "deflated", "nested"] {
        let bytes = fs::read(fixture(name)).unwrap();
        for length in 0..bytes.len() {
            fs::write(&path, &bytes[..length]).unwrap();
            let state = StateDict::read(&path);
            assert!(state.is_err(), "{name}: the first {length} bytes");
        }
        for at in 0..bytes.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= flip;
                fs::write(&path, bytes).unwrap();
                // Names, numbers of a file without checksums, or padding may change.
                if let Ok(state) = StateDict::read(&path) {
                    assert!(state.len() <= good.len(), "{name}: byte {at}");
                }
            }
        }
    }
}
