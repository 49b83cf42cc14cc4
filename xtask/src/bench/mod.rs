//! `cargo xtask bench`: measurements, with the peer's in the same run.

mod contest;
pub mod data;
mod machine;
pub mod overhead;
mod rows;
pub mod train;

use std::fs;

/// The median of `values`.
///
/// # Panics
/// If there are none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => (values[middle - 1] + values[middle]) / 2.0,
        _ => values[middle],
    }
}

/// A line of /proc/self/status in megabytes (10⁶ bytes); none where there is no
/// such file.
fn memory(line: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with(line))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}
