//! `cargo xtask golden`: runs the scripts that made the tests' golden files.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use serde_json::Value;

/// Folders of such scripts. Each writes its golden files beside itself.
const FOLDERS: &[&str] = &[
    "crates/data/tests/golden",
    "crates/models/tests/exchange",
    "crates/models/tests/golden",
    "crates/trainer/tests/golden",
];

/// Runs every script with `python`. Those that compare with Kiln as it is now find
/// its program in `KILN`, and the example that gives logits in `LOGITS`.
pub fn make(python: &Path) -> anyhow::Result<()> {
    let built = build()?;
    for script in scripts()? {
        println!("{} {}", python.display(), script.display());
        let status = Command::new(python)
            .arg(&script)
            .env("KILN", &built.kiln)
            .env("LOGITS", &built.logits)
            .status()
            .with_context(|| format!("cannot run {}", python.display()))?;
        ensure!(status.success(), "{} failed: {status}", script.display());
    }
    Ok(())
}

/// What the scripts run.
struct Built {
    kiln: PathBuf,
    logits: PathBuf,
}

/// Builds the program and the examples. Cargo itself says where they are: that
/// depends on its configuration.
fn build() -> anyhow::Result<Built> {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--workspace", "--bins", "--examples"])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(crate::root())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(
        output.status.success(),
        "the build failed: {}",
        output.status
    );
    let messages: Vec<Value> = serde_json::Deserializer::from_slice(&output.stdout)
        .into_iter()
        .collect::<Result<_, _>>()
        .context("cargo's messages are no JSON")?;
    Ok(Built {
        kiln: executable(&messages, "bin", "kiln")?,
        logits: executable(&messages, "example", "logits")?,
    })
}

/// The path of a program that cargo built.
fn executable(messages: &[Value], kind: &str, name: &str) -> anyhow::Result<PathBuf> {
    let of_target = |message: &&Value| {
        let target = &message["target"];
        target["name"] == name && target["kind"][0] == kind
    };
    let mut paths = messages
        .iter()
        .filter(of_target)
        .filter_map(|m| m["executable"].as_str());
    let path = paths.next();
    path.map(PathBuf::from)
        .with_context(|| format!("cargo built no {kind} `{name}`"))
}

/// The scripts, in order. `common.py` is for the others to import.
fn scripts() -> anyhow::Result<Vec<PathBuf>> {
    let mut scripts = Vec::new();
    for folder in FOLDERS {
        let folder = crate::root().join(folder);
        for entry in folder
            .read_dir()
            .with_context(|| format!("{}", folder.display()))?
        {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "py") && !path.ends_with("common.py") {
                scripts.push(path);
            }
        }
    }
    scripts.sort();
    Ok(scripts)
}
