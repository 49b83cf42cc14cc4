//! The variables of the environment that the kernels look at.

use std::{env, fmt};

use crate::switch;

/// A variable of the environment whose value says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongVariable {
    /// Its name.
    pub name: &'static str,
    /// Its value.
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
        let value = env::var_os(name).unwrap_or_default();
        check(name, &value.to_string_lossy(), known)?;
    }
    Ok(())
}

fn check(name: &'static str, value: &str, known: Vec<&'static str>) -> Result<(), WrongVariable> {
    let plain = value.trim().to_ascii_lowercase();
    match plain.is_empty() || known.contains(&plain.as_str()) {
        true => Ok(()),
        false => Err(WrongVariable {
            name,
            value: value.into(),
            known,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_is_told() {
        let check = |value| check("KILN_KERNELS", value, vec!["on", "off"]);
        for right in ["", " ", "on", " OFF "] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        let wrong = check("of").unwrap_err();
        assert_eq!(wrong.to_string(), "KILN_KERNELS=of: it can be on, off");
    }
}
