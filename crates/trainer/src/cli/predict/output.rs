//! Predictions as text.

use std::{borrow::Cow, fmt::Write, path::Path};

use data::folder::shown;
use serde_json::json;
use trainer::{Guess, csv_cell};

use super::Input;

/// How predictions are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Table,
    /// An object a line.
    Json,
    /// For spreadsheets.
    Csv,
}

/// What is told of an image.
pub struct Row<'a> {
    pub image: Cow<'a, str>,
    /// The most probable first.
    pub guesses: Vec<Guess>,
    /// Whether the network got it inverted.
    pub inverted: bool,
    /// Whether the image as it is has another ground than the training images.
    pub looks_inverted: bool,
}

/// Prints predictions, row by row.
pub struct Output<'a> {
    format: Format,
    top_k: usize,
    classes: &'a [String],
    /// The widest name of an image, and of a class.
    image: usize,
    class: usize,
}

const IMAGE: &str = "image";
/// As wide as a probability: `100.00 %`.
const PROBABILITY: usize = 8;

impl<'a> Output<'a> {
    /// Of `top_k` classes of each of `images`.
    pub fn new(format: Format, top_k: usize, classes: &'a [String], images: &[Input]) -> Self {
        let image = images.iter().map(|input| width(&in_table(&input.name())));
        Self {
            format,
            top_k,
            classes,
            image: image.max().unwrap_or(0).max(IMAGE.len()),
            class: classes.iter().map(|name| width(name)).max().unwrap_or(0),
        }
    }

    /// What comes before the rows: on a terminal also `about`, lines.
    pub fn heading(&self, about: &str) -> String {
        let mut text = String::new();
        match self.format {
            Format::Json => {}
            Format::Csv => {
                text += IMAGE;
                for rank in 1..=self.top_k {
                    text += &format!(",class_{rank},probability_{rank}");
                }
                text += ",inverted,looks_inverted\n";
            }
            Format::Table => {
                text = format!("{about}\n{IMAGE:<width$}", width = self.image);
                for rank in 1..=self.top_k {
                    let width = self.class + 2 + PROBABILITY;
                    text += &format!("  {:<width$}", format!("#{rank}"));
                }
                text.truncate(text.trim_end().len());
                text.push('\n');
            }
        }
        text
    }

    /// The line of an image.
    pub fn row(&self, row: &Row<'_>) -> String {
        match self.format {
            Format::Table => self.line(row),
            Format::Json => {
                let guess = |guess: &Guess| {
                    json!({
                        "class": self.classes[guess.label],
                        "label": guess.label,
                        "probability": guess.probability,
                    })
                };
                let object = json!({
                    "image": row.image,
                    "predictions": row.guesses.iter().map(guess).collect::<Vec<_>>(),
                    "inverted": row.inverted,
                    "looks_inverted": row.looks_inverted,
                });
                format!("{object}\n")
            }
            Format::Csv => {
                let mut text = csv_cell(&row.image);
                for guess in &row.guesses {
                    let class = csv_cell(&self.classes[guess.label]);
                    text += &format!(",{class},{}", guess.probability);
                }
                text + &format!(",{},{}\n", row.inverted, row.looks_inverted)
            }
        }
    }

    fn line(&self, row: &Row<'_>) -> String {
        let mut text = padded(&in_table(&row.image), self.image);
        for guess in &row.guesses {
            text += "  ";
            text += &padded(&self.classes[guess.label], self.class);
            // A string takes any formatting.
            let _ = write!(text, "  {:>6.2} %", 100.0 * guess.probability);
        }
        text += match (row.inverted, row.looks_inverted) {
            (true, _) => "  inverted",
            (false, true) => "  looks inverted",
            _ => "",
        };
        text + "\n"
    }
}

/// A name without what a terminal would obey.
fn in_table(name: &str) -> String {
    shown(Path::new(name))
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn padded(text: &str, width: usize) -> String {
    format!("{text:<width$}")
}
