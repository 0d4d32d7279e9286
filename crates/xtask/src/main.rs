//! Chores on the files of this repository: `cargo xtask codegen`, `cargo xtask tidy`.
//!
//! What is here reads or writes files of the tree and nothing else. What starts, stops or asks a server is
//! `devstack`.

mod codegen;
mod tidy;
mod tree;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores on the files of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Clone, Subcommand)]
enum Chore {
    /// Write the files that are generated and checked in.
    Codegen {
        /// Write nothing; fail when a file is not as it would be written.
        #[arg(long)]
        check: bool,
        /// The folder of the tree to write, for a copy of the repository.
        #[arg(long, value_name = "DIR", default_value_os_t = tree::root())]
        root: PathBuf,
    },
    /// Hold the tree to the rules that no compiler knows.
    Tidy,
}

fn main() -> ExitCode {
    let lines = match Arguments::parse().chore {
        Chore::Codegen { check, root } => codegen::run(&root, check),
        Chore::Tidy => tidy::run(),
    };
    match lines {
        Ok(done) => {
            say(&mut std::io::stdout(), &done);
            ExitCode::SUCCESS
        }
        Err(faults) => {
            say(&mut std::io::stderr(), &faults);
            ExitCode::FAILURE
        }
    }
}

/// Writes lines; a reader that has gone away is no failure of the chore.
fn say(stream: &mut dyn Write, lines: &[String]) {
    for line in lines {
        if writeln!(stream, "{line}").is_err() {
            return;
        }
    }
}
