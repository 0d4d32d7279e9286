//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::model::Target;

/// Sends the same requests to several servers of one API, and shows every difference between their answers.
#[derive(Debug, Parser)]
#[command(name = "parity", version, after_help = "Exit codes: 0 agree, 1 differ, 2 usage, 3 could not run.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Send cases to all targets and compare their answers.
    Run(Box<Run>),
    /// Print the JSON Schema of a file.
    Schema {
        /// Which file.
        of: Schema,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Schema {
    /// A file of cases.
    Case,
    /// The JSON report.
    Report,
    /// The configuration.
    Config,
}

#[derive(Debug, Args)]
pub(super) struct Run {
    /// A server, 2 to 16 of them: `--target first=http://127.0.0.1:8000`.
    #[arg(long = "target", value_name = "NAME=URL", required = true, value_parser = Target::parse)]
    pub(super) targets: Vec<Target>,
    /// Certificates (PEM) that may have signed those of https targets.
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
    /// The OpenAPI document that answers are held to.
    #[arg(long, value_name = "FILE")]
    pub(super) spec: Option<PathBuf>,
    /// A folder of case files, or one file.
    #[arg(long, value_name = "PATH")]
    pub(super) cases: Vec<PathBuf>,
    /// What may differ, and how things are compared.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Documented answers that no case can get, each with its reason; all others must then be seen.
    #[arg(long, value_name = "FILE")]
    pub(super) uncovered: Option<PathBuf>,
    /// Only cases whose id holds this text.
    #[arg(long, value_name = "TEXT")]
    pub(super) filter: Option<String>,
    /// Only cases with one of these tags.
    #[arg(long = "tag", value_name = "TAG")]
    pub(super) tags: Vec<String>,
    /// Allow targets that are not this machine.
    #[arg(long)]
    pub(super) allow_remote: bool,
    /// Allow requests to such targets that may change something.
    #[arg(long)]
    pub(super) allow_writes: bool,
    /// Ask twice for everything that only reads, and write what differed to this file, to be reviewed.
    #[arg(long, value_name = "FILE")]
    pub(super) learn: Option<PathBuf>,
    /// Write the result as JSON.
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
}
