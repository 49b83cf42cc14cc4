//! What became of each image, as a table.

use std::num::{ParseFloatError, ParseIntError};

/// What a network took an image of known class for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestPrediction {
    /// The class of the image.
    pub label: u16,
    /// The class that it was taken for.
    pub predicted: u16,
    /// The probability that the network gave to that, 0 to 1.
    pub confidence: f32,
}

const HEADER: &str = "index,label,predicted,confidence";

impl TestPrediction {
    /// Whether the class was told.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.label == self.predicted
    }

    /// A table of CSV: the image's place in its set, from 0, and what became of it.
    pub(crate) fn to_csv(predictions: &[Self]) -> String {
        let mut text = format!("{HEADER}\n");
        for (index, image) in predictions.iter().enumerate() {
            text += &format!(
                "{index},{},{},{:.6}\n",
                image.label, image.predicted, image.confidence
            );
        }
        text
    }

    /// What [`to_csv`](Self::to_csv) wrote.
    ///
    /// # Errors
    /// What is wrong, and in which line.
    pub(crate) fn from_csv(text: &str) -> Result<Vec<Self>, String> {
        let mut lines = text.lines();
        match lines.next() {
            Some(HEADER) => {}
            other => {
                return Err(format!(
                    "line 1 is `{}`, and not `{HEADER}`",
                    other.unwrap_or_default()
                ));
            }
        }
        let row = |(index, line): (usize, &str)| {
            Self::of_row(index, line).ok_or_else(|| {
                format!(
                    "line {} is `{line}`, and not the row of image {index}",
                    index + 2
                )
            })
        };
        lines.enumerate().map(row).collect()
    }

    fn of_row(index: usize, line: &str) -> Option<Self> {
        let cells: Vec<&str> = line.split(',').collect();
        let [at, label, predicted, confidence] = cells[..] else {
            return None;
        };
        let class = |cell: &str| -> Result<u16, ParseIntError> { cell.parse() };
        let share: Result<f32, ParseFloatError> = confidence.parse();
        Some(Self {
            label: class(label).ok()?,
            predicted: class(predicted).ok()?,
            confidence: share.ok().filter(|share| (0.0..=1.0).contains(share))?,
        })
        .filter(|_| at.parse() == Ok(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let images = [(3, 3, 0.5), (9, 4, 1.0), (0, 1, 0.125)];
        let images = images.map(|(label, predicted, confidence)| TestPrediction {
            label,
            predicted,
            confidence,
        });
        let text = TestPrediction::to_csv(&images);
        assert_eq!(TestPrediction::from_csv(&text).unwrap(), images);
        assert_eq!(TestPrediction::from_csv(&format!("{HEADER}\n")), Ok(vec![]));
    }

    #[test]
    fn what_is_no_table_is_told_with_its_line() {
        for (text, words) in [
            ("", "line 1 is ``"),
            ("a,b\n", "line 1 is `a,b`"),
            ("0,1,2\n", "line 2 is `0,1,2`"),
            ("0,1,2,0.5\n0,1,2,0.5\n", "line 3"),
            ("0,1,2,1.5\n", "line 2"),
            ("0,1,2,nan\n", "line 2"),
            ("0,-1,2,0.5\n", "line 2"),
            ("0,70000,2,0.5\n", "line 2"),
        ] {
            let text = match words.starts_with("line 1") {
                true => text.into(),
                false => format!("{HEADER}\n{text}"),
            };
            let error = TestPrediction::from_csv(&text).unwrap_err();
            assert!(error.starts_with(words), "{error}");
        }
    }
}
