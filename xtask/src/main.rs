//! The chores of the workspace. `cargo xtask --help` lists them.

#![forbid(unsafe_code)]

mod accuracy;
mod bench;
mod ci;
mod csv_file;
mod docs;
mod figures;
mod golden;
mod mnist_mini;
mod numbers;
mod program;
mod readme;

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
    /// Run recipes to their end, and keep what they reach in assets/results.
    Accuracy(accuracy::Args),
    /// Measure, against the peer in the same run; without a verb all that the README quotes.
    Bench(bench::Args),
    /// Run every check that a change must pass, cheapest first.
    Ci,
    /// Make data that the repository holds.
    #[command(subcommand)]
    Data(Data),
    /// Write docs/configuration.md again, from the types that read a configuration.
    Docs,
    /// Make the pictures of the README and the guide again, from the embedded digits.
    Figures,
    /// Make the golden files of the tests again, with PyTorch.
    Golden {
        /// A Python with `torch` installed, outside the repository.
        #[arg(long, default_value = "python3")]
        python: PathBuf,
    },
    /// Write the README's tables again, out of assets/bench and assets/results.
    Readme {
        /// Write nothing; exit with 1 if a table is not what it would be
        #[arg(long)]
        check: bool,
    },
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
        Chore::Accuracy(args) => args.run(),
        Chore::Bench(args) => args.run(),
        Chore::Ci => ci::run(),
        Chore::Docs => docs::make(),
        Chore::Figures => figures::make(),
        Chore::Data(Data::Mini { from }) => mnist_mini::make(&from),
        Chore::Golden { python } => golden::make(&python),
        Chore::Readme { check } => readme::run(check),
    }
}

/// The root of the workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace")
}
