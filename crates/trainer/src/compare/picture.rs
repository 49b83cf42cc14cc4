//! A comparison as SVG: the losses over each other, and the speeds beside each other.

use plotters::prelude::*;

use super::{Compared, Comparison, Found};
use crate::{
    backend::Backend,
    chart::{Area, Drawn, INK, SERIES, legend, mesh, svg_of},
};

const WIDTH: u32 = 960;
const TITLE: u32 = 34;
/// Of a network.
const HEIGHT: u32 = 330;

/// The picture of a comparison: for each network the loss of every step on every backend on
/// the left, images a second on the right.
#[must_use]
pub fn compare_svg(comparison: &Comparison) -> String {
    let models = &comparison.models;
    let height = TITLE + HEIGHT * u32::try_from(models.len().max(1)).unwrap_or(u32::MAX / HEIGHT);
    svg_of((WIDTH, height), |area| draw(area, comparison))
}

fn draw(area: &Area<'_>, comparison: &Comparison) -> Drawn {
    area.fill(&WHITE)?;
    let (_, rest) = area.split_vertically(TITLE / 2);
    let panels = rest.split_evenly((comparison.models.len().max(1), 1));
    for (panel, compared) in panels.iter().zip(&comparison.models) {
        let title = format!(
            "{} on {}, {} images a step",
            compared.model, compared.dataset, compared.batch
        );
        let panel = panel.titled(&title, ("sans-serif", 18).into_font().color(&INK))?;
        let (left, right) = panel.split_horizontally(WIDTH * 11 / 20);
        losses(&left, compared)?;
        speeds(&right, compared)?;
    }
    Ok(())
}

/// The rows that came to their end, each with its colour and its place.
fn done(compared: &Compared) -> impl Iterator<Item = (usize, Backend, &Found)> {
    let rows = compared.rows.iter().enumerate();
    rows.filter_map(|(at, row)| Some((at, row.backend, row.found()?)))
}

fn losses(area: &Area<'_>, compared: &Compared) -> Drawn {
    let all = || done(compared).flat_map(|(_, _, found)| &found.losses);
    let highest = all().copied().filter(|l| l.is_finite()).fold(0.0, f64::max);
    let highest = if highest > 0.0 { highest } else { 1.0 };
    let lines = done(compared).count();
    // The legend stands above the lines, a row for each.
    let top = highest * (1.15 + 0.12 * lines as f64);
    let last = done(compared).map(|(_, _, f)| f.losses.len()).max();
    let last = last.unwrap_or(0).max(2) as f64;
    let mut chart = ChartBuilder::on(area)
        .margin(14)
        .x_label_area_size(42)
        .y_label_area_size(56)
        .build_cartesian_2d(1.0..last, 0.0..top)?;
    let decimals = usize::from(top < 10.0) + usize::from(top < 1.0);
    mesh(&mut chart)
        .x_label_formatter(&|step| format!("{step:.0}"))
        .y_label_formatter(&|loss| format!("{loss:.decimals$}"))
        .x_desc("step")
        .y_desc("loss")
        .draw()?;
    for (drawn, (at, backend, found)) in done(compared).enumerate() {
        let colour = SERIES[at % SERIES.len()];
        let points = found.losses.iter().enumerate();
        let points = points.map(|(at, loss)| ((at + 1) as f64, loss.clamp(0.0, top)));
        // What comes later is thinner: none hides another.
        let width = 2 * (lines - drawn).min(4) as u32 - 1;
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(width)))?
            .label(backend.name())
            .legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(width))
            });
    }
    legend(&mut chart, SeriesLabelPosition::UpperRight)
}

/// Bars, each with its number, for the fastest may be a hundred times the slowest.
fn speeds(area: &Area<'_>, compared: &Compared) -> Drawn {
    const NAMES: f64 = 90.0;
    const NUMBERS: f64 = 80.0;
    const BAR: i32 = 26;
    let (width, height) = area.dim_in_pixel();
    let font = || ("sans-serif", 15).into_font().color(&INK);
    let fastest = done(compared).map(|(_, _, f)| f.images_per_s.median);
    let fastest = fastest.fold(f64::MIN_POSITIVE, f64::max);
    let pixels = f64::from(width) - NAMES - NUMBERS;
    area.draw(&Text::new("images/s", (NAMES as i32, 14), font()))?;
    let rows = compared.rows.len().max(1) as i32;
    let pitch = ((height as i32 - 60) / rows).min(2 * BAR);
    for (at, row) in compared.rows.iter().enumerate() {
        let top = 40 + pitch * at as i32;
        let bar = BAR.min(pitch - 4);
        let middle = top + bar / 2 - 8;
        area.draw(&Text::new(row.backend.name(), (8, middle), font()))?;
        let (length, number) = match row.found() {
            Some(found) => {
                let speed = found.images_per_s.median;
                let digits = usize::from(speed < 100.0);
                (pixels * speed / fastest, format!("{speed:.digits$}"))
            }
            None => (0.0, "failed".to_string()),
        };
        let end = (NAMES + length.max(1.0)) as i32;
        let colour = SERIES[at % SERIES.len()];
        area.draw(&Rectangle::new(
            [(NAMES as i32, top), (end, top + bar)],
            colour.filled(),
        ))?;
        area.draw(&Text::new(number, (end + 8, middle), font()))?;
    }
    Ok(())
}
