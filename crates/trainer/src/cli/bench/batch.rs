use std::{fmt, str::FromStr};

/// The images of a step, as they are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchChoice {
    /// So many.
    Images(usize),
    /// As many as possible.
    Max,
}

impl FromStr for BatchChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("max", _) => Ok(Self::Max),
            (_, Ok(images)) => Ok(Self::Images(images)),
            _ => Err("expected a number of images, or `max`; several with commas between".into()),
        }
    }
}

impl fmt::Display for BatchChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Images(images) => images.fmt(f),
            Self::Max => f.pad("max"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_a_number_or_max() {
        for (text, expected) in [("64", BatchChoice::Images(64)), ("max", BatchChoice::Max)] {
            assert_eq!(text.parse(), Ok(expected));
            assert_eq!(expected.to_string(), text);
        }
        for wrong in ["", "Max", "maximum", "-1", "1.5", "99999999999999999999"] {
            assert!(wrong.parse::<BatchChoice>().is_err(), "{wrong}");
        }
    }
}
