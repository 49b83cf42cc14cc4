//! The program `kiln`.

/// Writes a line to standard error. One that nobody reads any more is no reason to stop.
macro_rules! tell {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($words)*);
    }};
}

mod cli;
mod heap;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    heap::keep_freed_memory();
    // clap exits with 2 on bad usage, and with 0 after --help.
    match cli::Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            tell!("error: {}", message(&error));
            ExitCode::from(cli::exit_code(&error))
        }
    }
}

/// What an error says, and its causes as far as it does not say them itself.
fn message(error: &anyhow::Error) -> String {
    let mut message = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !message.contains(&cause) {
            message = match message.is_empty() {
                true => cause,
                false => format!("{message}: {cause}"),
            };
        }
    }
    message
}
