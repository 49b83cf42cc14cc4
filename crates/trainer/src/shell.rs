//! Commands that are suggested, as a POSIX shell takes them.

use std::fmt::Display;

/// The words of a command, with quotes where a shell needs them.
#[must_use]
pub fn command_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(in_shell).collect();
    quoted.join(" ")
}

/// A word of a command, quoted where a shell needs it.
#[must_use]
pub fn in_shell(word: impl Display) -> String {
    let word = word.to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word,
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        let words = ["train", "--set", "optimizer={lr=1}", "a b'c", ""];
        let expected = r"train --set 'optimizer={lr=1}' 'a b'\''c' ''";
        assert_eq!(command_of(words), expected);
    }
}
