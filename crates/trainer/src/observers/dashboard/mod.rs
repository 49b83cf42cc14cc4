//! `--tui`: Burn's own dashboard, if the feature `tui` is compiled in. Nothing else
//! knows of that feature.

#[cfg(feature = "tui")]
mod renderer;
#[cfg(feature = "tui")]
mod terminal;

use std::io;

use crate::{StopFlag, TrainError, event::Observer};

/// Shows the run in Burn's dashboard, which takes the whole terminal. `q` asks whether
/// to stop, which sets `stop`; so does Ctrl-C on Unix, through the signal as without a
/// dashboard. `then` gets all events but the steps, once the terminal is free again.
///
/// # Errors
/// [`TrainError::Dashboard`] without the feature `tui`, or without a terminal.
pub fn dashboard<'a>(
    stop: &'a StopFlag,
    then: impl Observer + 'a,
) -> Result<Box<dyn Observer + 'a>, TrainError> {
    #[cfg(feature = "tui")]
    {
        use io::IsTerminal;
        if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
            return Err(TrainError::Dashboard(
                "it needs a terminal: leave out --tui where input or output is a file".into(),
            ));
        }
        Ok(Box::new(renderer::Dashboard::new(stop, then)))
    }
    #[cfg(not(feature = "tui"))]
    {
        let _ = (stop, then);
        Err(TrainError::Dashboard(
            "it is not compiled in: build with --features tui".into(),
        ))
    }
}

/// Gives the terminal back as it was, if a dashboard has it: for a program that is
/// about to leave without unwinding.
///
/// # Errors
/// What the system says.
pub fn leave_dashboard() -> io::Result<()> {
    #[cfg(feature = "tui")]
    terminal::leave()?;
    Ok(())
}
