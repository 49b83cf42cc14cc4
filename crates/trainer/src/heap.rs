//! What the program does with memory that is freed.

/// Keeps freed memory for the next layer. A training step takes and frees the same
/// hundreds of megabytes again and again; glibc gives every large piece back to the
/// system and has it back as zeroed pages, a fault for each 4 KiB.
///
/// Elsewhere than on glibc, nothing is changed.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(
        unsafe_code,
        reason = "glibc has no other way to be told; it takes a fifth off a step of ResNet-18"
    )]
    // SAFETY: two settings by value, set before there is another thread. Where glibc
    // does not take one, it returns 0 and changes nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, -1);
    }
}
