//! The kinds of values that steps are set with, and what is wrong with one.

use serde::{Deserialize, Serialize};

/// A parameter that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The key of the step's table.
    pub key: &'static str,
    /// What is wrong with its value, and what would be possible.
    pub problem: String,
}

impl Problem {
    pub fn new(key: &'static str, problem: impl Into<String>) -> Self {
        Self {
            key,
            problem: problem.into(),
        }
    }
}

/// `Err` with `problem` unless `possible`.
pub(crate) fn require(
    key: &'static str,
    possible: bool,
    problem: impl FnOnce() -> String,
) -> Result<(), Problem> {
    match possible {
        true => Ok(()),
        false => Err(Problem::new(key, problem())),
    }
}

/// A probability, under the key `p`.
pub(crate) fn check_probability(p: f64) -> Result<(), Problem> {
    require("p", (0.0..=1.0).contains(&p), || {
        format!("{p} is not a probability, from 0 to 1")
    })
}

/// The largest number that is let through, of pixels, degrees or parts. More is
/// a mistake, and beyond it images would be lost where numbers become inexact.
pub(crate) const LARGEST: f64 = 1e6;

/// A place in pixels, under the key `center`.
pub(crate) fn check_center(center: Option<[f64; 2]>) -> Result<(), Problem> {
    let possible = center.iter().flatten().all(|at| at.abs() <= LARGEST);
    require("center", possible, || {
        format!("{center:?} is not a place: x and y in pixels, at most {LARGEST}")
    })
}

/// Least and most of something positive, from 1/[`LARGEST`] to [`LARGEST`].
pub(crate) fn check_positive(
    key: &'static str,
    [least, most]: [f64; 2],
    what: &str,
) -> Result<(), Problem> {
    let possible = 1.0 / LARGEST <= least && least <= most && most <= LARGEST;
    require(key, possible, || {
        format!(
            "from {least} to {most} are no {what}: least and most, from {} to {LARGEST}",
            1.0 / LARGEST
        )
    })
}

/// How values between pixels are found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Interpolation {
    /// The nearest pixel.
    #[default]
    Nearest,
    /// The weighted mean of the four pixels around.
    Bilinear,
}

/// A height and a width in pixels: `size = 32`, or `size = [height, width]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a size: pixels, or [height, width]")]
pub enum Size {
    /// As high as wide.
    Square(#[cfg_attr(feature = "schema", schemars(range(min = 1, max = 4096)))] usize),
    /// Height and width.
    Rectangle(
        #[cfg_attr(feature = "schema", schemars(inner(range(min = 1, max = 4096))))] [usize; 2],
    ),
}

impl From<usize> for Size {
    fn from(side: usize) -> Self {
        Self::Square(side)
    }
}

impl Size {
    /// The largest side that is let through.
    pub(crate) const MOST: usize = 1 << 12;

    /// `[height, width]`.
    #[must_use]
    pub fn pixels(self) -> [usize; 2] {
        match self {
            Self::Square(side) => [side, side],
            Self::Rectangle(sides) => sides,
        }
    }

    /// `[height, width]`, each from 1 to 4,096.
    pub(crate) fn check(self, key: &'static str) -> Result<[usize; 2], Problem> {
        let sides = self.pixels();
        let possible = sides.iter().all(|side| (1..=Self::MOST).contains(side));
        require(key, possible, || {
            let [height, width] = sides;
            format!(
                "{height}×{width} pixels: each side must be from 1 to {}",
                Self::MOST
            )
        })?;
        Ok(sides)
    }
}

/// Two values: `3` is 3 and 3, `[3, 5]` is as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a number, or a list of two")]
pub enum Pair<T> {
    /// The same twice.
    Both(T),
    /// One by one.
    Each([T; 2]),
}

impl<T: Copy> Pair<T> {
    /// Both values.
    pub(crate) fn values(self) -> [T; 2] {
        match self {
            Self::Both(value) => [value; 2],
            Self::Each(values) => values,
        }
    }
}

/// The colour of pixels that come from outside of the image, 0 to 255: one
/// number, or one for each channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    untagged,
    expecting = "a colour: 0 to 255, or a list with such a number for each channel"
)]
pub enum Fill {
    /// The same in every channel.
    Grey(u8),
    /// By channel.
    Channels(Vec<u8>),
}

impl Default for Fill {
    /// Black.
    fn default() -> Self {
        Self::Grey(0)
    }
}

impl Fill {
    /// The value of `channel`.
    ///
    /// # Panics
    /// If there is none: [`check`](Self::check) says so before.
    pub(crate) fn of(&self, channel: usize) -> u8 {
        match self {
            Self::Grey(value) => *value,
            Self::Channels(values) => values[channel],
        }
    }

    pub(crate) fn check(&self, key: &'static str, channels: usize) -> Result<(), Problem> {
        match self {
            Self::Channels(values) if values.len() != channels => Err(Problem::new(
                key,
                format!("{} values for {channels} channels", values.len()),
            )),
            _ => Ok(()),
        }
    }
}

/// From where to where a value is drawn: `degrees = 15` is −15 to 15,
/// `degrees = [0, 30]` is as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a number, or [least, most]")]
pub enum Interval {
    /// From minus the value to the value.
    Symmetric(f64),
    /// From the first to the second.
    Range([f64; 2]),
}

impl Interval {
    /// `[least, most]`.
    pub(crate) fn ends(self) -> [f64; 2] {
        match self {
            Self::Symmetric(most) => [-most, most],
            Self::Range(ends) => ends,
        }
    }

    /// That the ends are in order, and not beyond [`LARGEST`].
    pub(crate) fn check(self, key: &'static str) -> Result<[f64; 2], Problem> {
        let [least, most] = self.ends();
        let possible = -LARGEST <= least && least <= most && most <= LARGEST;
        require(key, possible, || match self {
            Self::Symmetric(value) => format!("{value} is not a number from 0 to {LARGEST}"),
            Self::Range(_) => {
                format!(
                    "from {least} to {most} is not a range, of numbers from -{LARGEST} to {LARGEST}"
                )
            }
        })?;
        Ok([least, most])
    }
}
