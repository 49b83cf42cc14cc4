use std::{env::consts, fs};

use serde::{Deserialize, Serialize};

/// The machine that a run was computed on, as far as it explains its figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The operating system: `linux`, `macos`, `windows`.
    pub os: String,
    /// What its processor is compiled for: `x86_64`, `aarch64`.
    pub arch: String,
    /// The processor, where the system names it: only Linux does, in `/proc/cpuinfo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// Physical cores.
    pub cores: usize,
}

impl Machine {
    /// This one.
    #[must_use]
    pub fn here() -> Self {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Self {
            os: consts::OS.into(),
            arch: consts::ARCH.into(),
            cpu: name_of_cpu(&info).map(Into::into),
            cores: crate::backend::physical_cores(),
        }
    }
}

/// Of the text of `/proc/cpuinfo`.
fn name_of_cpu(info: &str) -> Option<&str> {
    let mut lines = info.lines().filter_map(|line| line.split_once(':'));
    let (_, name) = lines.find(|(key, _)| key.trim() == "model name")?;
    Some(name.trim()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_has_the_name_that_linux_gives() {
        let info = "processor\t: 0\nmodel name\t: Some CPU @ 2.5 GHz\nflags\t\t: fpu\n";
        assert_eq!(name_of_cpu(info), Some("Some CPU @ 2.5 GHz"));
        assert_eq!(name_of_cpu("processor\t: 0\nmodel name\t:\n"), None);
        assert_eq!(name_of_cpu(""), None);
        assert!(Machine::here().cores > 0);
    }
}
