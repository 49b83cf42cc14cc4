//! Operations on several backends, as SVG: products of matrices as lines over the size,
//! below them convolutions as bars.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use super::{Op, OpTime, OpsMeasurement};
use crate::chart::{Area, Drawn, INK, SERIES, legend, mesh, svg_of};

const WIDTH: u32 = 960;
/// Of the lines.
const UPPER: u32 = 400;
/// Of the bar of one backend, and of the gap between two operations.
const BAR: u32 = 13;
const GAP: u32 = 9;
/// Of axis, title and margins of the bars.
const FRAME: u32 = 90;

/// The picture of the same operations on one backend or several. A part of which there is
/// nothing is left out.
#[must_use]
pub fn ops_svg(found: &[OpsMeasurement], title: &str) -> String {
    let bars = Bars::of(found);
    let lines = lines(found);
    let upper = if lines.iter().all(Vec::is_empty) {
        0
    } else {
        UPPER
    };
    let height = upper + bars.height() + 40;
    svg_of((WIDTH, height), |area| {
        draw(area, found, lines, upper, &bars, title)
    })
}

fn draw(
    area: &Area<'_>,
    found: &[OpsMeasurement],
    lines: Vec<Vec<(f64, f64)>>,
    upper: u32,
    bars: &Bars<'_>,
    title: &str,
) -> Drawn {
    area.fill(&WHITE)?;
    let area = area.titled(title, ("sans-serif", 20).into_font().color(&INK))?;
    let (above, below) = area.split_vertically(upper);
    if upper > 0 {
        draw_lines(&above, found, lines)?;
    }
    match bars.rows.is_empty() {
        true => Ok(()),
        false => bars.draw(&below, found),
    }
}

/// Size and 10⁹ operations a second of the products, of each backend.
fn lines(found: &[OpsMeasurement]) -> Vec<Vec<(f64, f64)>> {
    let of_one = |of: &OpsMeasurement| {
        let times = of.operations.iter();
        let mut line: Vec<(f64, f64)> = times
            .filter_map(|time| match time.op {
                Op::Matmul { n } => Some((n as f64, time.gflops)),
                Op::Conv2d { .. } => None,
            })
            .collect();
        line.sort_by(|a, b| a.0.total_cmp(&b.0));
        line
    };
    found.iter().map(of_one).collect()
}

