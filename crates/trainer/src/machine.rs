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
        Self {
            os: consts::OS.into(),
            arch: consts::ARCH.into(),
            cpu: processor(),
            cores: crate::backend::physical_cores(),
        }
    }
}

/// The processor, as Linux names it in `/proc/cpuinfo`.
pub(crate) fn processor() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    name_of_cpu(&info).map(Into::into)
}

/// Of the text of such a file.
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
        let info =
            "processor\t: 0\nmodel name\t: A @ 2.5 GHz: C\nmodel name\t: D\nflags\t\t: fpu\n";
        assert_eq!(name_of_cpu(info), Some("A @ 2.5 GHz: C"));
        assert_eq!(name_of_cpu("processor\t: 0\nmodel name\t:\n"), None);
        assert_eq!(name_of_cpu(""), None);
        assert!(Machine::here().cores > 0);
    }
}
