//! The command line: `load` measures, `compare` reads, `floor` is the bare server as a process of its own.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use clap::{Parser, Subcommand};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::client::Client;
use crate::machine::Machine;
use crate::operation::{self, Operation};
use crate::result::Run;
use crate::run::Plan;
use crate::target::Target;
use crate::{compare, floor, report};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Put load on the servers, and say what they bear.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some requests were refused or lost.
#[derive(Debug, Parser)]
#[command(name = "bench", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Measure requests a second and latencies of targets that run.
    Load(Load),
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
}

#[derive(Debug, clap::Args)]
struct Load {
    /// A server to measure. Without any: all that `devstack serve` runs, and the bare hyper server first.
    #[arg(long = "target", value_name = "NAME=URL")]
    targets: Vec<Target>,
    /// What to ask for; may be given several times. Without any: everything.
    #[arg(long = "operation", value_name = "NAME", value_parser = operations())]
    operations: Vec<String>,
    /// Numbers of connections.
    #[arg(long, value_delimiter = ',', default_values_t = [8, 64], value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: Vec<u32>,
    /// Rounds; each begins with another target.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// How long each part of a round lasts: saturated, then paced.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// How long each target is warmed up before each round.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=600))]
    warm_up: u64,
    /// The rate of the paced part, in per cent of what was reached when saturated.
    #[arg(long, default_value_t = 80, value_parser = clap::value_parser!(u8).range(1..=100))]
    pace: u8,
    /// Where the results go; else bench/results/DATE-MACHINE.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Measure also with a debug build, whose figures mean nothing.
    #[arg(long)]
    allow_debug: bool,
    /// The folder of the stack whose servers are measured; else as devstack finds it.
    #[arg(long, value_name = "FOLDER")]
    home: Option<PathBuf>,
}

fn operations() -> clap::builder::PossibleValuesParser {
    operation::ALL.map(|operation| operation.name).into()
}

/// Parse the arguments, do what they say, and give the exit code.
pub async fn run() -> ExitCode {
    let outcome = match Arguments::parse().command {
        What::Load(load) => measure(load).await,
        What::Compare { old, new } => comparison(&old, &new),
        What::Floor { address } => serve_floor(address).await,
    };
    outcome.unwrap_or_else(|error| {
        let mut line = format!("error: {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            line = format!("{line}: {cause}");
            source = cause.source();
        }
        say(line);
        ExitCode::FAILURE
    })
}

/// A reader that went away is no reason to fail.
fn say(text: impl std::fmt::Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

fn data(text: impl std::fmt::Display) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

fn comparison(old: &Path, new: &Path) -> Result<ExitCode, BoxError> {
    data(compare::runs(&Run::read(old)?, &Run::read(new)?).trim_end());
    Ok(ExitCode::SUCCESS)
}

async fn serve_floor(address: SocketAddr) -> Result<ExitCode, BoxError> {
    let floor =
        floor::Floor::start(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    data(floor.address());
    floor.serve().await;
    Ok(ExitCode::SUCCESS)
}

async fn measure(load: Load) -> Result<ExitCode, BoxError> {
    if cfg!(debug_assertions) && !load.allow_debug {
        return Err(
            "this is a debug build, whose figures mean nothing; run it with `cargo run -p bench --release`, \
                    or with --allow-debug for a look"
                .into(),
        );
    }
    let machine = Machine::here();
    let mut doubts = machine.doubts();
    if cfg!(debug_assertions) {
        doubts.push("measured with a debug build".to_owned());
    }
    // Ended with us: it is killed when it is dropped.
    let (targets, _floor) = targets(&load).await?;
    for target in &targets {
        doubts.extend(look_at(target).await?);
    }
    for doubt in &doubts {
        say(format_args!("careful: {doubt}"));
    }
    let plan = Plan {
        targets,
        operations: chosen(&load.operations),
        connections: load.connections.clone(),
        rounds: load.rounds,
        duration: Duration::from_secs(load.seconds),
        warm_up: Duration::from_secs(load.warm_up),
        pace: f64::from(load.pace) / 100.0,
    };
    let begun = Utc::now();
    say(format_args!(
        "this takes {} s; the machine should do nothing else meanwhile",
        plan.duration().as_secs()
    ));
    let series = plan.carry_out(say).await?;
    let folder = load.out.unwrap_or_else(|| {
        PathBuf::from(format!("bench/results/{}-{}", begun.format("%Y-%m-%d"), machine.short_name()))
    });
    let command = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let run = Run {
        begun: begun.to_rfc3339_opts(SecondsFormat::Secs, true),
        command: format!("cargo run -p bench --release -- {command}"),
        machine,
        doubts,
        series,
    };
    for path in report::write(&run, &folder)? {
        data(path.display());
    }
    let faulty: Vec<String> = run
        .series
        .iter()
        .filter(|series| series.faults() > 0)
        .map(|series| format!("{} {}: {}", series.target, series.operation, series.faults()))
        .collect();
    if faulty.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!("requests that were refused or lost: {}", faulty.join(", ")));
    Ok(ExitCode::from(3))
}

fn chosen(names: &[String]) -> Vec<Operation> {
    if names.is_empty() {
        operation::ALL.to_vec()
    } else {
        names.iter().filter_map(|name| Operation::named(name)).collect()
    }
}

/// The targets that were named; else the bare server and all that run against the stack.
async fn targets(load: &Load) -> Result<(Vec<Target>, Option<Child>), BoxError> {
    if !load.targets.is_empty() {
        return Ok((load.targets.clone(), None));
    }
    let running = serving(load.home.as_deref()).await?;
    if running.is_empty() {
        return Err("no server runs against the stack; start them with `RATE_LIMIT=off cargo run -p devstack -- serve`, \
                    or name others with --target NAME=URL"
            .into());
    }
    let (floor, child) = start_floor().await?;
    Ok((std::iter::once(floor).chain(running).collect(), Some(child)))
}

/// The servers that `devstack serve` runs, as `devstack status` shows them to any script.
async fn serving(home: Option<&Path>) -> Result<Vec<Target>, BoxError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet", "--package", "devstack", "--"]);
    if let Some(home) = home {
        command.arg("--home").arg(home);
    }
    let status = command.args(["status", "--json"]).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let status = status.await.map_err(|error| format!("`devstack status` cannot be run: {error}"))?;
    // Without a stack it says nothing on its standard output, and why on the other.
    in_status(&status.stdout)
}

