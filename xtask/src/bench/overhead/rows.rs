//! What the example printed, as a file and as a table.

use serde::{Deserialize, Serialize};

use crate::bench::machine::Machine;

/// A loop of a case by one clock: a line of `overhead.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub date: String,
    pub cpu: String,
    pub cores: usize,
    pub kiln: String,
    pub burn: String,
    pub network: String,
    pub batch: usize,
    /// `1×28×28`.
    pub image: String,
    #[serde(rename = "loop")]
    pub name: String,
    /// `wall` or `cpu`.
    pub clock: String,
    pub steps: usize,
    pub ms_per_step: f64,
    /// The bare loop beside which it is held. Empty in files from before there was more than
    /// one: [`BURNS`].
    #[serde(default)]
    pub base: String,
    /// Median over the turns of what it takes more than that, in per cent.
    pub over_bare: f64,
    /// The 95 % confidence interval of that median, as if the turns were independent of each
    /// other: of chance within this run, not of what differs between two copies of a loop.
    pub lowest: f64,
    pub highest: f64,
    /// The largest relative difference of a loss in this case.
    pub loss_difference: f64,
    pub command: String,
}

/// Kiln's own loop.
pub const KILN: &str = "Kiln's loop";
/// The bare loop with Burn's optimizer.
pub const BURNS: &str = "bare, Burn's optimizer";
/// The bare loop with Kiln's optimizer: what Kiln's loop computes, and nothing else.
pub const KILNS: &str = "bare, Kiln's optimizer";
/// The bare loop with Burn's optimizer beside itself.
pub const SAME: &str = "the same again";

/// A case, as the example prints it.
#[derive(Deserialize)]
pub struct Report {
    network: String,
    batch: usize,
    image: [usize; 3],
    loops: Vec<Figures>,
    loss_difference: f64,
}

#[derive(Deserialize)]
struct Figures {
    name: String,
    base: String,
    steps: usize,
    wall: Spread,
    cpu: Option<Spread>,
}

#[derive(Deserialize)]
struct Spread {
    median_ms: f64,
    over_base: f64,
    interval: [f64; 2],
}

/// The rows of all cases.
pub fn rows(reports: &[Report], machine: &Machine, command: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for report in reports {
        let [channels, height, width] = report.image;
        for figures in &report.loops {
            let cpu = figures.cpu.as_ref().map(|cpu| ("cpu", cpu));
            for (clock, spread) in [("wall", &figures.wall)].into_iter().chain(cpu) {
                let short = |value: f64| (value * 1e4).round() / 1e4;
                rows.push(Row {
                    date: machine.date.clone(),
                    cpu: machine.cpu.clone(),
                    cores: machine.cores,
                    kiln: machine.kiln.clone(),
                    burn: machine.burn.clone(),
                    network: report.network.clone(),
                    batch: report.batch,
                    image: format!("{channels}×{height}×{width}"),
                    name: figures.name.clone(),
                    clock: clock.into(),
                    steps: figures.steps,
                    ms_per_step: short(spread.median_ms),
                    base: figures.base.clone(),
                    over_bare: short(spread.over_base),
                    lowest: short(spread.interval[0]),
                    highest: short(spread.interval[1]),
                    loss_difference: report.loss_difference,
                    command: command.into(),
                });
            }
        }
    }
    rows
}

/// A line for each row, under heads.
pub fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<30} {:>5}  {:<23} {:<5} {:>9} {:>8}  {:<16}  beside\n",
        "network", "batch", "loop", "clock", "ms", "+ %", "median, 95 %"
    );
    for row in rows {
        let interval = format!("{:+.2} to {:+.2}", row.lowest, row.highest);
        text += &format!(
            "{:<30} {:>5}  {:<23} {:<5} {:>9.2} {:>+8.2}  {interval:<16}  {}\n",
            row.network, row.batch, row.name, row.clock, row.ms_per_step, row.over_bare, row.base
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_for_each_loop_and_clock() {
        // As `cargo run -p trainer --example overhead -- --json` prints it.
        let printed = r#"[{"network": "LeNet-5", "batch": 256, "image": [1, 28, 28], "loops": [
            {"name": "Kiln's loop", "base": "bare, Kiln's optimizer", "steps": 200,
             "wall": {"median_ms": 9.12345, "middle_half_ms": [9.0, 9.5], "over_base_ms": -0.1,
                      "over_base": -1.2, "interval": [-2.6, -0.2]},
             "cpu": {"median_ms": 17.0, "middle_half_ms": [16.0, 18.0], "over_base_ms": 0.1,
                     "over_base": 0.8, "interval": [-0.2, 2.0]}},
            {"name": "the same again", "base": "bare, Burn's optimizer", "steps": 200,
             "wall": {"median_ms": 9.2, "middle_half_ms": [9.0, 9.5], "over_base_ms": 0.0,
                      "over_base": 0.4, "interval": [-0.1, 0.9]}, "cpu": null}],
            "epoch_end_ms": 3.0, "loss_difference": 0.0}]"#;
        let reports: Vec<Report> = serde_json::from_str(printed).unwrap();
        let machine = Machine {
            date: "2026-03-14".into(),
            cpu: "A".into(),
            cores: 2,
            kiln: "0.1.0".into(),
            burn: "0.22.1".into(),
        };
        let rows = rows(&reports, &machine, "cargo xtask bench overhead");
        assert_eq!(
            table(&rows),
            "network                        batch  loop                    clock        ms      + %  median, 95 %      beside\n\
             LeNet-5                          256  Kiln's loop             wall       9.12    -1.20  -2.60 to -0.20    bare, Kiln's optimizer\n\
             LeNet-5                          256  Kiln's loop             cpu       17.00    +0.80  -0.20 to +2.00    bare, Kiln's optimizer\n\
             LeNet-5                          256  the same again          wall       9.20    +0.40  -0.10 to +0.90    bare, Burn's optimizer\n"
        );
        assert_eq!(
            (rows[0].image.as_str(), rows[0].ms_per_step),
            ("1×28×28", 9.1235)
        );
    }
}
