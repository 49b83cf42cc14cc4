use std::fs;

/// The most memory that this process has had since its beginning (its resident set), in
/// megabytes (10⁶ bytes). `None` where the system does not tell: only Linux does, in
/// `/proc/self/status`.
#[must_use]
pub fn peak_rss_mb() -> Option<f64> {
    megabytes(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// The memory that a process has now (its resident set), in megabytes (10⁶ bytes). `None`
/// where the system does not tell, and of a process that is gone.
#[must_use]
pub fn rss_mb(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"));
    megabytes(&status.ok()?, "VmRSS:")
}

/// The memory that processes can have before the system would have to swap, in megabytes
/// (10⁶ bytes): Linux's estimate `MemAvailable`. `None` where the system does not tell.
#[must_use]
pub fn available_mb() -> Option<f64> {
    megabytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")
}

/// Of a line `key    1234 kB`, in which they are 1024 bytes each.
fn megabytes(text: &str, key: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_high_water_mark() {
        let status = "Name:\tkiln\nVmPeak:\t    9000 kB\nVmHWM:\t    2500 kB\nVmRSS:\t 1000 kB\n";
        assert_eq!(megabytes(status, "VmHWM:"), Some(2.56));
        assert_eq!(megabytes(status, "VmRSS:"), Some(1.024));
        assert_eq!(megabytes("VmHWM:\t2500\n", "VmHWM:"), None);
        assert_eq!(megabytes("", "VmHWM:"), None);
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
        let now = rss_mb(std::process::id()).unwrap();
        assert!(now > 80.0 && now <= peak_rss_mb().unwrap(), "{now}");
        assert!(available_mb().unwrap() > 0.0);
    }
}
