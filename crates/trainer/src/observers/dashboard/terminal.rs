//! What of the terminal Burn's dashboard does not look after.

use std::{
    io,
    thread::sleep,
    time::{Duration, Instant},
};

use crossterm::{
    cursor::Show,
    event::DisableMouseCapture,
    execute,
    terminal::{LeaveAlternateScreen, disable_raw_mode, is_raw_mode_enabled},
};

/// How long the dashboard's thread may take to set up the terminal.
const PATIENCE: Duration = Duration::from_secs(5);

/// `_POSIX_VDISABLE`: the key of a signal that no key sends.
#[cfg(unix)]
const NO_KEY: u8 = if cfg!(any(target_os = "linux", target_os = "android")) {
    0
} else {
    0xff
};

/// Waits until the dashboard has the terminal, then lets Ctrl-C send its signal again:
/// the dashboard does not read that key.
///
/// # Errors
/// What the system says, or that the dashboard did not come.
pub(super) fn hear_ctrl_c() -> io::Result<()> {
    let started = Instant::now();
    while !is_raw_mode_enabled()? {
        if started.elapsed() > PATIENCE {
            return Err(io::Error::other("the dashboard cannot set up the terminal"));
        }
        sleep(Duration::from_millis(2));
    }
    #[cfg(unix)]
    {
        use rustix::termios::{
            LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr,
        };
        let terminal = io::stdin();
        let mut modes = tcgetattr(&terminal)?;
        modes.local_modes |= LocalModes::ISIG;
        // Those would leave the shell with the dashboard's screen.
        for other in [SpecialCodeIndex::VSUSP, SpecialCodeIndex::VQUIT] {
            modes.special_codes[other] = NO_KEY;
        }
        tcsetattr(&terminal, OptionalActions::Now, &modes)?;
    }
    Ok(())
}

/// Gives the terminal back as it was, if it is taken.
pub(super) fn leave() -> io::Result<()> {
    if is_raw_mode_enabled()? {
        disable_raw_mode()?;
        execute!(
            io::stdout(),
            DisableMouseCapture,
            LeaveAlternateScreen,
            Show
        )?;
    }
    Ok(())
}
