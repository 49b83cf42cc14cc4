//! What a measurement was done on, and with.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, ensure};

/// The machine, the day, and the versions of Kiln and Burn.
#[derive(Debug, Clone)]
pub struct Machine {
    /// `2026-03-14`, in UTC.
    pub date: String,
    /// The processor, as the system names it.
    pub cpu: String,
    /// Physical cores.
    pub cores: usize,
    /// Kiln's version, and the commit that it was built from if that is known.
    pub kiln: String,
    /// Burn's version.
    pub burn: String,
}

impl Machine {
    /// This one, with the version of that program. Of a program that was `given` it is not
    /// known which commit it was built from.
    pub fn with(kiln: &Path, given: bool) -> anyhow::Result<Self> {
        Self::of_version(version(kiln)?, commit().filter(|_| !given))
    }

    /// This one, with what is built of the sources.
    pub fn here() -> anyhow::Result<Self> {
        Self::of_version(env!("CARGO_PKG_VERSION").into(), commit())
    }

    fn of_version(version: String, commit: Option<String>) -> anyhow::Result<Self> {
        let lock = fs::read_to_string(crate::root().join("Cargo.lock"))?;
        Ok(Self {
            date: chrono::Utc::now().format("%Y-%m-%d").to_string(),
            cpu: cpu(),
            cores: num_cpus::get_physical(),
            kiln: match commit {
                Some(commit) => format!("{version} ({commit})"),
                None => version,
            },
            burn: locked(&lock, "burn").context("Cargo.lock has no burn")?,
        })
    }
}

/// What others do on the machine beside, if it is enough to spoil a measurement: threads
/// that wait for each other, as PyTorch's do, then wait for the scheduler. Linux tells how
/// many processes wanted to run in the last minute.
pub fn warning_of_load() -> Option<String> {
    let load = fs::read_to_string("/proc/loadavg").ok()?;
    warning(&load, num_cpus::get())
}

/// Of the text of such a file, for so many processors.
fn warning(load: &str, processors: usize) -> Option<String> {
    let last_minute: f64 = load.split_whitespace().next()?.parse().ok()?;
    (last_minute > 0.5 * processors as f64).then(|| {
        format!(
            "warning: the machine is not idle (load {last_minute} of {processors} processors in \
             the last minute): ratios to PyTorch mean nothing then"
        )
    })
}

/// Linux tells the processor's name; elsewhere its architecture has to do.
fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let names = info.lines().filter_map(|line| line.split_once(':'));
    let mut names = names.filter(|(key, _)| key.trim() == "model name");
    let name = names.next().map(|(_, name)| name.trim());
    name.unwrap_or(std::env::consts::ARCH).into()
}

/// `0.1.0`.
fn version(kiln: &Path) -> anyhow::Result<String> {
    let output = Command::new(kiln)
        .arg("--version")
        .output()
        .with_context(|| format!("cannot run {}", kiln.display()))?;
    ensure!(
        output.status.success(),
        "{} --version failed",
        kiln.display()
    );
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.trim().trim_start_matches("kiln ").to_string())
}

/// What measurements themselves change, between one chore and the next.
const MADE: [&str; 4] = [
    "assets/bench",
    "assets/figures",
    "assets/results",
    "README.md",
];

/// Short, with `-dirty` if a file differs from it that is not [`MADE`].
fn commit() -> Option<String> {
    let commit = git(&["rev-parse", "--short", "HEAD"])?;
    let others = MADE.map(|path| format!(":(exclude){path}"));
    let mut words = vec!["status", "--porcelain", "--untracked-files=no", "--", "."];
    words.extend(others.iter().map(String::as_str));
    let changed = git(&words)?;
    Some(match changed.is_empty() {
        true => commit,
        false => commit + "-dirty",
    })
}

/// What git says in the sources, if they are in git.
fn git(words: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    let output = git.args(words).current_dir(crate::root()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().into())
}

/// The version of a package in Cargo.lock.
fn locked(lock: &str, package: &str) -> Option<String> {
    let (_, rest) = lock.split_once(&format!("\nname = \"{package}\"\nversion = \""))?;
    rest.split('"').next().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_machine_is_warned_of() {
        assert_eq!(warning("0.99 7.25 5.15 4/115 9645\n", 2), None);
        let told = warning("6.45 7.25 5.15 4/115 9645\n", 2).unwrap();
        assert!(told.contains("load 6.45 of 2 processors"), "{told}");
        assert_eq!(warning("", 2), None);
    }

    #[test]
    fn the_lock_tells_versions() {
        let lock = "[[package]]\nname = \"burn-core\"\nversion = \"1.0.0\"\n\n\
                    [[package]]\nname = \"burn\"\nversion = \"0.22.1\"\nsource = \"x\"\n";
        assert_eq!(locked(lock, "burn").as_deref(), Some("0.22.1"));
        assert_eq!(locked(lock, "bur"), None);
    }
}
