//! The command line.

mod arguments;
mod output;
mod show;

use std::process::ExitCode;

use clap::Parser as _;

use crate::error::{Chain, Error};
use crate::{Stack, UpOptions, default_home, environment_variable};
use arguments::{Arguments, Command};

/// Parse the arguments, do what they say, and give the exit code: 0 done, 1 failed, 2 usage, 3 not healthy.
pub async fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match perform(arguments).await {
        Ok(code) => code,
        Err(error) => {
            output::say(format_args!("error: {}", Chain(&error)));
            if let Some(hint) = error.hint() {
                output::say(format_args!("hint: {hint}"));
            }
            ExitCode::from(1)
        }
    }
}

async fn perform(arguments: Arguments) -> Result<ExitCode, Error> {
    let home = match arguments.home {
        Some(home) => home,
        None => default_home(&environment_variable)?,
    };
    let progress = show::progress();
    match arguments.command {
        Command::Up { services, port_offset } => {
            let mut options = UpOptions::new(home);
            options.services = services.concat();
            if let Some(offset) = port_offset {
                options.port_offset = offset;
            }
            crate::up(&options, &*progress).await?;
        }
        Command::Down { services } => {
            let stack = Stack::open(&home).await?.ok_or(Error::NoStack { home })?;
            stack.stop(&services.concat(), &*progress).await?;
        }
        Command::Status => {
            let stack = Stack::open(&home).await?.ok_or(Error::NoStack { home })?;
            for health in stack.health().await {
                output::data(format_args!("{health:?}"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
