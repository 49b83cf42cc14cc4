//! The measurements as a file, and as a table.

use serde::{Deserialize, Serialize};

use crate::bench::cases::{Measured, cases};

/// A measurement: a line of `data.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub date: String,
    pub cpu: String,
    pub cores: usize,
    /// Of Kiln's loader; the processes of torchvision's.
    pub threads: usize,
    pub kiln: String,
    /// torchvision's version; empty of others.
    pub torchvision: String,
    pub batch: usize,
    pub recipe: String,
    pub contestant: String,
    /// From 1.
    pub round: usize,
    pub images_per_s: Option<f64>,
    /// The most memory of the process in this round, above what it had at its start and the
    /// data set, in 10⁶ bytes.
    pub memory_mb: Option<f64>,
    pub command: String,
    /// Why there is no measurement; else empty.
    #[serde(default)]
    pub error: String,
}

/// Who writes the values of images and does nothing else.
pub const MEMORY: &str = "memory";

impl Measured for Row {
    fn is_case_of(&self, other: &Self) -> bool {
        self.recipe == other.recipe
    }

    fn contestant(&self) -> &str {
        &self.contestant
    }

    fn speed(&self) -> Option<f64> {
        self.images_per_s
    }

    fn error(&self) -> &str {
        &self.error
    }
}

/// The heads of [`lines`].
pub fn heading() -> String {
    format!(
        "{:<13} {:<12} {:>9} {:>9} {:>9}  {:>10}  {}\n",
        "recipe", "who", "images/s", "ns/image", "MB above", "Kiln is ×", "min to max"
    )
}

/// A line for each contestant of each recipe.
pub fn lines(rows: &[Row]) -> String {
    let mut text = String::new();
    let shown = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.0}"));
    for case in cases(rows) {
        for side in &case.sides {
            let speed = side.median(Row::speed);
            let mut line = format!(
                "{:<13} {:<12} {:>9} {:>9} {:>9}",
                case.first().recipe,
                side.name(),
                shown(speed),
                shown(speed.map(|speed| 1e9 / speed)),
                shown(side.median(|row| row.memory_mb)),
            );
            let kiln = case.side("kiln").filter(|_| side.name() != "kiln");
            if let Some(ratio) = kiln.and_then(|kiln| kiln.ratio_to(side)) {
                let range = format!("{:.1} to {:.1}", ratio.lowest, ratio.highest);
                line += &format!("  {:>10.1}  {range}", ratio.median);
            }
            if let Some(error) = side.error() {
                line += &format!("  failed: {error}");
            }
            text += &(line + "\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(contestant: &str, speed: Result<f64, &str>, memory: Option<f64>) -> Row {
        Row {
            date: "2026-03-14".into(),
            cpu: "A".into(),
            cores: 2,
            threads: 2,
            kiln: "0.1.0".into(),
            torchvision: String::new(),
            batch: 256,
            recipe: "crop, flip".into(),
            contestant: contestant.into(),
            round: 1,
            images_per_s: speed.ok(),
            memory_mb: memory,
            command: "c".into(),
            error: speed.err().unwrap_or_default().into(),
        }
    }

    #[test]
    fn a_line_for_each_contestant() {
        let rows = [
            row("kiln", Ok(250_000.0), Some(20.6)),
            row("torchvision", Ok(5_000.0), None),
            row("torchvision", Err("no torchvision"), None),
        ];
        assert_eq!(
            lines(&rows),
            "crop, flip    kiln            250000      4000        21\n\
             crop, flip    torchvision       5000    200000         -        50.0  50.0 to 50.0  \
             failed: no torchvision\n"
        );
    }
}
