//! The figures of classes, as tables on a terminal.

use std::fmt::{self, Write};

use trainer::Evaluation;

/// The widest of the names, and of `heading`.
fn width(names: &[String], heading: &str) -> usize {
    let widths = names.iter().map(|name| name.chars().count());
    widths.max().unwrap_or(0).max(heading.len())
}

/// A line for each class.
pub fn classes(text: &mut String, names: &[String], found: &Evaluation) -> fmt::Result {
    let width = width(names, "class");
    writeln!(
        text,
        "{:<width$}  precision  recall      F1  images",
        "class"
    )?;
    for (name, scores) in names.iter().zip(&found.classes) {
        writeln!(
            text,
            "{name:<width$}  {:>9.4}  {:>6.4}  {:>6.4}  {:>6}",
            scores.precision, scores.recall, scores.f1, scores.support
        )?;
    }
    Ok(())
}

/// Images of each class by what they were taken for.
pub fn confusion(text: &mut String, names: &[String], found: &Evaluation) -> fmt::Result {
    let number = names.len().saturating_sub(1).to_string().len();
    let count = found.confusion.iter().flatten().max().unwrap_or(&0);
    let cell = count.to_string().len().max(number);
    let heading = "class";
    let width = width(names, heading);
    writeln!(
        text,
        "\nimages of each class (row) by what they were taken for (column)"
    )?;
    write!(text, "{:number$}  {heading:<width$}", "")?;
    for class in 0..names.len() {
        write!(text, "  {class:>cell$}")?;
    }
    writeln!(text)?;
    for (class, (name, row)) in names.iter().zip(&found.confusion).enumerate() {
        write!(text, "{class:>number$}  {name:<width$}")?;
        for images in row {
            write!(text, "  {images:>cell$}")?;
        }
        writeln!(text)?;
    }
    Ok(())
}
