//! For tests only: one suite of cases over HTTP that every API server's real binary is put through.
//!
//! [`run`] starts a server's binary against the shared test stack, sends it requests as bytes and holds the answers
//! to the contract. Nothing here knows how a server is built: its [`Target`] says where its binary is and the few
//! values by which it differs from the others, by design.
//!
//! Deliberately absent: the crates that the servers are made of. What they must say is written down here a second
//! time, or taken from `openapi/openapi.yaml`, so that a mistake in a shared crate cannot make itself right.

mod backends;
mod cases;
mod coverage;
pub mod document;
mod expected;
mod judge;
mod problem;
mod rows;
mod server;
mod suite;
mod template;
mod wire;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use suite::SharedSuite;

/// Why a case failed.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How a case ended.
pub type Outcome = Result<(), BoxError>;

/// The contract, as the suite was built with it.
const CONTRACT: &str = include_str!("../../../openapi/openapi.yaml");

/// No case waits longer for anything that is to happen.
const LIMIT: Duration = Duration::from_secs(30);

/// A server under test, with all that it may have of its own.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The server's binary.
    pub binary: &'static Path,
    /// `name` on the front page and in the metrics, `service` in the log, and the name of its role in Vault.
    pub name: &'static str,
    /// `framework` on the front page and in the metrics.
    pub framework: &'static str,
    /// `approach` on the front page and in the metrics.
    pub approach: &'static str,
    /// `version` on the front page and in the metrics.
    pub version: &'static str,
}

/// Runs all cases, or those that the command line names as `cargo test`'s own harness would.
///
/// The exit code says whether all passed.
pub fn run(target: Target) -> ExitCode {
    let arguments = suite::arguments();
    // That there is a provider already is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let shared = Arc::new(SharedSuite::new(target));
    let trials = cases::all().into_iter().map(|case| case.trial(&shared, runtime.handle())).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let closed = match Arc::into_inner(shared) {
        Some(shared) => {
            let is_whole = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list;
            runtime.block_on(shared.close(is_whole && !conclusion.has_failed()))
        }
        None => Ok(()),
    };
    match closed {
        Err(error) => fail(error.as_ref()),
        Ok(()) => conclusion.exit_code(),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "it says why the harness failed, beside what the harness itself prints"
)]
fn fail(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    eprintln!("black-box: {error}");
    ExitCode::FAILURE
}
