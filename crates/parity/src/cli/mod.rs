//! The command line.
//!
//! Exit codes: 0 when all targets agree, 1 when something differs, 2 for a wrong command line or file, 3 when
//! something could not run.

mod arguments;
mod output;
mod reported;
mod run;
mod selftest;

use std::error::Error;
use std::process::ExitCode;

use causes::Chain;
use clap::Parser as _;

use arguments::{Arguments, Command, Schema};

/// A wrong command line, or a file that cannot be used.
const USAGE: u8 = 2;
/// Something could not run.
const NOT_RUN: u8 = 3;

/// Why the command did nothing, with the exit code that says so.
#[derive(Debug)]
struct Failure {
    code: u8,
    cause: Box<dyn Error>,
}

impl Failure {
    fn usage(cause: impl Into<Box<dyn Error>>) -> Self {
        Self { code: USAGE, cause: cause.into() }
    }

    fn not_run(cause: impl Into<Box<dyn Error>>) -> Self {
        Self { code: NOT_RUN, cause: cause.into() }
    }
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Replay(arguments) => reported::replay(&arguments),
        Command::Export(arguments) => reported::export(&arguments),
        Command::Selftest(arguments) => selftest::run(&arguments),
        Command::Catalogue => Ok(catalogue()),
        Command::Schema { of } => schema(of),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(Failure { code, cause }) => {
            output::error(&Chain(cause.as_ref()).to_string());
            ExitCode::from(code)
        }
    }
}

fn catalogue() -> u8 {
    for entry in crate::catalogue::entries() {
        output::line(&format!("{:<20} {}", entry.name, entry.about));
    }
    0
}

fn schema(of: Schema) -> Result<u8, Failure> {
    let schema = match of {
        Schema::Case => crate::case_file::schema(),
        Schema::Report => crate::report::json::schema(),
        Schema::Config => schemars::schema_for!(crate::Config),
    };
    let text = serde_json::to_string_pretty(&schema).map_err(Failure::not_run)?;
    output::line(&text);
    Ok(0)
}
