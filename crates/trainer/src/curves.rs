//! Loss and accuracy over the epochs, as SVG.

use plotters::prelude::*;

use crate::{
    chart::{Area, Drawn, INK, SERIES, legend, mesh, svg_of},
    event::{EpochDone, Scores},
};

const SIZE: (u32, u32) = (960, 400);
const TRAIN: RGBColor = SERIES[0];
const VALID: RGBColor = SERIES[1];

/// The picture of a history: loss on the left, accuracy on the right.
#[must_use]
pub fn svg(history: &[EpochDone], title: &str) -> String {
    svg_of(SIZE, |area| draw(area, history, title))
}

fn draw(area: &Area<'_>, history: &[EpochDone], title: &str) -> Drawn {
    area.fill(&WHITE)?;
    let area = area.titled(title, ("sans-serif", 20).into_font().color(&INK))?;
    let halves = area.split_evenly((1, 2));

    let losses = |scores: Scores| scores.loss;
    let highest = points(history, losses)
        .into_iter()
        .flatten()
        .map(|(_, loss)| loss)
        .fold(0.0, f64::max);
    let top = if highest > 0.0 { highest * 1.05 } else { 1.0 };
    panel(
        &halves[0],
        "loss",
        history,
        points(history, losses),
        0.0..top,
    )?;

    let percent = |scores: Scores| 100.0 * scores.accuracy;
    let lowest = points(history, percent)
        .into_iter()
        .flatten()
        .map(|(_, accuracy)| accuracy)
        .fold(100.0, f64::min);
    // From the ten below the lowest, so that the differences near 100 % can be seen.
    let bottom = ((lowest / 10.0).floor() * 10.0).min(90.0);
    panel(
        &halves[1],
        "accuracy (%)",
        history,
        points(history, percent),
        bottom..100.0,
    )
}

/// The points of training and of validation.
fn points(history: &[EpochDone], value: impl Fn(Scores) -> f64) -> [Vec<(f64, f64)>; 2] {
    let train = history
        .iter()
        .map(|row| (row.epoch as f64, value(row.train)));
    let valid = history
        .iter()
        .filter_map(|row| Some((row.epoch as f64, value(row.valid?))));
    [train.collect(), valid.collect()]
}

fn panel(
    area: &Area<'_>,
    name: &str,
    history: &[EpochDone],
    [train, valid]: [Vec<(f64, f64)>; 2],
    range: std::ops::Range<f64>,
) -> Drawn {
    let last = history.len().max(2) as f64;
    let (bottom, top) = (range.start, range.end);
    let mut chart = ChartBuilder::on(area)
        .margin(14)
        .x_label_area_size(42)
        .y_label_area_size(56)
        .build_cartesian_2d(1.0..last, range)?;
    let decimals = if top - bottom < 1.0 {
        2
    } else {
        usize::from(top - bottom < 10.0)
    };
    mesh(&mut chart)
        .x_labels(10.min(history.len().max(2)))
        .x_label_formatter(&|epoch| format!("{epoch:.0}"))
        .y_label_formatter(&|value| format!("{value:.decimals$}"))
        .x_desc("epoch")
        .y_desc(name)
        .draw()?;
    for (label, points, colour) in [("train", train, TRAIN), ("valid", valid, VALID)] {
        if points.is_empty() {
            continue;
        }
        // Points as well, so that a single epoch can be seen.
        chart.draw_series(points.iter().map(|&at| Circle::new(at, 2, colour.filled())))?;
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    let place = if name == "loss" {
        SeriesLabelPosition::UpperRight
    } else {
        SeriesLabelPosition::LowerRight
    };
    legend(&mut chart, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(epochs: usize, valid: bool) -> Vec<EpochDone> {
        (1..=epochs)
            .map(|epoch| {
                let scores = Scores {
                    loss: 1.0 / epoch as f64,
                    accuracy: 1.0 - 0.5 / epoch as f64,
                };
                EpochDone {
                    epoch,
                    train: scores,
                    valid: valid.then_some(scores),
                    lr: 0.1,
                    seconds: 1.0,
                    data_seconds: 0.1,
                    best: true,
                }
            })
            .collect()
    }

    #[test]
    fn draws_what_there_is() {
        for epochs in [0, 1, 2, 100] {
            let text = svg(&history(epochs, true), "a <b> on c");
            assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
            assert!(text.contains("accuracy (%)") && text.contains("&lt;b&gt;"));
            assert_eq!(text.contains("valid"), epochs > 0);
        }
        assert!(!svg(&history(3, false), "t").contains("valid"));
    }
    #[test]
    fn draws_extreme_losses() {
        for loss in [0.0, f64::MIN_POSITIVE, 1e-30, 1e30, f64::from(f32::MAX)] {
            let mut rows = history(3, true);
            rows[1].train.loss = loss;
            rows[2].train.loss = loss;
            rows[2].train.accuracy = 0.0;
            assert!(svg(&rows, "t").contains("<polyline"), "{loss}");
        }
    }
}
