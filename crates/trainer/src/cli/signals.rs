//! What Ctrl-C (SIGINT) and SIGTERM do to a run.

use std::{
    io,
    process::ExitCode,
    sync::{Arc, atomic::AtomicBool},
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};
use trainer::StopFlag;

const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// A flag that the signals set. A second one does not wait for the end of the update.
pub fn on_signals() -> io::Result<StopFlag> {
    let stop = StopFlag::new();
    let again = Arc::new(AtomicBool::new(false));
    for signal in SIGNALS {
        let code = i32::from(exit_code_of(signal as usize));
        // In this order: the first signal finds `again` not set yet.
        flag::register_conditional_shutdown(signal, code, Arc::clone(&again))?;
        flag::register(signal, Arc::clone(&again))?;
        flag::register_usize(signal, stop.shared(), signal as usize)?;
    }
    Ok(stop)
}

/// As [`on_signals`], where a dashboard may have the terminal: the second signal gives that
/// back first, which is too much for a handler of signals, so that a thread waits for them.
#[cfg(all(unix, feature = "tui"))]
pub fn on_signals_with_dashboard() -> io::Result<StopFlag> {
    use signal_hook::iterator::Signals;
    use trainer::observers::leave_dashboard;

    let stop = StopFlag::new();
    let mut signals = Signals::new(SIGNALS)?;
    let flag = stop.clone();
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for (before, signal) in signals.forever().enumerate() {
                let signal = signal as usize;
                if before > 0 {
                    // Nothing is left to be told of an error.
                    let _ = leave_dashboard();
                    std::process::exit(exit_code_of(signal).into());
                }
                flag.set(signal);
            }
        })?;
    Ok(stop)
}

/// Without a dashboard, or where it does not let signals through.
#[cfg(not(all(unix, feature = "tui")))]
pub fn on_signals_with_dashboard() -> io::Result<StopFlag> {
    on_signals()
}

/// As shells give it: 128 and the number of the signal.
fn exit_code_of(signal: usize) -> u8 {
    u8::try_from(signal).map_or(u8::MAX, |signal| signal.saturating_add(128))
}

/// The exit code of a run that `signal` ended, or else somebody who asked for it.
pub fn interrupted(signal: Option<usize>) -> ExitCode {
    ExitCode::from(exit_code_of(signal.unwrap_or(SIGINT as usize)))
}
