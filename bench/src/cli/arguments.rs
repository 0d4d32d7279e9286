//! What the command line takes.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::operation::{self, Operation};
use crate::target::Target;

/// Put load on the servers, and say what they bear.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some requests were refused or lost.
#[derive(Debug, Parser)]
#[command(name = "bench", version, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: What,
    /// Threads of the generator, of the bare server and of the drivers, each; without it, one for each core.
    /// The servers are told by WORKERS, and should have as many.
    #[arg(long, global = true, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) workers: Option<u16>,
}

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// Measure requests a second and latencies of targets that run, of a bare server, and of the drivers alone.
    Load(Load),
    /// Start each server several times: how long until it answers, and what it takes when nobody asks.
    Footprint(Footprint),
    /// Measure over connections, offered rates, sizes of values, and delays of the backends.
    Growth(Growth),
    /// Put steady load on all servers at once, and look whether their memory grows.
    Soak(Soak),
    /// Count the instructions of the parts of a request with valgrind, and say what changed against the stored figures.
    Instructions {
        /// Store what was counted.
        #[arg(long)]
        save: bool,
    },
    /// Say what changed from one run to another.
    Compare {
        /// A folder of results, or its run.json.
        old: PathBuf,
        /// Another one.
        new: PathBuf,
    },
    /// Serve 200 to everything with bare hyper, until the process is ended.
    Floor {
        /// Where to listen; port 0 takes a free one, which is printed.
        #[arg(default_value = "127.0.0.1:0")]
        address: SocketAddr,
    },
    /// Be the process of the drivers alone: `load` starts it.
    #[command(hide = true)]
    Drivers {
        /// The folder of the stack.
        #[arg(long)]
        home: PathBuf,
    },
}

/// What all that measure take.
#[derive(Debug, clap::Args)]
pub(super) struct Common {
    /// Where the results go; else bench/results/DATE-MACHINE. What is there of other kinds of runs stays.
    #[arg(long, value_name = "FOLDER")]
    pub(super) out: Option<PathBuf>,
    /// Measure also with a debug build, whose figures mean nothing.
    #[arg(long)]
    pub(super) allow_debug: bool,
    /// The folder of the stack whose servers are measured; else as devstack finds it.
    #[arg(long, value_name = "FOLDER")]
    pub(super) home: Option<PathBuf>,
}

/// Which targets are measured.
#[derive(Debug, clap::Args)]
pub(super) struct Targets {
    /// A server to measure beside all that `devstack serve` runs; may be given several times.
    #[arg(long = "target", value_name = "NAME=URL")]
    pub(super) targets: Vec<Target>,
    /// Measure only this one: a server's name, bare-hyper or drivers; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub(super) only: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Load {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) targets: Targets,
    /// What to ask for; may be given several times. Without any: everything.
    #[arg(long = "operation", value_name = "NAME", value_parser = operations())]
    pub(super) operations: Vec<String>,
    /// Numbers of connections.
    #[arg(long, value_delimiter = ',', default_values_t = [8, 64], value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) connections: Vec<u32>,
    /// Rounds; each begins with another target.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) rounds: u32,
    /// How many seconds each part of a round lasts: saturated, then paced. Many short rounds tell more in the same time
    /// than a few long ones.
    #[arg(long, default_value = "1", value_name = "SECONDS", value_parser = |text: &str| seconds(text, 0.1, 3600.0))]
    pub(super) seconds: Duration,
    /// How many seconds each target is warmed up before each round.
    #[arg(long, default_value = "0.5", value_name = "SECONDS", value_parser = |text: &str| seconds(text, 0.0, 600.0))]
    pub(super) warm_up: Duration,
    /// The rate of the paced part, in per cent of what was reached when saturated.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(super) pace: u8,
}

/// Which programs are started.
#[derive(Debug, clap::Args)]
pub(super) struct Programs {
    /// A server to start; may be given several times. Without any: all five.
    #[arg(long = "server", value_name = "NAME", value_parser = servers())]
    pub(super) servers: Vec<String>,
    /// Where the servers' programs are; else beside this one.
    #[arg(long, value_name = "FOLDER")]
    pub(super) programs: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Footprint {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) programs: Programs,
    /// How often each is started.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) starts: u32,
    /// How many seconds a server is left alone before its memory is looked at.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub(super) idle: u64,
}

#[derive(Debug, clap::Args)]
pub(super) struct Growth {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) targets: Targets,
    #[command(flatten)]
    pub(super) programs: Programs,
    /// What to ask for over connections and rates; may be given several times.
    #[arg(long = "operation", value_name = "NAME", value_parser = operations(), default_values = ["health", "cache-get", "postgres"])]
    pub(super) operations: Vec<String>,
    /// The most connections.
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=512))]
    pub(super) connections: u32,
    /// How long each point is measured.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(super) seconds: u64,
    /// Start no servers with slow backends.
    #[arg(long)]
    pub(super) without_slow_backends: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Soak {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) targets: Targets,
    /// What to ask for, all at once; may be given several times.
    #[arg(long = "operation", value_name = "NAME", value_parser = operations(), default_values = ["health", "secret", "cache-get", "postgres", "publish"])]
    pub(super) operations: Vec<String>,
    /// Connections to each server for each operation.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) connections: u32,
    /// How long.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(super) minutes: u64,
    /// The rate, in per cent of what all bear at once.
    #[arg(long, default_value_t = 80, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(super) pace: u8,
}

/// Seconds as a number that may have decimals, within bounds.
fn seconds(text: &str, least: f64, most: f64) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok().filter(|seconds| (least..=most).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| format!("give a number from {least} to {most}"))
}

fn operations() -> clap::builder::PossibleValuesParser {
    operation::ALL.map(|operation| operation.name).into()
}

fn servers() -> clap::builder::PossibleValuesParser {
    devstack::manifest::APIS.iter().map(|api| api.name).collect::<Vec<_>>().into()
}

/// The operations of these names; for none, all of them.
pub(super) fn chosen(names: &[String]) -> Vec<Operation> {
    if names.is_empty() {
        operation::ALL.to_vec()
    } else {
        names.iter().filter_map(|name| Operation::named(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn seconds_may_have_decimals_and_have_bounds() {
        let read = |text| seconds(text, 0.1, 3600.0);
        assert_eq!(read("0.25"), Ok(Duration::from_millis(250)));
        assert_eq!(read("3600"), Ok(Duration::from_hours(1)));
        for refused in ["0", "3601", "-1", "NaN", "inf", "1s", ""] {
            assert_eq!(read(refused), Err("give a number from 0.1 to 3600".to_owned()), "{refused}");
        }
    }

    #[test]
    fn operations_are_all_of_them_or_those_that_were_named() {
        assert_eq!(chosen(&[]).len(), operation::ALL.len());
        let names = ["mysql".to_owned(), "health".to_owned()];
        assert_eq!(
            chosen(&names).iter().map(|operation| operation.name).collect::<Vec<_>>(),
            ["mysql", "health"]
        );
    }
}
