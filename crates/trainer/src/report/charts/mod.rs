//! Lines over the epochs, as numbers that the template `chart.html` draws.

mod ticks;

use serde::Serialize;

use super::format::short;
use ticks::{label, round_up, ticks};

/// Width and height of a chart, and its margins. About the pixels of a phone.
const SIZE: [f64; 2] = [380.0, 230.0];
const LEFT: f64 = 46.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 38.0;

/// As many ticks as there is place for.
const MOST_TICKS: usize = 5;
/// More points of all lines together make a page large.
pub(super) const MOST_POINTS: usize = 600;
/// More points of a line cannot be told apart.
const MOST_OF_LINE: usize = 300;

/// A chart, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Chart {
    title: String,
    /// What is drawn, in words.
    description: String,
    /// What is counted from left to right.
    unit: &'static str,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    lines: Vec<Line>,
    /// Where the best epoch is.
    best: Option<Tick>,
    hits: Vec<Hit>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Tick {
    at: f64,
    label: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Line {
    name: String,
    /// How it looks: a class of the style sheet.
    class: String,
    points: String,
    dots: Vec<[f64; 2]>,
    /// Whether the points are few enough to be seen one by one.
    dotted: bool,
}

/// What the pointer meets: an epoch or update, with its values.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Hit {
    x: f64,
    left: f64,
    width: f64,
    heading: String,
    values: Vec<Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Value {
    name: String,
    class: String,
    text: String,
    y: f64,
}

/// What is to be drawn.
#[derive(Debug, Clone)]
pub(super) struct Series {
    /// The name.
    pub name: String,
    /// How it looks.
    pub class: String,
    /// Epochs or updates, from 1, and their values.
    pub points: Vec<(usize, f64)>,
}

/// Where the axis of the values begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    /// From 0 to above the highest.
    FromZero,
    /// From the ten below the lowest to 100, so that differences near 100 % can be seen.
    Percent,
}

impl Chart {
    /// A chart of `series` over the epochs, of which some `points` are drawn in all; `None` if
    /// there is no point.
    pub fn new(
        title: &str,
        range: Range,
        series: &[Series],
        best: Option<usize>,
        points: usize,
    ) -> Option<Self> {
        Self::over("epoch", title, range, series, best, points)
    }

    /// A chart of `series` over what `unit` names.
    pub fn over(
        unit: &'static str,
        title: &str,
        range: Range,
        series: &[Series],
        best: Option<usize>,
        points: usize,
    ) -> Option<Self> {
        let most = (points / series.len().max(1)).min(MOST_OF_LINE);
        let series: Vec<Series> = series.iter().map(|line| line.thinned(best, most)).collect();
        let all = || series.iter().flat_map(|line| line.points.iter());
        let last = all().map(|(epoch, _)| *epoch).max()?;
        let first = all().map(|(epoch, _)| *epoch).min()?;
        let [low, high] = range.of(all().map(|(_, value)| *value));
        // A single epoch lies in the middle.
        let (from, to) = match first == last {
            true => (first as f64 - 1.0, last as f64 + 1.0),
            false => (first as f64, last as f64),
        };
        let [width, height] = SIZE;
        let (right, bottom) = (width - RIGHT, height - BOTTOM);
        let x = |epoch: f64| tenth(LEFT + (epoch - from) / (to - from) * (right - LEFT));
        let y = |value: f64| tenth(bottom - (value - low) / (high - low) * (bottom - TOP));

        let y_values = ticks(low, high, MOST_TICKS);
        let y_step = y_values.get(1).map_or(1.0, |second| second - y_values[0]);
        let y_ticks = y_values.into_iter().map(|value| Tick {
            at: y(value),
            label: label(value, y_step),
        });
        let whole = |tick: &f64| tick.fract() == 0.0;
        let x_ticks = match first == last {
            true => vec![first as f64],
            false => ticks(from, to, MOST_TICKS + 2),
        };
        let x_ticks = x_ticks.into_iter().filter(whole).map(|epoch| Tick {
            at: x(epoch),
            label: epoch.to_string(),
        });
        let lines = series.iter().map(|line| {
            let points = line.points.iter();
            let dots: Vec<[f64; 2]> = points.map(|&(e, v)| [x(e as f64), y(v)]).collect();
            let text: Vec<String> = dots.iter().map(|[x, y]| format!("{x},{y}")).collect();
            Line {
                name: line.name.clone(),
                class: line.class.clone(),
                points: text.join(" "),
                dotted: dots.len() <= 40,
                dots,
            }
        });
        Some(Self {
            title: title.into(),
            description: described(title, unit, &series, range),
            unit,
            width,
            height,
            left: LEFT,
            right,
            top: TOP,
            bottom,
            x_ticks: x_ticks.collect(),
            y_ticks: y_ticks.collect(),
            lines: lines.collect(),
            best: best.map(|epoch| Tick {
                at: x(epoch as f64),
                label: format!("best epoch: {epoch}"),
            }),
            hits: hits(unit, &series, range, &x, &y),
        })
    }
}

