//! Operations as rows of a table.

use super::{Op, OpTime, OpsMeasurement};
use crate::{
    backend::Backend,
    bench::{CsvRow, kernels_switch},
};

/// An operation as a row of a table, with where it was measured.
#[derive(Debug, Clone, Copy)]
pub struct OpRow<'a> {
    of: &'a OpsMeasurement,
    time: &'a OpTime,
}

impl OpsMeasurement {
    /// Its operations as rows of a table, each.
    #[must_use]
    pub fn rows(&self) -> Vec<OpRow<'_>> {
        let times = self.operations.iter();
        times.map(|time| OpRow { of: self, time }).collect()
    }
}

impl CsvRow for OpRow<'_> {
    const PREFIX: &'static str = "bench-ops";
    const COLUMNS: &'static [&'static str] = &[
        "processor",
        "device",
        "backend",
        "kernels",
        "threads",
        "op",
        "n",
        "pass",
        "batch",
        "input",
        "output",
        "kernel",
        "stride",
        "padding",
        "groups",
        "calls",
        "ms",
        "ms_first_quartile",
        "ms_third_quartile",
        "gflops",
    ];

    fn device(&self) -> (Backend, &str) {
        (self.of.backend, &self.of.device)
    }

    fn cells(&self) -> Vec<String> {
        let Self { of, time } = self;
        let sizes = |[channels, height, width]: [usize; 3]| format!("{channels}x{height}x{width}");
        let mut cells = vec![
            of.processor.clone(),
            of.device.clone(),
            of.backend.to_string(),
            kernels_switch(of.backend, of.kernels)
                .unwrap_or_default()
                .into(),
            of.threads.to_string(),
        ];
        cells.extend(match &time.op {
            Op::Matmul { n } => {
                let mut cells = vec![String::new(); 10];
                (cells[0], cells[1]) = ("matmul".into(), n.to_string());
                cells
            }
            Op::Conv2d { shape, batch, pass } => vec![
                "conv2d".into(),
                String::new(),
                pass.name().into(),
                batch.to_string(),
                sizes(shape.input),
                sizes(shape.output),
                shape.kernel.to_string(),
                shape.stride.to_string(),
                shape.padding.to_string(),
                shape.groups.to_string(),
            ],
        });
        let ms = [time.ms, time.ms_quartiles[0], time.ms_quartiles[1]];
        cells.push(time.calls.to_string());
        cells.extend(ms.map(|ms| format!("{ms:.5}")));
        cells.push(format!("{:.3}", time.gflops));
        cells
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::bench::ops::OpsConfig;

    #[test]
    fn the_cells_are_as_many_as_the_columns() {
        fn columns<R: CsvRow>(_: &[R]) -> usize {
            R::COLUMNS.len()
        }
        let config = OpsConfig {
            sizes: vec![3],
            batch_size: 1,
            ..OpsConfig::default()
        };
        let found = config.run().unwrap();
        let rows = found.rows();
        let lengths = rows.iter().map(|row| row.cells().len());
        assert_eq!(lengths.collect::<Vec<_>>(), vec![columns(&rows); 5]);
    }
}
