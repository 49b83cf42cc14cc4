//! The program `kiln`.

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
            eprintln!("error: {}", message(&error));
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
