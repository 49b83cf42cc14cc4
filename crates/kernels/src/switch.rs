//! Whether the kernels are used.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};

/// The variable of the environment that turns the kernels off, by `off`, `0`, `false` or `no`.
pub const VARIABLE: &str = "KILN_KERNELS";

fn state() -> &'static AtomicBool {
    static STATE: OnceLock<AtomicBool> = OnceLock::new();
    STATE.get_or_init(|| {
        let off = std::env::var(VARIABLE).is_ok_and(|value| {
            let value = value.trim().to_ascii_lowercase();
            ["off", "0", "false", "no"].contains(&value.as_str())
        });
        AtomicBool::new(!off)
    })
}

/// Whether operations on the CPU are computed by the kernels of this crate. They are,
/// unless `KILN_KERNELS=off` is in the environment or [`set_enabled`] was called.
#[must_use]
pub fn is_enabled() -> bool {
    cfg!(feature = "flex") && state().load(Ordering::Relaxed)
}

/// Turns the kernels on or off, for the whole process, from the next operation on. A
/// gradient is computed by what its forward pass was computed by.
pub fn set_enabled(on: bool) {
    state().store(on, Ordering::Relaxed);
}
