//! The command line: arguments in, the library's calls, text or JSON out.

mod arguments;
mod install;
mod logs;
mod read;
mod reset;
mod serve;
mod shell;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use causes::Chain;
use clap::{CommandFactory as _, Parser as _};

use crate::doctor;
use crate::error::Error;
use crate::output::{data, raw_data, say};
use crate::progress;
use crate::{Stack, UpOptions, default_home, environment_variable};
use arguments::{Arguments, Command};

/// Something is not healthy, or not in order.
pub(crate) const UNHEALTHY: u8 = 3;

/// Parse the arguments, do what they say, and give the exit code: 0 done, 1 failed, 2 wrong usage, 3 not healthy.
pub async fn run() -> ExitCode {
    match perform(Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            say(format_args!("error: {}", Chain(&error)));
            if let Some(hint) = error.hint() {
                say(format_args!("hint: {hint}"));
            }
            ExitCode::FAILURE
        }
    }
}

async fn perform(arguments: Arguments) -> Result<ExitCode, Error> {
    let home = || match &arguments.home {
        Some(home) => Ok(home.clone()),
        None => default_home(&environment_variable),
    };
    match arguments.command {
        Command::Up { services, port_offset, runtime, yes } => {
            let mut options = UpOptions::new(home()?);
            options.services = services.concat();
            options.port_offset = port_offset.unwrap_or(options.port_offset);
            options.runtime = runtime.into();
            if yes {
                options.install = options.install.with_yes();
            }
            return up(&options).await;
        }
        Command::Down { services } => {
            stack(home()?).await?.stop(&services.concat(), &*progress::to_stderr()).await?;
        }
        Command::Status { format } => return read::status(&stack(home()?).await?, format.json).await,
        Command::Health { services, format } => {
            return read::health(&stack(home()?).await?, &services.concat(), format.json).await;
        }
        Command::Serve { apis, port_offset, profile, yes, json } => {
            let mut options = UpOptions::new(home()?);
            options.port_offset = port_offset.unwrap_or(options.port_offset);
            if yes {
                options.install = options.install.with_yes();
            }
            return serve::run(serve::Request { apis, options, profile, json }).await;
        }
        Command::Logs { process, lines, follow, json } => {
            logs::show(&stack(home()?).await?, process, lines, follow, json).await?;
        }
        Command::Install { services, print, yes, json } => {
            install::run(&services.concat(), print, yes, json).await?;
        }
        Command::Doctor { format } => {
            let findings = doctor::examine(&home()?).await;
            return Ok(read::findings(&findings, format.json));
        }
        Command::Env { api, format } => {
            read::environment(&stack(home()?).await?, api.as_deref(), format.json);
        }
        Command::Token { format } => read::token(&stack(home()?).await?, format.json)?,
        Command::ShowPassword { service, format } => {
            read::password(&stack(home()?).await?, service, format.json).await?;
        }
        Command::CaCert { format } => read::authority(&stack(home()?).await?, format.json)?,
        Command::Shell { service, arguments } => {
            return shell::open(&stack(home()?).await?, service, &arguments).await;
        }
        Command::Reset { yes } => return reset::run(&home()?, yes).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "devstack", &mut script);
            raw_data(String::from_utf8_lossy(&script));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn up(options: &UpOptions) -> Result<ExitCode, Error> {
    let begun = Instant::now();
    // Dropped before the last words, so that no moving line is drawn over them.
    let stack = {
        let progress = progress::to_stderr();
        crate::up(options, &*progress).await?
    };
    say(format_args!(
        "all healthy after {:.1} s, in {}",
        begun.elapsed().as_secs_f32(),
        stack.home().display()
    ));
    if stack.port_offset() != 0 {
        say(format_args!("every port is shifted by {}", stack.port_offset()));
    }
    say("next: devstack serve, devstack env api-actix, devstack status, devstack down");
    Ok(ExitCode::SUCCESS)
}

async fn stack(home: PathBuf) -> Result<Stack, Error> {
    Stack::open(&home).await?.ok_or(Error::NoStack { home })
}

/// Write a value as JSON, indented.
fn json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => data(text),
        Err(error) => say(format_args!("error: {error}")),
    }
}
