//! The variables of the environment that the kernels look at.

use std::{env, fmt};

use crate::switch;

/// A variable of the environment whose value says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongVariable {
    /// Its name.
    pub name: &'static str,
    /// Its value, in small letters.
    pub value: String,
    /// The values that say something.
    pub known: Vec<&'static str>,
}

impl fmt::Display for WrongVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.join(", ");
        write!(f, "{}={}: it can be {known}", self.name, self.value)
    }
}

impl std::error::Error for WrongVariable {}

/// Looks at `KILN_KERNELS` (`on` or `off`) and `KILN_SIMD` (a level of vectors that the machine
/// has: `scalar`, `avx2`, `avx512` or `neon`). Empty, they are as good as not there; a value that
/// says nothing is passed over by the kernels, and so it is better told at the start.
///
/// # Errors
/// [`WrongVariable`] for the first whose value says nothing.
pub fn check_environment() -> Result<(), WrongVariable> {
    #[cfg_attr(not(feature = "flex"), allow(unused_mut))]
    let mut variables = vec![(switch::VARIABLE, [switch::ON, switch::OFF].concat())];
    #[cfg(feature = "flex")]
    {
        let levels = crate::simd::Level::all().into_iter();
        let names = levels.map(crate::simd::Level::name).collect();
        variables.push((crate::simd::VARIABLE, names));
    }
    for (name, known) in variables {
        if let Some(word) = word(name) {
            check(name, word, known)?;
        }
    }
    Ok(())
}

/// What a variable says; nothing if it is not there or empty.
pub(crate) fn word(name: &str) -> Option<String> {
    word_of(&env::var_os(name)?.to_string_lossy())
}

fn word_of(value: &str) -> Option<String> {
    let word = value.trim().to_ascii_lowercase();
    Some(word).filter(|word| !word.is_empty())
}

fn check(name: &'static str, value: String, known: Vec<&'static str>) -> Result<(), WrongVariable> {
    match known.contains(&value.as_str()) {
        true => Ok(()),
        false => Err(WrongVariable { name, value, known }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_is_told() {
        let check = |value: &str| check("KILN_KERNELS", value.into(), vec!["on", "off"]);
        for right in ["on", "off"] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        assert_eq!(word_of(" OFF "), Some("off".into()));
        assert_eq!(word_of(" "), None);
        let wrong = check("of").unwrap_err();
        assert_eq!(wrong.to_string(), "KILN_KERNELS=of: it can be on, off");
    }
}
