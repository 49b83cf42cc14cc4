//! `kiln bench`: arguments into rows, which are measured, told and kept.

mod batch;
mod child;
mod kept;
mod ops;
mod rows;
mod table;

use std::{path::PathBuf, process::ExitCode};

use anyhow::ensure;
use trainer::{
    StopFlag, TrainError,
    backend::{AdapterKind, BackendChoice},
    bench::{BenchConfig, BenchMode, Measurement},
    config::ConfigError,
};

use self::{
    batch::BatchChoice,
    kept::{Tables, exit_of},
    rows::{Row, Told},
    table::Table,
};
use super::{
    network::{Image, OptionArgs, image},
    of_flag, print, signals,
};

/// What the figures are, below the flags.
const READING: &str = "\
A step of training is forward, cross-entropy, backward, SGD with momentum 0.9, and reading the
loss; one of inference is forward and reading the logits. No images are read. Every combination
of networks, modes, backends, threads and batches is a row, measured in a process of its own:
one that fails is a row with its error, and the others go on.

ms a step  the median; the device is waited for before the clock starts and before it stops
spread     from the first to the third quartile of the steps, as a share of the median; with
           --rounds, from the fastest to the slowest round
GFLOP/s    2 operations for each multiply-add of convolutions and fully connected layers; a
           training step counts as 3 forward passes, as is usual
of peak    their share of what the backend's own product of two 1024 × 1024 matrices reaches in
           the same process; Winograd's convolutions do with fewer operations than are counted
peak MB    resident memory of the process, in 10^6 bytes, without a GPU's own
forward …  from further steps, in which the device is waited for after each part; where it works
           ahead of the program, as GPUs do, the parts add up to more than a step

Warm-up, in which memory is got and GPUs compile and try out kernels, does not count.";

/// The flags.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_help = READING)]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Networks, with commas between them: names that `kiln models` lists, or files that
    /// describe one
    #[arg(
        help_heading = "What",
        long,
        value_name = "NAME|FILE.toml,…",
        value_delimiter = ',',
        default_value = "lenet5"
    )]
    model: Vec<String>,
    #[command(flatten, next_help_heading = "What")]
    options: OptionArgs,
    /// Channels, height and width of an image, such as 3x32x32 [default: those of the images that
    /// the network was published for; 3x32x32 if it has a form for small images]
    #[arg(help_heading = "What", long, value_name = "CxHxW", value_parser = image)]
    input: Option<Image>,
    /// Number of classes
    #[arg(help_heading = "What", long, value_name = "N", default_value_t = BenchConfig::default().classes)]
    classes: usize,
    /// Images in a step; or `max`, the most that are possible: found by trials, from one image on
    /// the double each time until a process fails or the memory is not there, then to a sixteenth
    #[arg(
        help_heading = "What",
        long,
        visible_alias = "batch",
        value_name = "N|max,…",
        value_delimiter = ',',
        default_value = "64"
    )]
    batch_size: Vec<BatchChoice>,
    /// What a step is: train, infer
    #[arg(
        help_heading = "What",
        long,
        value_name = "NAME,…",
        value_delimiter = ',',
        default_value = "train",
        hide_possible_values = true
    )]
    mode: Vec<BenchMode>,
    /// Steps that are measured
    #[arg(help_heading = "How", long, value_name = "N", default_value_t = BenchConfig::default().steps)]
    steps: usize,
    /// Steps before these, which are not
    #[arg(help_heading = "How", long, value_name = "N", default_value_t = BenchConfig::default().warmup)]
    warmup: usize,
    /// Rounds, in each of which every row has its turn in a new process; of all figures the median
    #[arg(help_heading = "How", long, value_name = "N", default_value_t = 1)]
    rounds: usize,
    /// Megabytes (10^6 bytes) of memory that a search for `max` may use [default: 90 % of what is
    /// free]
    #[arg(help_heading = "How", long, value_name = "MB")]
    memory: Option<f64>,
    /// Where to compute: auto, flex, wgpu, vulkan, metal, webgpu, cuda, rocm, ndarray
    #[arg(
        help_heading = "Where",
        long,
        value_name = "NAME,…",
        value_delimiter = ',',
        default_value = "auto"
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
    #[arg(
        help_heading = "Where",
        long,
        value_name = "N,…",
        value_delimiter = ','
    )]
    threads: Vec<usize>,
    /// Append a row for each measurement to a table named by the device, bench-DEVICE.csv, in a
    /// folder [without DIR: this one]
    #[arg(
        help_heading = "Output",
        long,
        value_name = "DIR",
        num_args = 0..=1,
        default_missing_value = "."
    )]
    csv: Option<PathBuf>,
    /// Print one JSON array, an object for each row
    #[arg(help_heading = "Output", long)]
    json: bool,
    /// Do what standard input says, for another process of this program
    #[arg(long, hide = true)]
    child: bool,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Measure single operations on each backend: products of matrices, and the convolutions of a
    /// network.
    Ops(ops::Args),
}

