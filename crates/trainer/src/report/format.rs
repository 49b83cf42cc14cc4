//! Numbers as the page writes them.

pub(super) use models::grouped;

/// `0.8739` as `87.39 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// With four digits after the point; of large and tiny numbers three digits in all.
pub(super) fn score(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 || (size > 0.0 && size < 1e-3) => short(value),
        _ => format!("{value:.4}"),
    }
}

/// With three digits: `0.05`, `2.77e-8`, `61,700`.
pub(super) fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let digits = format!("{value:.2e}");
    let rounded: f64 = digits.parse().unwrap_or(value);
    match rounded.abs() {
        size if (1e-3..1e5).contains(&size) => rounded.to_string(),
        _ => match digits.split_once('e') {
            Some((number, power)) => {
                let number = number.trim_end_matches('0').trim_end_matches('.');
                format!("{number}e{power}")
            }
            None => digits,
        },
    }
}

/// Of images a second: `11,204`, `3.21`.
pub(super) fn rate(value: f64) -> String {
    match value {
        value if value >= 100.0 => grouped(value.round() as usize),
        value => short(value),
    }
}

/// `9.04` as `9.0 s`, `125` as `2 min 5 s`, `3780` as `1 h 3 min`.
pub(super) fn seconds(seconds: f64) -> String {
    if seconds < 0.995 {
        return format!("{:.0} ms", 1e3 * seconds);
    }
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, rest) => format!("{minutes} min {rest} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// `1 image`, `2,000 images`; `thing` in the singular.
pub(super) fn count(number: usize, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {thing}{ending}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_tell_something() {
        for (value, expected) in [
            (0.0, "0"),
            (0.05, "0.05"),
            (0.045_247, "0.0452"),
            (2.771e-8, "2.77e-8"),
            (2.5e-4, "2.5e-4"),
            (1e-4, "1e-4"),
            (99_999.0, "1e5"),
            (12_345.0, "12300"),
            (1e30, "1e30"),
            (-0.5, "-0.5"),
        ] {
            assert_eq!(short(value), expected);
        }
        assert_eq!(percent(0.873_9), "87.39 %");
        assert_eq!(
            [0.34051, 3e-5, 0.0].map(score),
            ["0.3405", "3e-5", "0.0000"]
        );
        for (value, expected) in [
            (0.05, "50 ms"),
            (9.04, "9.0 s"),
            (59.96, "1 min"),
            (125.2, "2 min 5 s"),
            (3600.0, "1 h"),
            (3780.0, "1 h 3 min"),
        ] {
            assert_eq!(seconds(value), expected);
        }
        assert_eq!(
            [1, 2000].map(|n| count(n, "image")),
            ["1 image", "2,000 images"]
        );
    }
}
