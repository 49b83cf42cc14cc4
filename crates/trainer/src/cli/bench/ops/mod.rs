//! `kiln bench ops`.

mod table;

use std::{path::PathBuf, process::ExitCode};

use serde::Serialize;
use trainer::{
    backend::{AdapterKind, Backend, BackendChoice},
    bench::ops::{OpRow, OpTime, OpsConfig, OpsMeasurement, ops_svg},
    write_whole,
};

use self::table::tables_of;
use super::{
    child::{self, Ended, Failure, Job},
    kept::{Tables, exit_of},
};
use crate::cli::{
    network::{Image, OptionArgs, image},
    new_file, of_flag, print, signals,
};

/// What the figures are, below the flags.
const READING: &str = "\
Each backend has a process of its own. Every operation is measured at least 5 times and for at
least 0.1 seconds, after two times that do not count: in these, GPUs compile and try out kernels.
The device is waited for before the clock starts, and before it stops. Times are medians. A
multiply-add is two operations, and the backward pass of a convolution, the gradients of its
input and of its weights, twice the forward pass. Convolutions of one shape are measured once.";

/// The flags.
#[derive(clap::Args)]
#[command(after_help = READING)]
pub struct Args {
    /// Network whose convolutions are measured: a name that `kiln models` lists, or a file that
    /// describes one
    #[arg(
        help_heading = "What",
        long,
        value_name = "NAME|FILE.toml",
        default_value = "lenet5"
    )]
    model: String,
    #[command(flatten, next_help_heading = "What")]
    options: OptionArgs,
    /// Channels, height and width of an image, such as 3x32x32 [default: as `kiln bench`]
    #[arg(help_heading = "What", long, value_name = "CxHxW", value_parser = image)]
    input: Option<Image>,
    /// Images that a convolution is given
    #[arg(
        help_heading = "What",
        long,
        visible_alias = "batch",
        value_name = "N",
        default_value_t = OpsConfig::default().batch_size
    )]
    batch_size: usize,
    /// Sides n of the matrices
    #[arg(
        help_heading = "What",
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_values_t = OpsConfig::default().sizes
    )]
    sizes: Vec<usize>,
    /// Where to compute: flex, wgpu, vulkan, metal, webgpu, cuda, rocm, ndarray; auto [default:
    /// everywhere that is possible]
    #[arg(
        help_heading = "Where",
        long,
        value_name = "NAME,…",
        value_delimiter = ','
    )]
    backend: Vec<BackendChoice>,
    /// Adapter that a wgpu backend takes: gpu, or cpu for a software one
    #[arg(
        help_heading = "Where",
        long,
        value_name = "KIND",
        default_value = "gpu",
        hide_possible_values = true
    )]
    adapter: AdapterKind,
    /// Threads that the CPU computes with [default: one for each physical core]
    #[arg(help_heading = "Where", long, value_name = "N")]
    threads: Option<usize>,
    /// File to draw to [default: bench-ops.svg, if there is none; with --json, none]
    #[arg(help_heading = "Output", long, value_name = "FILE.svg")]
    out: Option<PathBuf>,
    /// Append a row for each operation to a table named by the device, bench-ops-DEVICE.csv, in a
    /// folder [without DIR: this one]
    #[arg(
        help_heading = "Output",
        long,
        value_name = "DIR",
        num_args = 0..=1,
        default_missing_value = "."
    )]
    csv: Option<PathBuf>,
    /// Print one JSON array, an object for each operation on each backend
    #[arg(help_heading = "Output", long)]
    json: bool,
}

/// An object of `--json`.
#[derive(Serialize)]
#[serde(untagged)]
enum Told<'a> {
    Measured {
        backend: Backend,
        device: &'a str,
        threads: usize,
        kernels: bool,
        #[serde(flatten)]
        time: &'a OpTime,
    },
    Failed {
        backend: BackendChoice,
        error: &'a str,
    },
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let backends = match self.backend.is_empty() {
            true => possible(self.adapter),
            false => self.backend.clone(),
        };
        for &backend in &backends {
            self.of(backend).check().map_err(of_flag)?;
        }
        let mut tables = Tables::of::<OpRow<'_>>(self.csv.as_deref())?;
        let out = match self.out.is_some() || !self.json {
            true => Some(new_file(self.out.clone(), "bench-ops.svg".into())?),
            false => None,
        };
        let stop = signals::on_signals()?;
        let mut found: Vec<OpsMeasurement> = Vec::new();
        let mut failures: Vec<(BackendChoice, Failure)> = Vec::new();
        for &backend in &backends {
            match child::run::<OpsMeasurement>(&Job::Ops(self.of(backend)), None, &stop)? {
                Ended::Done(of) => {
                    tables.append(&of.rows());
                    found.push(of);
                }
                Ended::Failed(failure) => failures.push((backend, failure)),
                Ended::Interrupted => break,
            }
        }
        let mut text = match self.json {
            true => as_json(&found, &failures)?,
            false => tables_of(&found, &failures, &self.model),
        };
        if let Some(out) = out.filter(|_| !found.is_empty()) {
            let title = format!("Matrix products, and the convolutions of {}", self.model);
            write_whole(&out, ops_svg(&found, &title).as_bytes())?;
            if !self.json {
                text += &format!("drawn: {}\n", out.display());
            }
        }
        if !self.json {
            text += &tables.line();
        }
        print(&text)?;
        if stop.signal().is_some() {
            return Ok(signals::interrupted(stop.signal()));
        }
        tables.end()?;
        let failures: Vec<&Failure> = failures.iter().map(|(_, failure)| failure).collect();
        Ok(exit_of(&failures, backends.len(), "backends"))
    }

    fn of(&self, backend: BackendChoice) -> OpsConfig {
        OpsConfig {
            model: self.model.clone(),
            options: self.options.chosen(),
            image: self.input,
            batch_size: self.batch_size,
            sizes: self.sizes.clone(),
            backend,
            adapter: self.adapter,
            threads: self.threads,
        }
    }
}

/// The backends that are compiled in and have a device; `auto`, which says why there is
/// none, if there is none.
fn possible(kind: AdapterKind) -> Vec<BackendChoice> {
    let found = Backend::ALL.into_iter().filter(|b| b.has_device(kind));
    let found: Vec<_> = found.map(BackendChoice::Fixed).collect();
    match found.is_empty() {
        true => vec![BackendChoice::Auto],
        false => found,
    }
}

fn as_json(
    found: &[OpsMeasurement],
    failures: &[(BackendChoice, Failure)],
) -> serde_json::Result<String> {
    let measured = found.iter().flat_map(|of| {
        of.operations.iter().map(|time| Told::Measured {
            backend: of.backend,
            device: &of.device,
            threads: of.threads,
            kernels: of.kernels,
            time,
        })
    });
    let failed = failures.iter().map(|(backend, failure)| Told::Failed {
        backend: *backend,
        error: &failure.message,
    });
    let all: Vec<Told<'_>> = measured.chain(failed).collect();
    Ok(serde_json::to_string(&all)? + "\n")
}