/// More is a slip of the keyboard.
const MOST_ROUNDS: usize = 1000;

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        if self.child {
            child::work()?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(Verb::Ops(ops)) = self.verb {
            return ops.run();
        }
        let mut rows = self.rows();
        self.check(&rows)?;
        let mut tables = Tables::of::<Measurement>(self.csv.as_deref())?;
        let stop = signals::on_signals()?;
        let table = self.measure(&mut rows, &mut tables, &stop)?;
        match self.json {
            true => {
                let told: Vec<Told<'_>> = rows.iter().filter_map(Row::told).collect();
                print(&format!("{}\n", serde_json::to_string(&told)?))?;
            }
            false => print(&(table.ending(&rows) + &tables.line()))?,
        }
        if stop.signal().is_some() {
            return Ok(signals::interrupted(stop.signal()));
        }
        tables.end()?;
        let failures = rows.iter().filter_map(|row| row.failure.as_ref());
        Ok(exit_of(&failures.collect::<Vec<_>>(), rows.len(), "rows"))
    }

    /// Measures all rows, round by round, and prints those of the last round as they are
    /// known, unless they are to be JSON.
    fn measure(
        &self,
        rows: &mut [Row],
        tables: &mut Tables,
        stop: &StopFlag,
    ) -> anyhow::Result<Table> {
        let mut table = Table::new(rows, self.rounds);
        let all = rows.len();
        let mut told = 0;
        'rounds: for round in 1..=self.rounds {
            for row in &mut *rows {
                if !row.measure(self.memory, stop)? {
                    break 'rounds;
                }
                if round == self.rounds {
                    self.tell(row, all, &mut table, tables)?;
                    told += 1;
                }
            }
        }
        // Of what a signal has stopped, the rounds that there are.
        let measured = |row: &&Row| row.failure.is_some() || !row.rounds.is_empty();
        for row in rows[told..].iter().filter(measured) {
            self.tell(row, all, &mut table, tables)?;
        }
        Ok(table)
    }

    /// Prints one of `all` rows, unless it is to be JSON, and keeps it.
    fn tell(
        &self,
        row: &Row,
        all: usize,
        table: &mut Table,
        tables: &mut Tables,
    ) -> anyhow::Result<()> {
        // A single row that fails is an error like any other.
        if !self.json && (all > 1 || row.failure.is_none()) {
            print(&table.row(row))?;
        }
        if let Some(found) = row.found() {
            tables.append(&[found]);
        }
        Ok(())
    }

    fn rows(&self) -> Vec<Row> {
        let threads: Vec<Option<usize>> = match &self.threads[..] {
            [] => vec![None],
            some => some.iter().copied().map(Some).collect(),
        };
        let mut rows = Vec::new();
        for model in &self.model {
            for &mode in &self.mode {
                for &backend in &self.backend {
                    for &threads in &threads {
                        for &batch in &self.batch_size {
                            let config = BenchConfig {
                                model: model.into(),
                                options: self.options.chosen(),
                                image: self.input,
                                classes: self.classes,
                                batch_size: 1,
                                backend,
                                adapter: self.adapter,
                                threads,
                                mode,
                                steps: self.steps,
                                warmup: self.warmup,
                            };
                            rows.push(Row::new(config, batch));
                        }
                    }
                }
            }
        }
        rows
    }

    /// Looks that all can be measured, before the first is, which may take a while.
    fn check(&self, rows: &[Row]) -> anyhow::Result<()> {
        for row in rows {
            row.config.check().map_err(of_flag)?;
        }
        let value = |key: &'static str, value: String, problem: String| {
            TrainError::Config(ConfigError::Value {
                key: key.into(),
                value,
                problem,
                origin: None,
            })
        };
        let searches = rows.iter().any(|row| row.batch == BatchChoice::Max);
        let memory = self.memory.map(|mb| mb.to_string()).unwrap_or_default();
        ensure!(
            (1..=MOST_ROUNDS).contains(&self.rounds),
            value(
                "--rounds",
                self.rounds.to_string(),
                format!("it must be at least 1 and at most {MOST_ROUNDS}"),
            )
        );
        ensure!(
            self.memory.is_none_or(|mb| mb > 0.0 && mb.is_finite()),
            value("--memory", memory, "it must be a number above 0".into())
        );
        ensure!(
            self.memory.is_none() || searches,
            value(
                "--memory",
                memory,
                "only `--batch-size max` takes it".into()
            )
        );
        Ok(())
    }
}
