use rand::{RngExt, SeedableRng};

use super::*;
use crate::{FanMode, LayerSpec, ModelError, Weights};

const TINY: &str = include_str!("../../../../assets/networks/tiny.toml");
const RESIDUAL: &str = include_str!("../../../../assets/networks/residual.toml");

fn read(text: &str) -> Result<NetworkSpec, NetworkFileError> {
    NetworkSpec::from_toml(text, Path::new("my-net.toml"), 10)
}

fn error(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn show() {
    for text in BAD {
        println!(
            "-----\n{}\n=> {}",
            text,
            match read(text) {
                Err(e) => e.to_string(),
                Ok(s) => format!(
                    "{:?}",
                    s.classifier([1, 28, 28], 10)
                        .map(|_| ())
                        .map_err(|e| e.to_string())
                ),
            }
        );
    }
    println!("{}", read(RESIDUAL).unwrap().summary([3, 32, 32]).unwrap());
    println!("{}", read(TINY).unwrap().summary([1, 28, 28]).unwrap());
}
const BAD: &[&str] = &[
    "[[layers]]\nname = \"a\"\nkind = \"conv2d\"\nchanels = 3\nkernel = 3\n",
    "[[layers]]\nname = \"a\"\nkind = \"Conv2D\"\nchannels = 3\nkernel = 3\n",
    "[[layers]]\nname = \"a\"\nkind = \"MaxPool2d\"\n",
    "[[layers]]\nname = \"a\"\nkind = \"conv2d\"\nchannels = 3\n",
    "[[layers]]\nname = \"a\"\nchannels = 3\n",
    "[[layers]]\nname = \"a\"\nkind = 3\n",
    "[[layers]]\nkind = \"relu\"\n",
    "[[layers]]\nname = \"a b\"\nkind = \"relu\"\n",
    "[[layers]]\nname = 3\nkind = \"relu\"\n",
    "[[layers]]\nname = \"a\"\nkind = \"conv2d\"\nchannels = \"class\"\nkernel = 3\n",
    "[[layers]]\nname = \"a\"\nkind = \"conv2d\"\nchannels = 3\nkernel = -1\npadding = -1\n",
    "[[layers]]\nname = \"a\"\nkind = \"conv2d\"\nchannels = 3\nkernel = 1.5\n",
    "[[layers]]\nname = \"a\"\nkind = \"conv2d\"\nchannels = 3\nkernel = [3, 3]\n",
    "[[layers]]\nname = \"a\"\nkind = \"conv2d\"\nchannels = 99999999999999999999999\nkernel = 3\n",
    "[[layers]]\nname = \"a\"\nkind = \"conv2d\"\nchannels = 999999999999999999999999999999999999999999999\nkernel = 3\n",
    "[[layers]]\nname = \"a\"\nkind = \"conv2d\"\nchannels = 3\nkernel = 3\nbias = 1\n",
    "[[layers]]\nname = \"a\"\nkind = \"relu\"\nbody = []\n",
    "[[layers]]\nname = \"a\"\nkind = \"relu\"\np = 1\n",
    "[[layers]]\nname = \"a\"\nkind = \"residual\"\n",
    "[[layers]]\nname = \"a\"\nkind = \"residual\"\nbody = { name = \"a\", kind = \"relu\" }\n",
    "[[layers]]\nname = \"a\"\nkind = \"residual\"\nbody = [{ kind = \"relu\" }]\n",
    "[[layers]]\nname = \"a\"\nkind = \"residual\"\nbody = [{ name=\"b\", kind = \"rely\" }]\n",
    "[[layers]]\nname = \"a\"\nkind = \"residual\"\nbodies = [{ name=\"b\", kind = \"rely\" }]\n",
    "[[layers]]\nname = \"a\"\nkind = \"concat\"\nbranches = [{ name=\"b\", kind = \"relu\" }]\n",
    "[[layers]]\nname = \"a\"\nkind = \"relu\"\n[[layers]]\nname = \"a\"\nkind = \"relu\"\n",
    "[layers]\nname = \"a\"\nkind = \"relu\"\n",
    "layers = [1]",
    "layers = []",
    "",
    "[[layer]]\nname = \"a\"\n",
    "name = \"\"\n[[layers]]\nname = \"a\"\nkind = \"relu\"\n",
    "[init]\nconv = { name = \"kaiming-norml\" }\n[[layers]]\nname = \"a\"\nkind = \"relu\"\n",
    "[init]\nconv = { name = \"kaiming-normal\", fan = \"fan-ou\" }\n[[layers]]\nname = \"a\"\nkind = \"relu\"\n",
    "[init]\nconv = { name = \"normal\" }\n[[layers]]\nname = \"a\"\nkind = \"relu\"\n",
    "[init]\nconv = { name = \"normal\", std = -1.0 }\n[[layers]]\nname = \"a\"\nkind = \"relu\"\n",
    "[init]\nconv = { name = \"normal\", std = \"x\" }\n[[layers]]\nname = \"a\"\nkind = \"relu\"\n",
    "[init]\nconv = { name = \"normal\", st = 1.0 }\n[[layers]]\nname = \"a\"\nkind = \"relu\"\n",
    "[init]\nconv = \"normal\"\n[[layers]]\nname = \"a\"\nkind = \"relu\"\n",
    "[init]\nconvs = \"normal\"\n[[layers]]\nname = \"a\"\nkind = \"relu\"\n",
    "init = 3\n[[layers]]\nname = \"a\"\nkind = \"relu\"\n",
    "[[layers]\nname = \"a\"\n",
    "[[layers]]\nname = a\n",
    "[[layers]]\nname = \"a\"\nkind = \"linear\"\nfeatures = 10\n",
    "[[layers]]\nname = \"f\"\nkind = \"flatten\"\n[[layers]]\nname = \"a\"\nkind = \"linear\"\nfeatures = 7\n",
    "[[layers]]\nname = \"a\"\nkind = \"conv2d\"\nchannels = \"classes\"\nkernel = 30\n",
    "[[layers]]\nname = \"a\"\nkind = \"conv2d\"\nchannels = \"classes\"\nkernel = 3\n",
    "[[layers]]\nname = \"a\"\nkind = \"dropout\"\np = 1.0\n",
];
