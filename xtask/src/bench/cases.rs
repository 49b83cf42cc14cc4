//! Measurements of several contestants, beside each other.

use anyhow::bail;

use super::median;

/// What is asked of a row.
pub trait Measured {
    /// What was measured: rows of the same case are compared.
    fn is_case_of(&self, other: &Self) -> bool;

    /// Who was measured.
    fn contestant(&self) -> &str;

    /// How fast, in any unit; `None` if it failed.
    fn speed(&self) -> Option<f64>;

    /// Why it failed; empty if it did not.
    fn error(&self) -> &str;
}

/// A case, and all that were measured in it, in the order of their first turn.
pub struct Case<'a, R> {
    pub sides: Vec<Side<'a, R>>,
}

/// The measurements of a contestant in a case, round by round.
pub struct Side<'a, R> {
    pub rows: Vec<&'a R>,
}

/// How many times as fast as another: of two measurements right after each other, and
/// over all rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    pub median: f64,
    pub lowest: f64,
    pub highest: f64,
}

/// The cases of a file, in its order.
pub fn cases<R: Measured>(rows: &[R]) -> Vec<Case<'_, R>> {
    let mut cases: Vec<Case<R>> = Vec::new();
    for row in rows {
        let of_case = |case: &&mut Case<R>| case.first().is_case_of(row);
        let Some(case) = cases.iter_mut().find(of_case) else {
            let side = Side { rows: vec![row] };
            cases.push(Case { sides: vec![side] });
            continue;
        };
        let mut sides = case.sides.iter_mut();
        match sides.find(|side| side.name() == row.contestant()) {
            Some(side) => side.rows.push(row),
            None => case.sides.push(Side { rows: vec![row] }),
        }
    }
    cases
}

/// How a chore ends that made these rows.
///
/// # Errors
/// If one of them failed.
pub fn ended<R: Measured>(rows: &[R]) -> anyhow::Result<()> {
    match rows.iter().filter(|row| !row.error().is_empty()).count() {
        0 => Ok(()),
        failed => bail!("{failed} of {} measurements failed", rows.len()),
    }
}

impl<'a, R: Measured> Case<'a, R> {
    /// A row, for what all have in common.
    pub fn first(&self) -> &'a R {
        self.sides[0].rows[0]
    }

    /// The contestant of that name.
    pub fn side(&self, name: &str) -> Option<&Side<'a, R>> {
        self.sides.iter().find(|side| side.name() == name)
    }
}

impl<'a, R: Measured> Side<'a, R> {
    pub fn name(&self) -> &'a str {
        self.rows[0].contestant()
    }

    /// Why it failed, if it ever did.
    pub fn error(&self) -> Option<&'a str> {
        let mut errors = self.rows.iter().map(|row| row.error());
        errors.find(|error| !error.is_empty())
    }

    /// Over the rounds in which it did not fail; `None` without any.
    pub fn median(&self, value: impl Fn(&R) -> Option<f64>) -> Option<f64> {
        let values: Vec<f64> = self.rows.iter().filter_map(|row| value(row)).collect();
        (!values.is_empty()).then(|| median(values))
    }

    /// How many times as fast it was as another.
    pub fn ratio_to(&self, other: &Self) -> Option<Ratio> {
        let pairs = self.rows.iter().zip(&other.rows);
        let mut ratios: Vec<f64> = pairs
            .filter_map(|(own, other)| Some(own.speed()? / other.speed()?))
            .collect();
        ratios.sort_by(f64::total_cmp);
        let (&lowest, &highest) = (ratios.first()?, ratios.last()?);
        Some(Ratio {
            median: median(ratios),
            lowest,
            highest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Row(&'static str, &'static str, Option<f64>);

    impl Measured for Row {
        fn is_case_of(&self, other: &Self) -> bool {
            self.0 == other.0
        }

        fn contestant(&self) -> &str {
            self.1
        }

        fn speed(&self) -> Option<f64> {
            self.2
        }

        fn error(&self) -> &str {
            if self.2.is_none() {
                "out of memory"
            } else {
                ""
            }
        }
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        let rows = [
            Row("x", "kiln", Some(10.0)),
            Row("x", "torch", Some(5.0)),
            Row("y", "kiln", Some(1.0)),
            Row("x", "torch", Some(3.0)),
            Row("x", "kiln", Some(9.0)),
            Row("x", "kiln", Some(20.0)),
            Row("x", "torch", Some(8.0)),
        ];
        let found = cases(&rows);
        assert_eq!(found.len(), 2);
        let [kiln, torch] = ["kiln", "torch"].map(|name| found[0].side(name).unwrap());
        let expected = Ratio {
            median: 2.5,
            lowest: 2.0,
            highest: 3.0,
        };
        assert_eq!(kiln.ratio_to(torch), Some(expected));
        assert_eq!(torch.median(Row::speed), Some(5.0));
        assert!(found[1].side("torch").is_none());
    }

    #[test]
    fn a_round_that_failed_counts_for_nobody() {
        let rows = [
            Row("x", "kiln", Some(10.0)),
            Row("x", "torch", None),
            Row("x", "kiln", Some(30.0)),
            Row("x", "torch", Some(10.0)),
        ];
        let found = cases(&rows);
        let [kiln, torch] = ["kiln", "torch"].map(|name| found[0].side(name).unwrap());
        assert_eq!(kiln.ratio_to(torch).map(|ratio| ratio.median), Some(3.0));
        assert_eq!(torch.error(), Some("out of memory"));
        assert_eq!(kiln.error(), None);
    }
}
