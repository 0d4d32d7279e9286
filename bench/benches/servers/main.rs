//! Each of the five servers over loopback, on one keep-alive connection: how long a request takes when nothing else goes on.
//! The bare hyper server is the floor.
//!
//! `cargo bench -p bench --bench servers`; a name filters: `-- health`, `-- /api-axum`. With `-- --test`, and by
//! `cargo test`, each runs once and nothing is judged.
//!
//! The servers run as processes of their own, against the tests' stack: this binary depends on their crates and starts
//! *itself* once for each, as `servers serve api-axum`, which does what the server's own `main` does. All of one operation's
//! servers follow each other, beginning with another one for each operation, so that what drifts favours none.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bench::BoxError;
use bench::client::HttpCaller;
use bench::floor::{self, Floor};
use bench::load::{Caller as _, Outcome};
use bench::operation::{self, Behind, Operation};
use bench::server::Server;
use criterion::Criterion;
use server::ServerIdentity;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", name] => serve(name),
        _ => match measure() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error.to_string()),
        },
    }
}

/// What the `main` of the server of this name does.
fn serve(name: &str) -> ExitCode {
    match name {
        "api-axum" => launch::main(&ServerIdentity::AXUM, api_axum::start),
        "api-axum-spec" => launch::main(&ServerIdentity::AXUM_SPEC, api_axum_spec::start),
        "api-hyper" => launch::main(&ServerIdentity::HYPER, api_hyper::start),
        "api-actix-spec" => launch::main(&ServerIdentity::ACTIX_SPEC, api_actix_spec::start),
        "api-actix" => launch::main(&ServerIdentity::ACTIX, api_actix::start),
        _ => fail(&format!("there is no server {name}")),
    }
}

/// The servers that [`serve`] can start.
const SERVERS: [&str; 5] = ["api-axum", "api-axum-spec", "api-hyper", "api-actix-spec", "api-actix"];

fn measure() -> Result<(), BoxError> {
    let runtime = Runtime::new()?;
    let servers = runtime.block_on(start())?;
    // On a runtime of its own, as a process would have it.
    let own = Runtime::new()?;
    let floor = own.block_on(Floor::start("127.0.0.1:0".parse()?))?;
    let mut callees: Vec<(&str, _)> =
        servers.iter().map(|server| (server.target.name.as_str(), server.target.address)).collect();
    callees.insert(0, (floor::NAME, floor.address()));

    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for (turn, operation) in operation::ALL.iter().enumerate() {
        let mut group = criterion.benchmark_group(operation.name);
        let length = callees.len();
        for (name, address) in callees.iter().cycle().skip(turn % length).take(length) {
            if *name == floor::NAME && operation.behind != Behind::Nothing {
                continue;
            }
            let mut caller = HttpCaller::new(*address, operation, 0);
            group.bench_function(*name, |bencher| {
                bencher.iter_custom(|times| {
                    runtime.block_on(async {
                        let begun = Instant::now();
                        for _ in 0..times {
                            answered(&mut caller, name, operation).await;
                        }
                        begun.elapsed()
                    })
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
    runtime.block_on(async {
        for server in servers {
            server.end().await?;
        }
        Ok(())
    })
}

/// Start all servers without rate limits, and wait until they have reached their backends.
async fn start() -> Result<Vec<Server>, BoxError> {
    let stack = testkit::stack().await?;
    let program = std::env::current_exe()?;
    let mut servers = Vec::new();
    for name in SERVERS {
        let mut variables: BTreeMap<String, String> = stack.environment(name);
        variables.insert("RATE_LIMIT".to_owned(), "off".to_owned());
        servers.push(Server::start(name, &program, &["serve", name], &variables).await?);
    }
    for server in &servers {
        server.answers("/health/ready").await?;
    }
    if let Some(server) = servers.first() {
        let mut set_up = HttpCaller::new(server.target.address, &operation::SET_UP, 0);
        answered(&mut set_up, &server.target.name, &operation::SET_UP).await;
    }
    Ok(servers)
}

#[expect(
    clippy::panic,
    reason = "the time of a request that was refused says nothing, and Criterion takes no errors"
)]
async fn answered(caller: &mut HttpCaller, name: &str, operation: &Operation) {
    match caller.call().await {
        Outcome::Answered => {}
        other => panic!("{name} answers {} with {other:?}", operation.name),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "it says why nothing was measured, beside what Criterion itself prints"
)]
fn fail(error: &str) -> ExitCode {
    eprintln!("servers: {error}");
    ExitCode::FAILURE
}
