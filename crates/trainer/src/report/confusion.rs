//! What images of each class were taken for, with some of the images.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    format::{grouped, percent},
    images::{Images, Tile},
    share::Share,
    source::{Part, Source},
};

/// The confusion matrix of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Confusion {
    /// The classes of the columns.
    columns: Vec<String>,
    /// Empty if there are too many classes for a table.
    rows: Vec<Row>,
    /// The most frequent mistakes, the most frequent first.
    pairs: Vec<Pair>,
    /// The images of fields.
    fields: Vec<Field>,
    /// Why there is no image, or not of every field.
    note: Option<String>,
    classes: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Row {
    name: String,
    cells: Vec<Cell>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Cell {
    images: usize,
    text: String,
    /// How much of its colour a cell has, 0 to 1.
    heat: f64,
    right: bool,
    /// Names the field, if there are images of it.
    field: Option<String>,
    label: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Pair {
    of: String,
    taken: String,
    images: String,
    share: String,
    field: Option<String>,
}

/// The images of a class that were taken for the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Field {
    id: String,
    heading: String,
    /// Which of them are shown, and how many are not.
    shown: String,
    tiles: Vec<Tile>,
}

/// More cells make no table, of all runs together: only the most frequent mistakes are told.
const MOST_CELLS: usize = 10_000;
/// As many mistakes are listed.
const MOST_PAIRS: usize = 12;
/// As many images of a field are shown.
const MOST_IMAGES: usize = 12;

impl Confusion {
    /// Of a run whose names in the page begin with `id`, and that may take `share` of it.
    /// `images` takes what place there is.
    pub fn of(
        source: &Source,
        id: &str,
        images: &mut Part<Images<'_>>,
        share: Share,
    ) -> Part<Self> {
        let evaluation = source.evaluation.as_ref().map_err(String::clone)?;
        let matrix = &evaluation.confusion;
        let classes = matrix.len();
        let tabled = classes * classes <= share.of(MOST_CELLS);

        let mut mistakes: Vec<[usize; 2]> = Vec::new();
        for (class, row) in matrix.iter().enumerate() {
            let wrong = (0..row.len()).filter(|&taken| taken != class && row[taken] > 0);
            mistakes.extend(wrong.map(|taken| [class, taken]));
        }
        // A stable sort: of equals, in the order of the table.
        mistakes.sort_by_key(|&[class, taken]| std::cmp::Reverse(matrix[class][taken]));
        let listed = &mistakes[..mistakes.len().min(MOST_PAIRS)];

        let mut wanted: Vec<[usize; 2]> = match tabled {
            true => mistakes.clone(),
            false => listed.to_vec(),
        };
        if tabled {
            wanted.extend((0..classes).map(|class| [class, class]));
        }
        let (tiles, note) = match images {
            Ok(images) => (chosen(images, &wanted), None),
            Err(problem) => (BTreeMap::new(), Some(problem.clone())),
        };
        let name = |class, taken| format!("{id}-{class}-{taken}");
        let field = |class, taken| {
            let known = tiles.contains_key(&[class, taken]);
            known.then(|| name(class, taken))
        };
        let heading = |class: usize, taken: usize| {
            let count = matrix[class][taken];
            let images = if count == 1 { "image" } else { "images" };
            let verb = if count == 1 { "was" } else { "were" };
            format!(
                "{} {images} of {} {verb} taken for {}",
                grouped(count),
                source.class(class),
                source.class(taken)
            )
        };
        let rows = matrix.iter().enumerate().map(|(class, row)| {
            let all: usize = row.iter().sum();
            let cells = row.iter().enumerate().map(|(taken, &images)| Cell {
                images,
                text: grouped(images),
                heat: heat(images, all),
                right: taken == class,
                field: field(class, taken),
                label: heading(class, taken),
            });
            Row {
                name: source.class(class),
                cells: cells.collect(),
            }
        });
        let pairs = listed.iter().map(|&[class, taken]| {
            let all: usize = matrix[class].iter().sum();
            Pair {
                of: source.class(class),
                taken: source.class(taken),
                images: grouped(matrix[class][taken]),
                share: percent(matrix[class][taken] as f64 / all.max(1) as f64),
                field: field(class, taken),
            }
        });
        let (rows, pairs) = (
            if tabled { rows.collect() } else { Vec::new() },
            pairs.collect(),
        );
        let fields = tiles.into_iter().map(|([class, taken], tiles)| Field {
            id: name(class, taken),
            heading: heading(class, taken),
            shown: shown(tiles.len(), matrix[class][taken], class == taken),
            tiles,
        });
        Ok(Self {
            columns: (0..classes).map(|class| source.class(class)).collect(),
            rows,
            pairs,
            fields: fields.collect(),
            note,
            classes,
        })
    }
}

/// The images of fields, as many as there is place for: first one of each, then a second
/// one. Of mistakes the most confident, of what was told right the least confident.
fn chosen(images: &mut Images<'_>, wanted: &[[usize; 2]]) -> BTreeMap<[usize; 2], Vec<Tile>> {
    let mut of_field: BTreeMap<[usize; 2], Vec<usize>> = BTreeMap::new();
    let predictions = images.predictions();
    for (index, image) in predictions.iter().enumerate() {
        let field = [image.label.into(), image.predicted.into()];
        of_field.entry(field).or_default().push(index);
    }
    for ([class, taken], indices) in &mut of_field {
        let confidence = |index: &usize| predictions[*index].confidence;
        match class == taken {
            true => indices.sort_by(|a, b| confidence(a).total_cmp(&confidence(b))),
            false => indices.sort_by(|a, b| confidence(b).total_cmp(&confidence(a))),
        }
    }
    let mut tiles: BTreeMap<[usize; 2], Vec<Tile>> = BTreeMap::new();
    for place in 0..MOST_IMAGES {
        for field in wanted {
            let Some(&index) = of_field.get(field).and_then(|of| of.get(place)) else {
                continue;
            };
            match images.tile(index) {
                Some(tile) => tiles.entry(*field).or_default().push(tile),
                None => return tiles,
            }
        }
    }
    tiles
}

/// By the share of the images of the class; with the root, so that few are to be seen.
fn heat(images: usize, all: usize) -> f64 {
    match images {
        0 => 0.0,
        images => {
            let share = (images as f64 / all.max(1) as f64).sqrt();
            (100.0 * (0.1 + 0.9 * share)).round() / 100.0
        }
    }
}

fn shown(shown: usize, all: usize, right: bool) -> String {
    let order = if right { "least" } else { "most" };
    match all.saturating_sub(shown) {
        0 => format!("The {order} confident first."),
        left_out if shown == 1 => format!(
            "The {order} confident; {} more left out.",
            grouped(left_out)
        ),
        left_out => format!(
            "The {shown} {order} confident; {} more left out.",
            grouped(left_out)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heat_grows_with_the_share() {
        assert_eq!([heat(0, 0), heat(0, 10), heat(10, 10)], [0.0, 0.0, 1.0]);
        assert!(heat(1, 1000) > 0.1 && heat(1, 1000) < heat(2, 1000));
    }

    #[test]
    fn how_many_are_left_out_is_said() {
        assert_eq!(shown(3, 3, false), "The most confident first.");
        assert_eq!(shown(1, 5, false), "The most confident; 4 more left out.");
        assert_eq!(
            shown(12, 5012, true),
            "The 12 least confident; 5,000 more left out."
        );
    }
}
