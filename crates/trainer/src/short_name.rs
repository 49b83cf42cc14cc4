//! Names of networks and data sets as parts of file names.

/// Characters that such a part may have: file names have an end.
const LONGEST: usize = 40;

/// `name` as a part of a file name: lower-case ASCII letters, digits, `_` and `-`, at
/// most 40, with no `-` at the ends; `fallback` if nothing of it is left.
pub(crate) fn short_name(name: &str, fallback: &str) -> String {
    let part = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || c == '_' => c,
        _ => '-',
    };
    let plain: String = name.chars().map(part).collect();
    // All of it is ASCII: a byte is a character.
    let plain = plain.trim_matches('-');
    let cut = &plain[..plain.len().min(LONGEST)];
    match cut.trim_end_matches('-') {
        "" => fallback.into(),
        short => short.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_one_part_of_a_path() {
        let long = "x".repeat(39);
        for (name, expected) in [
            ("My Net.v2/é_1", "my-net-v2--_1"),
            ("fashion-mnist", "fashion-mnist"),
            (" (new) ", "new"),
            ("сеть", "network"),
            ("..", "network"),
            ("", "network"),
            (&format!("{long} y"), &long),
            (&format!("-{long}yz"), &format!("{long}y")),
        ] {
            assert_eq!(short_name(name, "network"), expected, "{name}");
        }
        for architecture in models::architectures() {
            assert_eq!(short_name(architecture.name, ""), architecture.name);
        }
    }
}