fn in_status(text: &[u8]) -> Result<Vec<Target>, BoxError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let status: serde_json::Value = serde_json::from_slice(text)?;
    let target = |api: &serde_json::Value| {
        let (name, address) = (api["name"].as_str()?.to_owned(), api["http_address"].as_str()?.parse().ok()?);
        Some(Target { name, address, is_floor: false })
    };
    Ok(status["apis"].as_array().into_iter().flatten().filter_map(target).collect())
}

/// The bare server as a process of its own, as the others are.
async fn start_floor() -> Result<(Target, Child), BoxError> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("floor")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = child.stdout.take().ok_or("the bare server has no output")?;
    let line = BufReader::new(stdout).lines().next_line().await?.ok_or("the bare server did not start")?;
    Ok((Target { name: floor::NAME.to_owned(), address: line.trim().parse()?, is_floor: true }, child))
}

/// Whether a target answers, and what speaks against measuring it.
async fn look_at(target: &Target) -> Result<Option<String>, BoxError> {
    let request = operation::ALL[0].request(&target.address.to_string());
    let answer = Client::new(target.address)
        .ask(&request)
        .await
        .map_err(|error| format!("{target} does not answer ({error}); start it, or leave it out"))?;
    if answer.status != 200 {
        return Err(format!(
            "{target} answers {} to GET /health/; it is no server of the contract",
            answer.status
        )
        .into());
    }
    Ok(answer.is_limited.then(|| {
        format!(
            "{} limits the rate of requests, so most of them will be refused; start it with RATE_LIMIT=off",
            target.name
        )
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_of_a_stack_are_targets_and_without_a_stack_there_are_none() {
        let status = br#"{"services": [], "apis": [{"name": "api-axum", "http_address": "127.0.0.1:8000", "pid": 1}]}"#;
        let targets = in_status(status).unwrap();
        assert_eq!(
            targets.iter().map(Target::to_string).collect::<Vec<_>>(),
            ["api-axum at http://127.0.0.1:8000"]
        );
        assert!(in_status(b"").unwrap().is_empty());
        assert!(in_status(b"no JSON").is_err());
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

    #[tokio::test]
    async fn a_target_that_answers_is_measured_and_one_that_does_not_is_named() {
        let floor = floor::Floor::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let target = Target { name: "peer".to_owned(), address: floor.address(), is_floor: false };
        assert_eq!(look_at(&target).await.unwrap(), None, "it limits nothing");
        let nobody = Target { address: "127.0.0.1:1".parse().unwrap(), ..target };
        let error = look_at(&nobody).await.unwrap_err().to_string();
        assert!(error.starts_with("peer at http://127.0.0.1:1 does not answer"), "{error}");
    }
}
