use std::fs;

/// The most memory that this process has had since its beginning (its resident set), in
/// megabytes (10⁶ bytes). `None` where the system does not tell: only Linux does, in
/// `/proc/self/status`.
#[must_use]
pub fn peak_rss_mb() -> Option<f64> {
    peak_of(&fs::read_to_string("/proc/self/status").ok()?)
}

/// Of the text of such a file.
fn peak_of(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_high_water_mark() {
        let status = "Name:\tkiln\nVmPeak:\t    9000 kB\nVmHWM:\t    2500 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(peak_of(status), Some(2.56));
        assert_eq!(peak_of("VmHWM:\t2500\n"), None);
        assert_eq!(peak_of(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_that_is_used_counts() {
        let bytes = vec![1_u8; 80_000_000];
        let peak = peak_rss_mb().unwrap();
        assert!(
            peak > 80.0 && std::hint::black_box(&bytes)[7] == 1,
            "{peak}"
        );
    }
}
