//! What the training loop costs beside a bare loop on Burn: `cargo xtask bench overhead`.
//!
//! The loops take their steps in turn, each on a network of its own with the same
//! weights and on the same batches, so that whatever else the machine does meets all
//! of them alike. A ratio is that of two steps of the same turn. Kiln's loop is held
//! beside the bare one with Kiln's optimizer, which does the same work; that one beside the
//! bare one with Burn's, which says what the optimizer changes. What the bare loop differs
//! from itself says what the measurement is worth.

mod bare;
mod clock;
mod statistics;
mod turns;

use anyhow::ensure;
use burn::tensor::Device;
use clap::Parser;
use models::Model;
use serde::Serialize;

use self::{
    statistics::{Figures, Spread, figures},
    turns::measure,
};

#[derive(Parser)]
#[command(
    name = "overhead",
    about = "The training loop beside a bare one on Burn"
)]
struct Args {
    /// Turns that count with LeNet-5
    #[arg(long, default_value_t = 200)]
    lenet: usize,
    /// Turns that count with ResNet-18
    #[arg(long, default_value_t = 60)]
    resnet: usize,
    /// Turns that count with LeNet-5 on one image
    #[arg(long, default_value_t = 2000)]
    small: usize,
    /// Print JSON, not tables
    #[arg(long)]
    json: bool,
}

/// A network to train, and on what.
struct Case {
    name: &'static str,
    model: Model,
    image: [usize; 3],
    batch: usize,
    turns: usize,
}

/// What was measured of a case.
#[derive(Serialize)]
struct Report {
    network: &'static str,
    batch: usize,
    image: [usize; 3],
    loops: Vec<Figures>,
    /// What the end of an epoch takes, without a validation set and a folder: a
    /// forward pass of the last batch, and a copy of the weights.
    epoch_end_ms: f64,
    /// The largest difference of a loss of another loop from that of the bare one,
    /// relative to it.
    loss_difference: f64,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let turns = [args.lenet, args.resnet, args.small];
    ensure!(!turns.contains(&0), "0 turns measure nothing");
    let cases = [
        Case {
            name: "LeNet-5",
            model: models::lenet5(10),
            image: [1, 28, 28],
            batch: 256,
            turns: args.lenet,
        },
        Case {
            name: "ResNet-18, a quarter as wide",
            model: models::resnet18(10).width(0.25),
            image: [3, 32, 32],
            batch: 64,
            turns: args.resnet,
        },
        // Next to nothing to compute: what is left is the work of the loops.
        Case {
            name: "LeNet-5",
            model: models::lenet5(10),
            image: [1, 28, 28],
            batch: 1,
            turns: args.small,
        },
    ];
    let mut reports = Vec::new();
    for case in &cases {
        let report = report(case)?;
        if !args.json {
            print(&report);
        }
        reports.push(report);
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&reports)?);
    }
    Ok(())
}

fn report(case: &Case) -> anyhow::Result<Report> {
    let measured = measure(case, &Device::flex())?;
    // The same steps: else it would be another thing that is measured.
    ensure!(
        measured.loss_difference < 1e-3,
        "{}: the loops differ by {:.1e} in their losses",
        case.name,
        measured.loss_difference
    );
    let loops = &measured.loops;
    Ok(Report {
        network: case.name,
        batch: case.batch,
        image: case.image,
        loops: loops
            .iter()
            .map(|of| figures(of, &loops[of.beside]))
            .collect(),
        epoch_end_ms: measured.epoch_end * 1e3,
        loss_difference: measured.loss_difference,
    })
}

fn print(report: &Report) {
    let [channels, height, width] = report.image;
    println!(
        "{}, batches of {}, {channels}×{height}×{width}, {} turns",
        report.network, report.batch, report.loops[0].steps
    );
    println!(
        "{:<24}{:<6}{:>9} {:>20}{:>10}{:>10} {:>18}  beside",
        "loop", "time", "ms/step", "middle half", "+ ms", "+ %", "median, 95 %"
    );
    for of in &report.loops {
        line(of.name, "wall", &of.wall, of.base);
        if let Some(cpu) = &of.cpu {
            line("", "CPU", cpu, "");
        }
    }
    println!(
        "end of an epoch: {:.1} ms; losses apart by at most {:.1e}\n",
        report.epoch_end_ms, report.loss_difference
    );
}

fn line(name: &str, time: &str, of: &Spread, base: &str) {
    let [low, high] = of.middle_half_ms;
    let [least, most] = of.interval;
    println!(
        "{name:<24}{time:<6}{:>9.2} {:>20}{:>+10.3}{:>+10.2} {:>18}  {base}",
        of.median_ms,
        format!("{low:.2} to {high:.2}"),
        of.over_base_ms,
        of.over_base,
        format!("{least:+.2} to {most:+.2}"),
    );
}