fn draw_lines(area: &Area<'_>, found: &[OpsMeasurement], lines: Vec<Vec<(f64, f64)>>) -> Drawn {
    let points = || lines.iter().flatten();
    let last = points().map(|point| point.0).fold(1.0, f64::max);
    // The legend stands above the lines, wherever they lie: a row for each.
    let legends = 1.0 + 0.08 * found.len() as f64;
    let top = legends * above(points().map(|point| point.1));
    let mut chart = ChartBuilder::on(area)
        .margin(14)
        .x_label_area_size(42)
        .y_label_area_size(76)
        .build_cartesian_2d(0.0..1.04 * last, 0.0..top)?;
    let decimals = decimals(top);
    mesh(&mut chart)
        .x_label_formatter(&|n| format!("{n:.0}"))
        .y_label_formatter(&|gflops| format!("{gflops:.decimals$}"))
        .x_desc("n, of the product of two n × n matrices")
        .y_desc("GFLOP/s")
        .draw()?;
    for ((of, line), colour) in found.iter().zip(lines).zip(SERIES.into_iter().cycle()) {
        // Points as well, so that a single size can be seen.
        chart.draw_series(line.iter().map(|&at| Circle::new(at, 3, colour.filled())))?;
        chart
            .draw_series(LineSeries::new(line, colour.stroke_width(2)))?
            .label(label(of))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    legend(&mut chart, SeriesLabelPosition::UpperLeft)
}

/// A backend with its device.
fn label(of: &OpsMeasurement) -> String {
    format!("{}: {}", of.backend, of.device)
}

/// The end of an axis on which all values are to be seen.
fn above(values: impl Iterator<Item = f64>) -> f64 {
    let highest = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
    if highest > 0.0 { highest * 1.08 } else { 1.0 }
}

/// As many decimals as tell two marks of an axis apart.
fn decimals(top: f64) -> usize {
    (1.0 - top.log10().floor()).clamp(0.0, 6.0) as usize
}

/// The passes of the convolutions, each with the time on each backend.
struct Bars<'a> {
    rows: Vec<(String, Vec<Option<&'a OpTime>>)>,
}

impl<'a> Bars<'a> {
    fn of(found: &'a [OpsMeasurement]) -> Self {
        let mut rows: Vec<(String, Vec<Option<&OpTime>>)> = Vec::new();
        for (at, of) in found.iter().enumerate() {
            for time in &of.operations {
                let Op::Conv2d { shape, pass, .. } = &time.op else {
                    continue;
                };
                let name = format!("{shape}, {}", pass.name());
                let row = match rows.iter().position(|row| row.0 == name) {
                    Some(row) => row,
                    None => {
                        rows.push((name, vec![None; found.len()]));
                        rows.len() - 1
                    }
                };
                rows[row].1[at] = Some(time);
            }
        }
        Self { rows }
    }

    fn height(&self) -> u32 {
        let backends = self.rows.first().map_or(0, |row| row.1.len()) as u32;
        match self.rows.len() as u32 {
            0 => 0,
            rows => FRAME + rows * (backends * BAR + GAP),
        }
    }

    /// From above to below: rows are at whole numbers, the first at 0.
    fn draw(&self, area: &Area<'_>, found: &[OpsMeasurement]) -> Drawn {
        let times = || self.rows.iter().flat_map(|row| row.1.iter().flatten());
        let right = above(times().map(|time| time.gflops));
        let mut chart = ChartBuilder::on(area)
            .margin(14)
            .margin_right(24)
            .x_label_area_size(42)
            .y_label_area_size(270)
            .build_cartesian_2d(0.0..right, self.rows.len() as f64..0.0)?;
        let decimals = decimals(right);
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .y_labels(0)
            .bold_line_style(RGBColor(225, 225, 225))
            .light_line_style(TRANSPARENT)
            .axis_style(RGBColor(150, 150, 150))
            .label_style(("sans-serif", 14).into_font().color(&INK))
            .axis_desc_style(("sans-serif", 15).into_font().color(&INK))
            .x_label_formatter(&|gflops| format!("{gflops:.decimals$}"))
            .x_desc("GFLOP/s of the convolutions")
            .draw()?;
        // Of the height of a row.
        let bar = f64::from(BAR) / f64::from(found.len() as u32 * BAR + GAP);
        for (at, colour) in (0..found.len()).zip(SERIES.into_iter().cycle()) {
            let bars = self
                .rows
                .iter()
                .enumerate()
                .filter_map(|(row, (_, times))| {
                    let time = times[at]?;
                    let y = row as f64 + (1.0 - bar * found.len() as f64) / 2.0 + bar * at as f64;
                    let corners = [(0.0, y), (time.gflops.min(right), y + bar)];
                    Some(Rectangle::new(corners, colour.filled()))
                });
            chart.draw_series(bars)?;
        }
        let style = ("sans-serif", 14)
            .into_font()
            .color(&INK)
            .pos(Pos::new(HPos::Right, VPos::Center));
        for (row, (name, _)) in self.rows.iter().enumerate() {
            let (x, y) = chart.backend_coord(&(0.0, row as f64 + 0.5));
            // Coordinates of the whole picture, not of this part of it.
            let (left, top) = area.get_base_pixel();
            area.draw(&Text::new(
                name.clone(),
                (x - left - 8, y - top),
                style.clone(),
            ))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        backend::Backend,
        bench::ops::{Convolution, Pass},
    };

    fn measured(backend: Backend, sizes: &[usize], convolutions: usize) -> OpsMeasurement {
        let time = |op, gflops| OpTime {
            op,
            ms: 1.0,
            ms_quartiles: [1.0; 2],
            calls: 5,
            gflops,
        };
        let products = sizes.iter().map(|&n| time(Op::Matmul { n }, n as f64));
        let shape = |channels| Convolution {
            layers: vec!["conv".into()],
            input: [channels, 8, 8],
            output: [16, 8, 8],
            kernel: 3,
            stride: 1,
            padding: 1,
            groups: 1,
        };
        let passes = [Pass::Forward, Pass::Backward];
        let convolutions = (1..=convolutions).flat_map(|channels| {
            passes.map(|pass| {
                let shape = shape(channels);
                let batch = 4;
                time(Op::Conv2d { shape, batch, pass }, 50.0 * channels as f64)
            })
        });
        OpsMeasurement {
            backend,
            device: "a <b>".into(),
            processor: "c".into(),
            threads: 1,
            kernels: true,
            operations: products.chain(convolutions).collect(),
        }
    }

    #[test]
    fn draws_what_there_is() {
        let count = |text: &str, what: &str| text.matches(what).count();
        for (backends, sizes, convolutions) in [
            (1, 3, 2),
            (2, 10, 5),
            (3, 1, 0),
            (2, 0, 4),
            (8, 2, 1),
            (0, 0, 0),
        ] {
            let sizes: Vec<usize> = (1..=sizes).map(|at| 100 * at).collect();
            let of = |backend: &Backend| measured(*backend, &sizes, convolutions);
            let found: Vec<_> = Backend::ALL[..backends].iter().map(of).collect();
            let text = ops_svg(&found, "t & <u>");
            assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
            assert!(text.contains("t &amp; &lt;u&gt;"));
            assert_eq!(count(&text, "<circle"), backends * sizes.len());
            let forward = count(&text, ", forward");
            assert_eq!(
                (forward, count(&text, ", backward")),
                (convolutions, convolutions)
            );
            assert_eq!(text.contains("n × n"), backends * sizes.len() > 0);
            let bars = count(&text, "<rect") >= 2 * backends * convolutions;
            assert!(bars, "{backends} {convolutions}");
        }
    }
}
