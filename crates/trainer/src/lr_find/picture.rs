//! The curve of a range test, as SVG.

use plotters::prelude::*;

use super::{LrCurve, LrPoint};
use crate::chart::{Area, Drawn, INK, SERIES, legend, mesh, svg_of};

const SIZE: (u32, u32) = (960, 400);
const RAW: RGBColor = RGBColor(190, 190, 190);
const STEEPEST: RGBColor = SERIES[1];
const VALLEY: RGBColor = SERIES[2];

/// The picture of a range test: the loss, as it is and smoothed, over the logarithm of
/// the learning rate, with the suggestions.
#[must_use]
pub fn lr_find_svg(curve: &LrCurve, title: &str) -> String {
    svg_of(SIZE, |area| draw(area, curve, title))
}

fn draw(area: &Area<'_>, curve: &LrCurve, title: &str) -> Drawn {
    area.fill(&WHITE)?;
    let area = area.titled(title, ("sans-serif", 20).into_font().color(&INK))?;
    let points = &curve.points;
    let first = points.first().map_or(-1.0, |point| point.lr.log10());
    let last = points.last().map_or(0.0, |point| point.lr.log10());
    let last = if last > first { last } else { first + 1.0 };
    let top = top(points);
    let mut chart = ChartBuilder::on(&area)
        .margin(14)
        .x_label_area_size(42)
        .y_label_area_size(76)
        .build_cartesian_2d(first..last, 0.0..top)?;
    let decimals = (1.0 - top.log10().floor()).clamp(0.0, 6.0) as usize;
    mesh(&mut chart)
        .x_label_formatter(&|log| format!("{:.0e}", 10_f64.powf(*log)))
        .y_label_formatter(&|loss| format!("{loss:.decimals$}"))
        .x_desc("learning rate")
        .y_desc("loss")
        .draw()?;
    // What is above the picture is drawn along its upper edge.
    let line = |of: fn(&LrPoint) -> f64| {
        let place = move |point: &LrPoint| (point.lr.log10(), of(point).clamp(0.0, top));
        points.iter().map(place).collect::<Vec<_>>()
    };
    for (label, points, colour, width) in [
        ("loss", line(|point| point.loss), RAW, 1),
        ("smoothed", line(|point| point.smoothed), SERIES[0], 2),
    ] {
        let style = colour.stroke_width(width);
        chart
            .draw_series(LineSeries::new(points, style))?
            .label(label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
    }
    if let Ok(found) = curve.suggestion() {
        let marks = [
            ("steepest descent", Some(found.steepest), STEEPEST),
            ("valley", found.valley, VALLEY),
        ];
        for (name, point, colour) in marks {
            let Some(point) = point else { continue };
            let place = (point.lr.log10(), point.smoothed.clamp(0.0, top));
            chart
                .draw_series([Circle::new(place, 6, colour.filled())])?
                .label(format!("{name}: {:.2e}", point.lr))
                .legend(move |(x, y)| Circle::new((x + 9, y), 5, colour.filled()));
        }
    }
    legend(&mut chart, SeriesLabelPosition::LowerLeft)
}

/// The upper end: somewhat above where the smoothed loss begins to fall. Where
/// training diverges, the loss has no end.
fn top(points: &[LrPoint]) -> f64 {
    let lowest = points
        .iter()
        .enumerate()
        .min_by(|a, b| a.1.smoothed.total_cmp(&b.1.smoothed));
    let fall = lowest.map_or(points, |(at, _)| &points[..=at]);
    let highest = fall.iter().map(|point| point.smoothed).fold(0.0, f64::max);
    if highest > 0.0 { highest * 1.4 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_what_there_is() {
        for (points, suggests) in [(0, false), (1, false), (2, false), (100, true)] {
            let mut curve = LrCurve::of(100);
            for at in 0..points {
                let loss = if at < 50 {
                    2.0
                } else {
                    2.0 - f64::from(at - 50) / 40.0
                };
                curve.add(1e-7 * 1.2_f64.powi(at), loss).unwrap();
            }
            let text = lr_find_svg(&curve, "a <b>");
            assert!(text.starts_with("<svg") && text.contains("&lt;b&gt;"));
            assert_eq!(text.contains("steepest descent"), suggests, "{points}");
        }
    }

    #[test]
    fn draws_extreme_losses() {
        for loss in [0.0, 1e-30, 1e30, f64::from(f32::MAX)] {
            let mut curve = LrCurve::of(20);
            for at in 0..20 {
                curve.add(10_f64.powi(at - 10), loss).unwrap();
            }
            assert!(lr_find_svg(&curve, "t").contains("<polyline"), "{loss}");
        }
    }
}
