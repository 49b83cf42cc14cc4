//! Numbers as the README has them.

/// Rounded to a whole number, with commas: `1,193`.
pub fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    match value < 0.0 && digits != "0" {
        true => format!("−{text}"),
        false => text,
    }
}

/// Rounded to so many digits that count, at least 1: `537,000`, `36.0`, `0.83`.
pub fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    // 9.96 to two digits is 10, which has one more before the point.
    let place = |value: f64| value.abs().log10().floor() as i32 + 1 - digits;
    let rounded = round(value, place(value));
    match -place(rounded) {
        decimals if decimals > 0 => format!("{rounded:.*}", decimals as usize),
        _ => thousands(rounded),
    }
}

/// To a multiple of 10 to the power of `place`.
fn round(value: f64, place: i32) -> f64 {
    match place {
        0.. => (value / 10_f64.powi(place)).round() * 10_f64.powi(place),
        _ => (value * 10_f64.powi(-place)).round() / 10_f64.powi(-place),
    }
}

/// A time that was measured, of which the third digit is noise if it is short: `9.3`, `24.2`.
pub fn timing(value: f64) -> String {
    significant(value, if value < 10.0 { 2 } else { 3 })
}

/// With a sign, in as many decimals as `decimals`: `+12`, `−1.2`.
pub fn signed(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let nothing = digits.chars().all(|c| c == '0' || c == '.');
    match (nothing, value < 0.0) {
        (true, _) => digits,
        (_, true) => format!("−{digits}"),
        (_, false) => format!("+{digits}"),
    }
}

/// Of an experiment: `4.2 s`, `1 min 4 s`, `1 h 2 min`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds < 9.95 => format!("{seconds:.1} s"),
        ..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => {
            let minutes = (seconds / 60.0).round() as u64;
            format!("{} h {} min", minutes / 60, minutes % 60)
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_that_count() {
        let rounded = [536_911.0, 4_786.2, 999.7, 24.16, 9.96, 0.0834, 0.0]
            .map(|value| significant(value, 3));
        assert_eq!(
            rounded,
            ["537,000", "4,790", "1,000", "24.2", "9.96", "0.0834", "0"]
        );
        assert_eq!(significant(9.96, 2), "10");
        assert_eq!(
            [9.271, 24.16, 483.2, 1204.0].map(timing),
            ["9.3", "24.2", "483", "1,200"]
        );
    }

    #[test]
    fn commas_and_signs() {
        assert_eq!(
            [0.4, 999.4, 1192.6, 1e6, -1500.0].map(thousands),
            ["0", "999", "1,193", "1,000,000", "−1,500"]
        );
        assert_eq!(signed(-1.24, 1), "−1.2");
        assert_eq!(signed(11.7, 0), "+12");
        assert_eq!(signed(-0.04, 1), "0.0");
    }

    #[test]
    fn times_in_the_unit_that_fits() {
        assert_eq!(
            [4.21, 9.97, 59.4, 59.6, 64.0, 3599.6, 3724.0].map(duration),
            [
                "4.2 s",
                "10 s",
                "59 s",
                "1 min 0 s",
                "1 min 4 s",
                "1 h 0 min",
                "1 h 2 min"
            ]
        );
    }

    #[test]
    fn lists() {
        let words = ["a", "b", "c"].map(String::from);
        assert_eq!(listed(&words[..1]), "a");
        assert_eq!(listed(&words[..2]), "a and b");
        assert_eq!(listed(&words), "a, b and c");
    }
}
