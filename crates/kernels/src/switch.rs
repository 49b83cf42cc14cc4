//! Whether the kernels are used.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};

use crate::environment;

/// The variable of the environment that turns the kernels off.
pub const VARIABLE: &str = "KILN_KERNELS";
/// By one of these values.
pub const OFF: [&str; 4] = ["off", "0", "false", "no"];
/// Which leave them on.
pub const ON: [&str; 4] = ["on", "1", "true", "yes"];

fn state() -> &'static AtomicBool {
    static STATE: OnceLock<AtomicBool> = OnceLock::new();
    STATE.get_or_init(|| {
        let off = environment::word(VARIABLE).is_some_and(|word| OFF.contains(&word.as_str()));
        AtomicBool::new(!off)
    })
}

/// Whether operations on the CPU are computed by the kernels of this crate. Without the
/// feature `flex` they never are. With it they are, unless `KILN_KERNELS=off` is in the
/// environment or [`set_enabled`] was called.
#[must_use]
pub fn is_enabled() -> bool {
    cfg!(feature = "flex") && state().load(Ordering::Relaxed)
}

/// Turns the kernels on or off, for the whole process, from the next operation on. A
/// gradient is computed by what its forward pass was computed by. Without the feature `flex`
/// there are none to turn on.
pub fn set_enabled(on: bool) {
    state().store(on, Ordering::Relaxed);
}
