//! Two texts beside each other.

/// The lines in which two texts differ: those of the first after `-`, those of the second
/// after `+`, without what is the same before and behind.
pub fn diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let pairs = || old.iter().zip(&new);
    let before = pairs().take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - before;
    let back = old.iter().rev().zip(new.iter().rev()).take(most);
    let behind = back.take_while(|(a, b)| a == b).count();
    let part = |lines: &[&str], sign: char| {
        let lines = &lines[before..lines.len() - behind];
        lines
            .iter()
            .map(|line| format!("{sign}{line}\n"))
            .collect::<String>()
    };
    part(&old, '-') + &part(&new, '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs() {
        assert_eq!(diff("a\nb\nc\n", "a\nx\ny\nc\n"), "-b\n+x\n+y\n");
        assert_eq!(diff("a\n", "a\n"), "");
        assert_eq!(diff("a\na\n", "a\n"), "-a\n");
        assert_eq!(diff("", "a\n"), "+a\n");
    }
}
