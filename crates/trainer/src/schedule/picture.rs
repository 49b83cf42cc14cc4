//! The learning rate over a run, as SVG.

use plotters::prelude::*;

use super::Schedule;
use crate::chart::{Area, Drawn, INK, SERIES, mesh, svg_of};

const SIZE: (u32, u32) = (960, 400);

/// More points cannot be told apart in a picture of this width.
const MOST_POINTS: usize = 2000;

/// The picture of a schedule over `updates` updates, of which an epoch has
/// `updates_per_epoch`.
#[must_use]
pub fn schedule_svg(
    schedule: &Schedule,
    updates: usize,
    updates_per_epoch: usize,
    title: &str,
) -> String {
    let every = updates.div_ceil(MOST_POINTS).max(1);
    let last = updates.saturating_sub(1);
    let points: Vec<(f64, f64)> = (0..last)
        .step_by(every)
        .chain([last])
        .map(|update| {
            let epoch = update as f64 / updates_per_epoch.max(1) as f64;
            (epoch, schedule.lr(update))
        })
        .collect();
    svg_of(SIZE, |area| draw(area, points, title))
}

fn draw(area: &Area<'_>, points: Vec<(f64, f64)>, title: &str) -> Drawn {
    area.fill(&WHITE)?;
    let area = area.titled(title, ("sans-serif", 20).into_font().color(&INK))?;
    let end = points.iter().map(|&(epoch, _)| epoch).fold(0.0, f64::max);
    let highest = points.iter().map(|&(_, rate)| rate).fold(0.0, f64::max);
    let end = if end > 0.0 { end } else { 1.0 };
    let top = if highest > 0.0 { highest * 1.05 } else { 1.0 };
    let mut chart = ChartBuilder::on(&area)
        .margin(14)
        .x_label_area_size(42)
        .y_label_area_size(76)
        .build_cartesian_2d(0.0..end, 0.0..top)?;
    // Two digits more than the largest rate has in front.
    let decimals = (2.0 - top.log10().floor()).max(0.0) as usize;
    mesh(&mut chart)
        .x_label_formatter(&|epoch| format!("{}", (epoch * 1000.0).round() / 1000.0))
        .y_label_formatter(&|rate| format!("{rate:.decimals$}"))
        .x_desc("epoch")
        .y_desc("learning rate")
        .draw()?;
    chart.draw_series(LineSeries::new(points, SERIES[0].stroke_width(2)))?;
    Ok(())
}
