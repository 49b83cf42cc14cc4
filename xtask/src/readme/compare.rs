//! The same training on several backends.

use anyhow::ensure;

use super::{
    markdown::{failed, paragraph, table},
    origin::machine,
};
use crate::{
    bench::compare::record::{Compared, Comparison, Found, Outcome, Record, Row},
    numbers::{listed, thousands, timing},
};

/// The block, of `compare.json`.
pub fn block(record: &Record) -> anyhow::Result<String> {
    let comparison = record.comparison()?;
    ensure!(!comparison.models.is_empty(), "it has no networks");
    let mut lines = Vec::new();
    for compared in &comparison.models {
        for row in &compared.rows {
            lines.push(line(compared, row, &comparison));
        }
    }
    let runs: Vec<String> = comparison.models.iter().map(run).collect();
    let runs = super::origin::distinct(runs);
    let of = &record.measured;
    let heads = [
        "network",
        "backend",
        "device",
        "first step",
        "a step",
        "images/s",
        "peak memory",
        "loss, at most",
        "gradient, at most",
        "same predictions",
    ];
    let rows = comparison.models.iter().flat_map(|compared| &compared.rows);
    let drivers = super::origin::distinct(rows.filter_map(driver));
    let origin = format!(
        "{}; Kiln {} on Burn {} ({}; {}). Differences are relative to {}: of the loss in any step, \
         and of the gradients in the first one.{}",
        listed(&runs),
        of.kiln,
        of.burn,
        machine(&of.cpu, of.cores),
        of.date,
        comparison.reference,
        drivers.concat()
    );
    Ok(format!("{}\n{}", paragraph(&origin), table(&heads, &lines)))
}

/// ` Driver of wgpu: Mesa 22.3.6.`, if it tells one.
fn driver(row: &Row) -> Option<String> {
    let Outcome::Done(found) = &row.outcome else {
        return None;
    };
    let driver = found.driver.as_ref()?;
    Some(format!(" Driver of {}: {driver}.", row.backend))
}

/// `30 steps of 32 images of mnist-mini`.
fn run(of: &Compared) -> String {
    let plural = if of.steps == 1 { "" } else { "s" };
    format!(
        "{} step{plural} of {} images of {}",
        of.steps, of.batch, of.dataset
    )
}

fn line(compared: &Compared, row: &Row, comparison: &Comparison) -> Vec<String> {
    let mut cells = vec![
        format!("`{}`", compared.model),
        format!("`{}`", row.backend),
    ];
    match &row.outcome {
        Outcome::Error(error) => {
            cells.push(failed(error));
            cells.resize(10, String::new());
        }
        Outcome::Done(found) => {
            cells.extend(speed(found));
            cells.extend(agreement(found, row.backend == comparison.reference));
        }
    }
    cells
}

fn speed(found: &Found) -> [String; 5] {
    let memory = found.peak_rss_mb;
    [
        found.device.clone(),
        format!("{} s", timing(found.first_step_s)),
        format!("{} ms", timing(found.ms_per_step.median)),
        timing(found.images_per_s.median),
        memory.map_or(String::new(), |mb| format!("{} MB", thousands(mb))),
    ]
}

fn agreement(found: &Found, is_reference: bool) -> [String; 3] {
    let Some(of) = &found.agreement else {
        let nothing = if is_reference {
            "the reference"
        } else {
            "no reference"
        };
        return [nothing.into(), String::new(), String::new()];
    };
    let mut gradient = share(of.gradient.difference);
    if let Some(parts) = &of.parts {
        let name = parts["name"].as_str().unwrap_or("the loss");
        gradient += &format!(", **beyond the tolerance**, first in {name}");
    }
    [
        share(of.loss_max),
        gradient,
        format!("{:.1} %", 100.0 * of.same_predictions),
    ]
}

/// `2e-6`; `None` is what JSON has no number for.
fn share(difference: Option<f64>) -> String {
    let Some(value) = difference.filter(|value| value.is_finite()) else {
        return "∞".into();
    };
    if value == 0.0 {
        return "0".into();
    }
    format!("{value:.0e}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::machine::Machine;

    /// As `kiln compare` writes it, cut.
    const WRITTEN: &str = r#"{"reference": "flex", "tolerance": 0.001, "models": [{
        "model": "lenet5", "dataset": "mnist-mini", "batch": 32, "steps": 30, "rows": [
        {"backend": "flex", "done": {"device": "CPU, 2 threads", "first_step_s": 0.0218,
         "ms_per_step": {"median": 4.14, "p5": 3.5, "p95": 20.0},
         "images_per_s": {"median": 7723.6, "p5": 2090.4, "p95": 9081.0},
         "peak_rss_mb": 31.5, "agreement": null}},
        {"backend": "wgpu", "done": {"device": "llvmpipe", "driver": "Mesa 22.3.6", "first_step_s": 12.41,
         "ms_per_step": {"median": 140.0, "p5": 130.0, "p95": 150.0},
         "images_per_s": {"median": 228.6, "p5": 200.0, "p95": 250.0},
         "peak_rss_mb": 1250.0, "agreement": {"loss_max": 2.1e-6,
          "gradient": {"name": "conv1.weight", "difference": null}, "same_predictions": 0.999,
          "parts": {"where": "gradient", "name": "conv1.weight", "difference": null}}}},
        {"backend": "ndarray", "error": "before the first step: out | of memory"}]}]}"#;

    #[test]
    fn a_line_for_each_backend_and_its_error() {
        let machine = Machine {
            date: "2026-03-14".into(),
            cpu: "A".into(),
            cores: 2,
            kiln: "0.1.0".into(),
            burn: "0.22.1".into(),
        };
        let record = Record::new(WRITTEN, &machine, "kiln compare").unwrap();
        let origin = paragraph(
            "30 steps of 32 images of mnist-mini; Kiln 0.1.0 on Burn 0.22.1 (A, 2 cores; \
2026-03-14). Differences are relative to flex: of the loss in any step, and \
of the gradients in the first one. Driver of wgpu: Mesa 22.3.6.",
        );
        let table = [
"| network | backend | device | first step | a step | images/s | peak memory | loss, at most | gradient, at most | same predictions |",
"|---|---|---|---|---|---|---|---|---|---|",
"| `lenet5` | `flex` | CPU, 2 threads | 0.022 s | 4.1 ms | 7,720 | 32 MB | the reference | | |",
"| `lenet5` | `wgpu` | llvmpipe | 12.4 s | 140 ms | 229 | 1,250 MB | 2e-6 | ∞, **beyond the tolerance**, first in conv1.weight | 99.9 % |",
r"| `lenet5` | `ndarray` | failed: before the first step: out \| of memory | | | | | | | |",
].join("\n");
        assert_eq!(block(&record).unwrap(), format!("{origin}\n{table}\n"));
        assert!(Record::new("{}", &machine, "c").is_err());
    }
}
