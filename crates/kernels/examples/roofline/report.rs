//! The table, for people, for a README and for programs.

use serde::Serialize;

use crate::{
    layers::{Layer, Pass},
    limit::{Limit, Machine},
    measure::Measurements,
};

#[derive(Serialize)]
pub struct Report {
    #[serde(flatten)]
    machine: Machine,
    /// Whether the kernels were on.
    kernels: bool,
    batch: usize,
    passes: Vec<Row>,
    total: Total,
}

/// A pass over a layer.
#[derive(Serialize)]
struct Row {
    layer: String,
    /// How many layers of the network are of this shape.
    count: usize,
    /// `[N, C, H, W]`.
    input: [usize; 4],
    output: [usize; 4],
    pass: String,
    winograd: bool,
    ms: f64,
    /// 10⁹ additions and multiplications of the direct sum a second.
    gflops: f64,
    /// The same as a part of that of a large matrix product.
    share_of_gemm: f64,
    /// Those additions and multiplications for a byte of input, weights and output.
    flop_per_byte: f64,
    /// 10⁹ such bytes a second.
    gbytes_per_s: f64,
    limit: Limit,
}

/// All convolutions of a step of training.
#[derive(Serialize)]
struct Total {
    ms: f64,
    gflops: f64,
    share_of_gemm: f64,
}

const TITLES: [&str; 9] = [
    "layer",
    "input",
    "pass",
    "ms",
    "GFLOP/s",
    "of GEMM",
    "FLOP/byte",
    "GB/s",
    "limit",
];
/// The columns of words; the others are of numbers.
const WORDS: [usize; 4] = [0, 1, 2, 8];

impl Report {
    pub fn new(machine: Machine, layers: &[Layer], measured: &Measurements) -> Self {
        let (mut seconds_in_all, mut flop_in_all) = (0.0, 0.0);
        let mut passes = Vec::new();
        for (layer, times) in layers.iter().zip(&measured.passes) {
            for (pass, &seconds) in Pass::ALL.into_iter().zip(times) {
                if layer.trains(pass) {
                    seconds_in_all += layer.count as f64 * seconds;
                    flop_in_all += layer.count as f64 * layer.flop();
                }
                let gflops = layer.flop() / seconds / 1e9;
                passes.push(Row {
                    layer: layer.name.clone(),
                    count: layer.count,
                    input: layer.input(),
                    output: layer.output(),
                    pass: pass.to_string(),
                    winograd: layer.flop_of_winograd().is_some(),
                    ms: seconds * 1e3,
                    gflops,
                    share_of_gemm: gflops / machine.gflops,
                    flop_per_byte: layer.flop() / layer.bytes(),
                    gbytes_per_s: layer.bytes() / seconds / 1e9,
                    limit: Limit::of(layer, seconds, &machine),
                });
            }
        }
        let gflops = flop_in_all / seconds_in_all / 1e9;
        Self {
            machine,
            kernels: kernels::is_enabled(),
            batch: layers.first().map_or(0, |layer| layer.batch),
            passes,
            total: Total {
                ms: seconds_in_all * 1e3,
                gflops,
                share_of_gemm: gflops / machine.gflops,
            },
        }
    }

    /// One object: the machine, `kernels`, `batch`, `passes`, `total`.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    pub fn markdown(&self) -> String {
        let line = |cells: &[String; 9]| format!("| {} |\n", cells.join(" | "));
        let rule = std::array::from_fn(|at| match WORDS.contains(&at) {
            true => "---".to_owned(),
            false => "---:".to_owned(),
        });
        let mut text = format!("{}\n\n", self.caption());
        text += &line(&TITLES.map(str::to_owned));
        text += &line(&rule);
        self.cells().iter().for_each(|cells| text += &line(cells));
        text
    }

    pub fn text(&self) -> String {
        let mut rows = vec![TITLES.map(str::to_owned)];
        rows.extend(self.cells());
        let widths: [usize; 9] = std::array::from_fn(|at| {
            let widths = rows.iter().map(|cells| cells[at].chars().count());
            widths.max().unwrap_or(0)
        });
        let mut text = format!("{}\n\n", self.caption());
        for cells in &rows {
            let mut line = String::new();
            for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
                line += &match WORDS.contains(&at) {
                    true => format!("{cell:width$}  "),
                    false => format!("{cell:>width$}  "),
                };
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }

    fn caption(&self) -> String {
        let Machine {
            threads,
            gflops,
            gbytes,
        } = self.machine;
        let kernels = if self.kernels {
            ""
        } else {
            ", without kernels"
        };
        format!(
            "ResNet-18, 32×32, batch {}, threads: {threads}{kernels}. A matrix product reaches \
             {gflops:.0} GFLOP/s, memory {gbytes:.1} GB/s.",
            self.batch
        )
    }

    fn cells(&self) -> Vec<[String; 9]> {
        let share = |share: f64| format!("{:.0} %", 100.0 * share);
        let of_row = |row: &Row| {
            let [_, channels, height, width] = row.input;
            let many = match row.count {
                1 => String::new(),
                count => format!(" (×{count})"),
            };
            [
                format!("{}{many}", row.layer),
                format!("{channels}×{height}×{width}"),
                row.pass.clone(),
                format!("{:.2}", row.ms),
                format!("{:.0}", row.gflops),
                share(row.share_of_gemm),
                format!("{:.0}", row.flop_per_byte),
                format!("{:.1}", row.gbytes_per_s),
                row.limit.to_string(),
            ]
        };
        let mut rows: Vec<_> = self.passes.iter().map(of_row).collect();
        let mut total = [const { String::new() }; 9];
        total[0] = "all convolutions of a step".to_owned();
        total[3] = format!("{:.1}", self.total.ms);
        total[4] = format!("{:.0}", self.total.gflops);
        total[5] = share(self.total.share_of_gemm);
        rows.push(total);
        rows
    }
}
