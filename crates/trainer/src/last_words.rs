//! What a process that failed has to say for itself.

/// Of what it wrote on standard error: the error that the program told, or memory that could
/// not be had, or what a panic says, or the last line. The last of several errors: drivers
/// tell theirs before.
#[must_use]
pub fn last_words(errors: &str) -> Option<String> {
    let lines = errors.lines().map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let told = || {
        let mut lines = lines.iter().rev();
        lines.find_map(|line| line.strip_prefix("error: "))
    };
    let allocation = || {
        let mut lines = lines.iter().copied();
        lines.find(|line| line.starts_with("memory allocation of"))
    };
    // The message of a panic is on the next line. The first panic, for it may bring others.
    let panic = || {
        let mut lines = lines.iter().copied();
        lines.find(|line| line.contains("panicked at"))?;
        lines.next()
    };
    let words = told().or_else(allocation).or_else(panic);
    words.or(lines.last().copied()).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_found_among_what_drivers_say() {
        let driver = "error: XDG_RUNTIME_DIR is invalid or not set in the environment.\n";
        let panic = "\nthread 'main' (17) panicked at src/wgpu.rs:3:4:\nno device: lost\nnote: run \
                     with `RUST_BACKTRACE=1`\n";
        for (said, expected) in [
            (
                format!("{driver}warning: slow\nerror: no adapter\n  and more\n"),
                "no adapter",
            ),
            (panic.into(), "no device: lost"),
            (
                "memory allocation of 99 bytes failed\nstack backtrace\n".into(),
                "memory allocation of 99 bytes failed",
            ),
            ("Aborted\n\n".into(), "Aborted"),
        ] {
            assert_eq!(last_words(&said).as_deref(), Some(expected), "{said}");
        }
        assert_eq!(last_words(" \n"), None);
    }
}
