//! The operations as tables.

use trainer::{
    backend::BackendChoice,
    bench::{
        kernels_switch,
        ops::{Op, OpTime, OpsMeasurement, Pass},
    },
};

use super::super::child::Failure;

/// The devices, and a table of each kind of operation with two columns a backend.
pub fn tables_of(
    found: &[OpsMeasurement],
    failures: &[(BackendChoice, Failure)],
    model: &str,
) -> String {
    let mut text = String::new();
    for of in found {
        let kernels = kernels_switch(of.backend, of.kernels);
        let kernels = kernels.map_or(String::new(), |switch| format!(", kernels {switch}"));
        text += &format!("backend {}: {}{kernels}\n", of.backend, of.device);
    }
    for (backend, failure) in failures {
        text += &format!("backend {backend}: failed: {}\n", failure.message);
    }
    let (mut products, mut convolutions) = (Rows::default(), Rows::default());
    for (at, of) in found.iter().enumerate() {
        for time in &of.operations {
            let (rows, name) = match &time.op {
                Op::Matmul { n } => (&mut products, format!("{n}")),
                Op::Conv2d { shape, pass, .. } => {
                    let layers = shape.layers.len();
                    let times = if layers > 1 {
                        format!(", {layers}×")
                    } else {
                        String::new()
                    };
                    let name = match pass {
                        Pass::Forward => format!("{shape}{times}"),
                        Pass::Backward => "  backward".into(),
                    };
                    (&mut convolutions, name)
                }
            };
            rows.add(name, at, found.len(), time);
        }
    }
    let batch = found
        .iter()
        .flat_map(|of| &of.operations)
        .find_map(|time| match time.op {
            Op::Conv2d { batch, .. } => Some(batch),
            Op::Matmul { .. } => None,
        });
    text += &products.table(found, "n × n");
    match batch {
        Some(batch) => text += &convolutions.table(found, &format!("{model}, {batch} images")),
        None if !found.is_empty() => text += &format!("\n{model} has no convolutions\n"),
        None => {}
    }
    if !found.is_empty() {
        text.push('\n');
    }
    text
}

/// Operations by name, each with the time on each backend.
#[derive(Default)]
struct Rows<'a> {
    rows: Vec<(String, Vec<Option<&'a OpTime>>)>,
    /// Where the next operation of a backend stands: all have the same in the same order.
    next: Vec<usize>,
}

impl<'a> Rows<'a> {
    fn add(&mut self, name: String, backend: usize, backends: usize, time: &'a OpTime) {
        self.next.resize(backends, 0);
        let at = self.next[backend];
        self.next[backend] += 1;
        if at == self.rows.len() {
            self.rows.push((name, vec![None; backends]));
        }
        self.rows[at].1[backend] = Some(time);
    }

    fn table(&self, found: &[OpsMeasurement], head: &str) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let names = self.rows.iter().map(|row| row.0.chars().count());
        let width = names.max().unwrap_or(0).max(head.chars().count());
        let mut text = format!("\n{head:<width$}");
        for of in found {
            text += &format!("  {:>14}  {:>7}", format!("{} ms", of.backend), "GFLOP/s");
        }
        text.push('\n');
        for (name, times) in &self.rows {
            text += &format!("{name:<width$}");
            for time in times {
                text += &match time {
                    Some(time) => format!("  {:>14.3}  {:>7.1}", time.ms, time.gflops),
                    None => format!("  {:>14}  {:>7}", "-", "-"),
                };
            }
            text.push('\n');
        }
        text
    }
}
