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
    /// Send one case of a JSON report again.
    Replay(Replay),
    /// Print one case of a JSON report as lines for another tool.
    Export(Export),
    /// Test the comparison itself: change one answer at a time, and see whether it is noticed.
    Selftest(Selftest),
    /// List the adversarial catalogue.
    Catalogue,
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
    #[command(flatten)]
    pub(super) access: Access,
    #[command(flatten)]
    pub(super) rules: Rules,
    /// A folder of case files, or one file.
    #[arg(long, value_name = "PATH")]
    pub(super) cases: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) made: Made,
    /// Documented answers, and constraints of generated cases, that no case can get, each with its reason; all others
    /// must then be reached.
    #[arg(long, value_name = "FILE")]
    pub(super) uncovered: Option<PathBuf>,
    /// Only cases whose id holds this text.
    #[arg(long, value_name = "TEXT")]
    pub(super) filter: Option<String>,
    /// Only cases with one of these tags.
    #[arg(long = "tag", value_name = "TAG")]
    pub(super) tags: Vec<String>,
    /// Ask twice for everything that only reads, and write what differed to this file, to be reviewed.
    #[arg(long, value_name = "FILE")]
    pub(super) learn: Option<PathBuf>,
    /// Write the result as JSON.
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// Write the result as one page of HTML.
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// Write the result as `JUnit` XML.
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
}

/// How targets may be reached.
#[derive(Debug, Args)]
pub(super) struct Access {
    /// Certificates (PEM) that may have signed those of https targets.
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
    /// Allow targets that are not this machine.
    #[arg(long)]
    pub(super) allow_remote: bool,
    /// Allow requests to such targets that may change something.
    #[arg(long)]
    pub(super) allow_writes: bool,
}

/// What answers are judged by.
#[derive(Debug, Args)]
pub(super) struct Rules {
    /// The OpenAPI document that answers are held to.
    #[arg(long, value_name = "FILE")]
    pub(super) spec: Option<PathBuf>,
    /// What may differ, and how things are compared.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

/// Cases that are made from the document.
#[derive(Debug, Args)]
pub(super) struct Made {
    /// Make so many cases from the document of --spec.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) generated: usize,
    /// The seed that makes the same cases again.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Send an entry of the adversarial catalogue, or `all`; `parity catalogue` lists them.
    #[arg(long, value_name = "NAME")]
    pub(super) catalogue: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Replay {
    #[command(flatten)]
    pub(super) reported: Reported,
    /// The servers, in place of those of the report.
    #[arg(long = "target", value_name = "NAME=URL", value_parser = Target::parse)]
    pub(super) targets: Vec<Target>,
    #[command(flatten)]
    pub(super) access: Access,
    #[command(flatten)]
    pub(super) rules: Rules,
}

#[derive(Debug, Args)]
pub(super) struct Reported {
    /// The id of the case.
    pub(super) id: String,
    /// A report as JSON.
    #[arg(long, value_name = "FILE", default_value = "parity.json")]
    pub(super) from: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    pub(super) reported: Reported,
    /// The server that the lines are for; the first of the report when there is none.
    #[arg(long, value_name = "NAME=URL", value_parser = Target::parse)]
    pub(super) target: Option<Target>,
    /// Lines for curl.
    #[arg(long, required_unless_present = "hurl", conflicts_with = "hurl")]
    pub(super) curl: bool,
    /// A file for Hurl.
    #[arg(long)]
    pub(super) hurl: bool,
}

#[derive(Debug, Args)]
pub(super) struct Selftest {
    /// The servers, on this machine; of fewer than three, the first is used several times.
    #[arg(long = "target", value_name = "NAME=URL", required = true, value_parser = Target::parse)]
    pub(super) targets: Vec<Target>,
    /// The OpenAPI document of the servers.
    #[arg(long, value_name = "FILE")]
    pub(super) spec: PathBuf,
    /// A folder of case files, or one file.
    #[arg(long, value_name = "PATH")]
    pub(super) cases: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) made: Made,
    /// What may differ, and how things are compared.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// How many answers are changed at least.
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub(super) mutations: usize,
    /// How often all is sent without a change.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(super) clean_runs: usize,
    /// How many cases are used at most.
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub(super) most_cases: usize,
}
