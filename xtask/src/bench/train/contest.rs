//! Who is measured, and one measurement.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use crate::program::{json, measuring};

/// What computes a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contestant {
    /// Kiln on `flex`, with its own kernels or without.
    Kiln { program: PathBuf, kernels: bool },
    /// PyTorch eager, by a Python that has it.
    Torch { python: PathBuf },
}

/// A step to be measured.
#[derive(Debug, Clone)]
pub struct Case {
    /// As `kiln models` names it.
    pub model: String,
    pub batch: usize,
    pub steps: usize,
    /// Steps before these, which are not measured.
    pub warmup: usize,
    pub threads: usize,
}

/// What a measurement found.
#[derive(Debug, Clone)]
pub struct Found {
    pub ms_per_step: f64,
    pub images_per_s: f64,
    /// In 10⁶ bytes, where the system tells.
    pub peak_rss_mb: Option<f64>,
    /// PyTorch's version, if it is PyTorch's measurement.
    pub torch: Option<String>,
}

impl Contestant {
    /// As tables name it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Kiln { kernels: true, .. } => "kiln",
            Self::Kiln { kernels: false, .. } => "kiln, kernels off",
            Self::Torch { .. } => "torch",
        }
    }

    /// The command, as one types it who has the programs in the path.
    pub fn command(&self, case: &Case) -> String {
        let words = self.words(case).join(" ");
        match self {
            Self::Kiln { kernels: true, .. } => format!("kiln {words}"),
            Self::Kiln { kernels: false, .. } => format!("KILN_KERNELS=off kiln {words}"),
            Self::Torch { .. } => format!("python {PEER} {words}"),
        }
    }

    /// Measures, in a process of its own.
    pub fn measure(&self, case: &Case) -> anyhow::Result<Found> {
        let mut command = match self {
            Self::Kiln { program, kernels } => {
                let mut kiln = measuring(program);
                if !kernels {
                    kiln.env("KILN_KERNELS", "off");
                }
                kiln
            }
            Self::Torch { python } => {
                let mut peer = Command::new(python);
                peer.arg(crate::root().join(PEER));
                peer
            }
        };
        let value = json(command.args(self.words(case)))?;
        let of = match self {
            Self::Kiln { .. } => &value[0],
            Self::Torch { .. } => &value,
        };
        let number = |key: &str| {
            of[key]
                .as_f64()
                .with_context(|| format!("no {key} in {of}"))
        };
        let told = (&of["model"], &of["batch"], &of["threads"]);
        ensure!(
            told.0 == case.model.as_str() && *told.1 == case.batch && *told.2 == case.threads,
            "{} measured something else: {of}",
            self.name()
        );
        if let Self::Kiln { kernels, .. } = self {
            ensure!(
                of["kernels"] == *kernels,
                "the kernels are not switched: {of}"
            );
        }
        Ok(Found {
            ms_per_step: number("ms_per_step")?,
            images_per_s: number("images_per_s")?,
            peak_rss_mb: of["peak_rss_mb"].as_f64(),
            torch: of["torch"].as_str().map(Into::into),
        })
    }

    /// What stands behind the program.
    fn words(&self, case: &Case) -> Vec<String> {
        let mut words: Vec<String> = match self {
            Self::Kiln { .. } => vec!["bench".into(), "--backend".into(), "flex".into()],
            Self::Torch { .. } => Vec::new(),
        };
        for (flag, value) in [
            ("--model", case.model.clone()),
            ("--batch", case.batch.to_string()),
            ("--steps", case.steps.to_string()),
            ("--warmup", case.warmup.to_string()),
            ("--threads", case.threads.to_string()),
        ] {
            words.extend([flag.into(), value]);
        }
        if let Self::Kiln { .. } = self {
            words.push("--json".into());
        }
        words
    }
}

/// The script that measures PyTorch, in the repository.
const PEER: &str = "xtask/peers/torch_train.py";

/// The names of all networks that the program knows, in its order.
pub fn zoo(kiln: &Path) -> anyhow::Result<Vec<String>> {
    let list = json(Command::new(kiln).args(["models", "--json"]))?;
    let list = list.as_array().context("`kiln models` gave no list")?;
    let names = list.iter().map(|known| known["name"].as_str());
    let names: Option<Vec<_>> = names.map(|name| name.map(Into::into)).collect();
    names.context("a network without a name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_no_place_of_this_machine() {
        let case = Case {
            model: "lenet5".into(),
            batch: 256,
            steps: 60,
            warmup: 3,
            threads: 2,
        };
        let program = PathBuf::from("/somewhere/kiln");
        let kiln = Contestant::Kiln {
            program,
            kernels: false,
        };
        assert_eq!(
            kiln.command(&case),
            "KILN_KERNELS=off kiln bench --backend flex --model lenet5 --batch 256 --steps 60 \
             --warmup 3 --threads 2 --json"
        );
        let python = PathBuf::from("/somewhere/python");
        assert_eq!(
            Contestant::Torch { python }.command(&case),
            "python xtask/peers/torch_train.py --model lenet5 --batch 256 --steps 60 --warmup 3 \
             --threads 2"
        );
    }

    #[test]
    fn what_fails_says_why() {
        let contestant = Contestant::Torch {
            python: "no-such-python".into(),
        };
        let case = Case {
            model: "lenet5".into(),
            batch: 1,
            steps: 1,
            warmup: 0,
            threads: 1,
        };
        let error = contestant.measure(&case).unwrap_err().to_string();
        assert_eq!(error, "cannot run no-such-python");
    }
}
