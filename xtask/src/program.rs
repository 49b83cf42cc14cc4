//! What cargo builds, and where it lies: cargo itself says, for that depends on its
//! configuration.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use serde_json::Value;

/// The variables of the environment that the kernels look at.
const KERNELS: [&str; 2] = ["KILN_KERNELS", "KILN_SIMD"];

/// The program: `built` if it is given, else what cargo builds with `features`.
///
/// # Errors
/// If the build fails.
pub fn kiln(built: Option<&Path>, features: &[&str]) -> anyhow::Result<PathBuf> {
    if let Some(program) = built {
        return Ok(program.into());
    }
    let features = features.join(",");
    let mut words = vec!["--package", "trainer", "--bin", "kiln"];
    if !features.is_empty() {
        words.extend(["--features", &features]);
    }
    executable(&build(&words)?, "bin", "kiln")
}

/// A command of Kiln's that measures. What the environment says of its kernels is not for it,
/// so that the recorded command always measures the same.
pub fn measuring(program: &Path) -> Command {
    let mut command = Command::new(program);
    for variable in KERNELS {
        command.env_remove(variable);
    }
    command
}

/// What a command prints as JSON.
///
/// # Errors
/// As [`said`], or if it is none.
pub fn json(command: &mut Command) -> anyhow::Result<Value> {
    serde_json::from_str(&said(command)?).context("it printed no JSON")
}

/// What a command prints.
///
/// # Errors
/// If it cannot be started, or fails: with the last line that it wrote of why.
pub fn said(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{}: {}",
        output.status,
        errors.trim().lines().last().unwrap_or("no word of why")
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Cargo's messages of a build, `words` being what is to be built.
pub fn build(words: &[&str]) -> anyhow::Result<Vec<Value>> {
    let output = Command::new(env!("CARGO"))
        .arg("build")
        .args(words)
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
    serde_json::Deserializer::from_slice(&output.stdout)
        .into_iter()
        .collect::<Result<_, _>>()
        .context("cargo's messages are no JSON")
}

/// The path of a program that cargo built.
pub fn executable(messages: &[Value], kind: &str, name: &str) -> anyhow::Result<PathBuf> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_measures_is_not_told_which_kernels_to_take() {
        let command = measuring("kiln".as_ref());
        let removed: Vec<_> = command.get_envs().collect();
        assert_eq!(removed.len(), 2);
        for variable in ["KILN_KERNELS", "KILN_SIMD"] {
            assert!(removed.contains(&(variable.as_ref(), None)), "{variable}");
        }
    }
}
