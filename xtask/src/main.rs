//! The chores of the workspace. `cargo xtask --help` lists them.

#![forbid(unsafe_code)]

mod bench;
mod ci;
mod docs;
mod figures;
mod golden;
mod mnist_mini;
mod program;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The chores of the Kiln workspace")]
struct Xtask {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Measure, against the peer in the same run.
    #[command(subcommand)]
    Bench(Bench),
    /// Run every check that a change must pass, cheapest first.
    Ci,
    /// Make data that the repository holds.
    #[command(subcommand)]
    Data(Data),
    /// Write docs/configuration.md again, from the types that read a configuration.
    Docs,
    /// Make the README's pictures again, from the embedded digits.
    Figures,
    /// Make the golden files of the tests again, with PyTorch.
    Golden {
        /// A Python with `torch` installed, outside the repository.
        #[arg(long, default_value = "python3")]
        python: PathBuf,
    },
}

#[derive(Subcommand)]
enum Bench {
    /// The loader, in images a second and in memory, on CIFAR-10.
    Data(bench::data::Args),
    /// The training loop beside a bare one on Burn, on the CPU.
    #[command(disable_help_flag = true)]
    Overhead(bench::overhead::Args),
    /// A training step on the CPU beside PyTorch's, and with and without Kiln's own kernels.
    Train(bench::train::Args),
}

#[derive(Subcommand)]
enum Data {
    /// Draw the embedded digits (assets/mnist-mini) from the files of MNIST.
    Mini {
        /// Folder with the four files of MNIST, gzipped: torchvision's `MNIST/raw`.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    match Xtask::parse().chore {
        Chore::Bench(Bench::Data(args)) => args.run(),
        Chore::Bench(Bench::Overhead(args)) => args.run(),
        Chore::Bench(Bench::Train(args)) => args.run(),
        Chore::Ci => ci::run(),
        Chore::Docs => docs::make(),
        Chore::Figures => figures::make(),
        Chore::Data(Data::Mini { from }) => mnist_mini::make(&from),
        Chore::Golden { python } => golden::make(&python),
    }
}

/// The root of the workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace")
}
