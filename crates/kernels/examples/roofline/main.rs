//! How near the convolutions of ResNet-18 come to what the machine can do.
//!
//! ```sh
//! cargo build -p kernels -p models -p trainer --example roofline
//! target/debug/examples/roofline --threads 2
//! ```
//!
//! Built with the program, it shares the build of Burn; by itself
//! (`cargo run -p kernels --example roofline --features flex`), Burn is built again.
//!
//! Prints, for every convolution and its two gradients, the time, the arithmetic of the
//! direct sum a second, its share of what a large matrix product reaches on the same
//! threads (with Winograd's transforms, which need less arithmetic, it may be more than
//! all of it), and what limits it. The model is that of Williams, Waterman and Patterson,
//! "Roofline: an insightful visual performance model", 2009.

mod layers;
mod limit;
mod measure;
mod report;

use std::{num::NonZeroUsize, process::ExitCode};

use clap::Parser;

use self::{limit::Machine, measure::Measurements, report::Report};

#[derive(Parser)]
#[command(
    name = "roofline",
    about = "The convolutions of ResNet-18 and what the machine can do"
)]
struct Args {
    /// Threads to compute with; otherwise as many as the machine runs at once
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Images in a batch
    #[arg(long, default_value = "32")]
    batch: NonZeroUsize,
    /// Measurements of each pass, of which the median counts
    #[arg(long, default_value = "7")]
    rounds: NonZeroUsize,
    /// Print JSON, not a table
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print the table as Markdown
    #[arg(long)]
    markdown: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let threads = args.threads.map_or(0, NonZeroUsize::get);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    if let Err(error) = pool.build_global() {
        eprintln!("{threads} threads cannot be started: {error}; try fewer with --threads");
        return ExitCode::FAILURE;
    }
    let layers = layers::resnet18(args.batch.get());
    let measured = Measurements::take(&layers, args.rounds.get());
    let machine = Machine {
        threads: rayon::current_num_threads(),
        gflops: measured.gflops(),
        gbytes: measured.gbytes(),
    };
    let report = Report::new(machine, &layers, &measured);
    match (args.json, args.markdown) {
        (true, _) => match report.json() {
            Ok(json) => println!("{json}"),
            Err(error) => {
                eprintln!("the report cannot be written as JSON: {error}");
                return ExitCode::FAILURE;
            }
        },
        (_, true) => print!("{}", report.markdown()),
        _ => print!("{}", report.text()),
    }
    ExitCode::SUCCESS
}
