//! What may be written on the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::manifest::{APIS, MAX_PORT_OFFSET, Service, UnknownService, process_named};
use crate::options::RuntimeChoice;

/// Bring the backing servers up on this machine, run the API servers against them, and say how all of them are.
///
/// Services: vault, postgres, pgbouncer, mysql, mongodb, redis-1, redis-2, redis-3 (redis: all three), rabbitmq.
///
/// Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage,
/// 3 not everything is healthy.
#[derive(Debug, Parser)]
#[command(name = "devstack", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[arg(long, global = true, value_name = "FOLDER", help = HOME_HELP)]
    pub home: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

const HOME_HELP: &str =
    "The folder of the stack; else DEVSTACK_HOME, else .devstack in the root of the Cargo workspace";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start what does not run, and wait until all of it is healthy.
    Up {
        /// Services; what they need comes with them. None means all.
        #[arg(value_parser = services, value_name = "SERVICE")]
        services: Vec<Vec<Service>>,
        /// Add this to every port. Remembered: later commands follow it.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=i64::from(MAX_PORT_OFFSET)))]
        port_offset: Option<u16>,
        /// How the servers run.
        #[arg(long, value_enum, default_value_t = RuntimeName::Auto)]
        runtime: RuntimeName,
        /// Install what is missing without asking.
        #[arg(long)]
        yes: bool,
    },
    /// Build API servers and run them against the stack, which is brought up first, until Ctrl-C.
    Serve {
        /// API servers; none or all means every one that is there.
        #[arg(value_parser = apis_or_all(), value_name = "NAME")]
        apis: Vec<String>,
        /// Add this to every port, the stack's too. Remembered: later commands follow it.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=i64::from(MAX_PORT_OFFSET)))]
        port_offset: Option<u16>,
        /// The profile of Cargo to build them with.
        #[arg(long, value_name = "PROFILE", default_value = "release")]
        profile: String,
        /// Install what is missing without asking.
        #[arg(long)]
        yes: bool,
        /// When every server has answered, show where they are as one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Stop servers, politely first. Data stays.
    Down {
        /// Services; none means all, and the API servers before them.
        #[arg(value_parser = services, value_name = "SERVICE")]
        services: Vec<Vec<Service>>,
    },
    /// Show each server's process, address and health.
    Status {
        #[command(flatten)]
        format: Format,
    },
    /// Log in to each server and show what it answers.
    Health {
        /// Services; none means all that were brought up.
        #[arg(value_parser = services, value_name = "SERVICE")]
        services: Vec<Vec<Service>>,
        #[command(flatten)]
        format: Format,
    },
    /// Show the end of a server's log.
    Logs {
        /// The service or API server.
        #[arg(value_parser = process_named, value_name = "SERVICE")]
        process: &'static str,
        /// How many lines.
        #[arg(short = 'n', long, default_value_t = 50)]
        lines: usize,
        /// Go on with new lines as they come, until Ctrl-C.
        #[arg(short, long)]
        follow: bool,
        /// Show the lines as a JSON array of strings.
        #[arg(long, conflicts_with = "follow")]
        json: bool,
    },
    /// Install or build the programs that are missing.
    Install {
        /// Services; none means all.
        #[arg(value_parser = services, value_name = "SERVICE")]
        services: Vec<Vec<Service>>,
        /// Only show what would be done.
        #[arg(long)]
        print: bool,
        /// Do it without asking.
        #[arg(long)]
        yes: bool,
        /// With --print: show it as a JSON array of strings.
        #[arg(long, requires = "print")]
        json: bool,
    },
    /// Check programs, ports, permissions, certificates and leftovers, with what to do about each.
    Doctor {
        #[command(flatten)]
        format: Format,
    },
    /// Show the variables that an API server needs to find the stack, as `export` lines.
    Env {
        /// The API server; without it, only the addresses.
        #[arg(value_parser = apis())]
        api: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// Show Vault's root token.
    Token {
        #[command(flatten)]
        format: Format,
    },
    /// Show a service's password, as Vault has it.
    ShowPassword {
        /// The service.
        service: Service,
        #[command(flatten)]
        format: Format,
    },
    /// Show the certificate of the stack's root authority, PEM.
    CaCert {
        #[command(flatten)]
        format: Format,
    },
    /// Open the service's own command line client, logged in.
    Shell {
        /// The service.
        service: Service,
        /// More arguments for the client, after `--`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Stop everything and delete it, passwords and data included.
    Reset {
        /// Do it without asking.
        #[arg(long)]
        yes: bool,
    },
    /// Write the completions of a shell to standard output.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// How data is shown.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Format {
    /// Show it as JSON.
    #[arg(long)]
    pub json: bool,
}

/// A runtime by its name.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RuntimeName {
    /// The best that is there; today always native.
    Auto,
    /// Processes of this machine.
    Native,
    /// Containers; not there yet.
    Compose,
}

impl From<RuntimeName> for RuntimeChoice {
    fn from(name: RuntimeName) -> Self {
        match name {
            RuntimeName::Auto => Self::Auto,
            RuntimeName::Native => Self::Native,
            RuntimeName::Compose => Self::Compose,
        }
    }
}

fn services(name: &str) -> Result<Vec<Service>, UnknownService> {
    Service::named(name)
}

fn apis() -> clap::builder::PossibleValuesParser {
    APIS.map(|api| api.name).into()
}

fn apis_or_all() -> clap::builder::PossibleValuesParser {
    APIS.iter().map(|api| api.name).chain(["all"]).collect::<Vec<_>>().into()
}