/// A field for each of them, half of the way to its neighbours.
fn hits(
    unit: &str,
    series: &[Series],
    range: Range,
    x: &dyn Fn(f64) -> f64,
    y: &dyn Fn(f64) -> f64,
) -> Vec<Hit> {
    let points = series.iter().flat_map(|line| line.points.iter());
    let mut epochs: Vec<usize> = points.map(|(epoch, _)| *epoch).collect();
    epochs.sort_unstable();
    epochs.dedup();
    let middle = |a: usize, b: usize| x((a as f64 + b as f64) / 2.0);
    let hit = |(at, &epoch): (usize, &usize)| {
        let left = match at {
            0 => LEFT,
            at => middle(epochs[at - 1], epoch),
        };
        let next = epochs.get(at + 1);
        let right = next.map_or(SIZE[0] - RIGHT, |&next| middle(epoch, next));
        let values = series.iter().filter_map(|line| {
            let found = line.points.binary_search_by_key(&epoch, |point| point.0);
            let value = line.points[found.ok()?].1;
            Some(Value {
                name: line.name.clone(),
                class: line.class.clone(),
                text: range.written(value),
                y: y(value),
            })
        });
        Hit {
            x: x(epoch as f64),
            left,
            width: tenth(right - left),
            heading: format!("{unit} {epoch}"),
            values: values.collect(),
        }
    };
    epochs.iter().enumerate().map(hit).collect()
}

fn described(title: &str, unit: &str, series: &[Series], range: Range) -> String {
    let lines = series.iter().filter_map(|line| {
        let (first, last) = (line.points.first()?, line.points.last()?);
        Some(format!(
            "{} from {} in {unit} {} to {} in {unit} {}",
            line.name,
            range.written(first.1),
            first.0,
            range.written(last.1),
            last.0
        ))
    });
    format!(
        "{title} by {unit}: {}.",
        lines.collect::<Vec<_>>().join("; ")
    )
}

impl Series {
    /// Of epochs or updates from 1 on, those with a finite value.
    pub fn new(name: &str, class: &str, points: impl Iterator<Item = (usize, f64)>) -> Self {
        Self {
            name: name.into(),
            class: class.into(),
            points: points.filter(|(_, value)| value.is_finite()).collect(),
        }
    }

    /// With some `most` points, with the first, the last and the best among them.
    fn thinned(&self, best: Option<usize>, most: usize) -> Self {
        let every = self.points.len().div_ceil(most.max(1)).max(1);
        let last = self.points.len().saturating_sub(1);
        let keeps = |&(at, (epoch, _)): &(usize, &(usize, f64))| {
            at % every == 0 || at == last || Some(*epoch) == best
        };
        let points = self.points.iter().enumerate().filter(keeps);
        Self {
            points: points.map(|(_, point)| *point).collect(),
            ..self.clone()
        }
    }
}

impl Range {
    fn of(self, values: impl Iterator<Item = f64>) -> [f64; 2] {
        match self {
            Self::FromZero => [0.0, round_up(values.fold(0.0, f64::max), MOST_TICKS)],
            Self::Percent => {
                let lowest = values.fold(100.0, f64::min);
                [((lowest / 10.0).floor() * 10.0).clamp(0.0, 90.0), 100.0]
            }
        }
    }

    fn written(self, value: f64) -> String {
        match self {
            Self::FromZero => short(value),
            Self::Percent => format!("{value:.2} %"),
        }
    }
}

/// With a decimal: finer than any screen.
fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(points: &[(usize, f64)]) -> Vec<Series> {
        vec![Series::new("train", "a", points.iter().copied())]
    }

    #[test]
    fn points_lie_where_the_axes_say() {
        let chart = Chart::new(
            "loss",
            Range::FromZero,
            &series(&[(1, 1.0), (2, 0.5), (3, 0.0)]),
            Some(2),
            MOST_POINTS,
        );
        let chart = chart.unwrap();
        let [top, bottom] = [chart.top, chart.bottom];
        let middle = (chart.left + chart.right) / 2.0;
        let expected = [
            [chart.left, top],
            [middle, (top + bottom) / 2.0],
            [chart.right, bottom],
        ];
        assert_eq!(chart.lines[0].dots, expected);
        assert_eq!(chart.best.unwrap().at, middle);
        assert_eq!(chart.y_ticks[0].at, bottom);
        let labels: Vec<&str> = chart.x_ticks.iter().map(|t| t.label.as_str()).collect();
        assert_eq!(labels, ["1", "2", "3"]);
        assert_eq!(
            chart.description,
            "loss by epoch: train from 1 in epoch 1 to 0 in epoch 3."
        );
        // The fields cover the width, without a gap.
        let mut from = chart.left;
        for hit in &chart.hits {
            assert!((hit.left - from).abs() < 0.11 && hit.values.len() == 1);
            from = hit.left + hit.width;
        }
        assert!((from - chart.right).abs() < 0.11);
    }

    #[test]
    fn what_cannot_be_drawn_is_left_out() {
        let new = |points: &[(usize, f64)], range| {
            Chart::new("t", range, &series(points), None, MOST_POINTS)
        };
        assert_eq!(new(&[], Range::FromZero), None);
        assert_eq!(new(&[(1, f64::NAN)], Range::FromZero), None);
        for (value, range) in [
            (0.0, Range::FromZero),
            (1e-30, Range::FromZero),
            (f64::MAX, Range::FromZero),
            (0.0, Range::Percent),
            (100.0, Range::Percent),
        ] {
            let chart = new(&[(1, value), (2, f64::INFINITY)], range).unwrap();
            let [x, y] = chart.lines[0].dots[0];
            let inside = (chart.top..=chart.bottom).contains(&y);
            assert!(x.is_finite() && inside, "{value}");
        }
    }

    #[test]
    fn of_many_epochs_some_are_drawn() {
        let points: Vec<_> = (1..=10_000).map(|e| (e, 1.0 / e as f64)).collect();
        let series = series(&points);
        let chart = Chart::new("t", Range::FromZero, &series, Some(4711), 9000).unwrap();
        assert!(chart.hits.len() <= MOST_OF_LINE + 2);
        let has = |epoch: usize| {
            chart
                .hits
                .iter()
                .any(|h| h.heading == format!("epoch {epoch}"))
        };
        assert!(has(1) && has(4711) && has(10_000));
    }
}
