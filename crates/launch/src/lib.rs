//! What every server's `main` does, in the one order that works.
//!
//! TLS provider, runtime, dev stack (if nobody says where the backends are), settings, logs, metrics, backend
//! clients, the server itself; then wait for a signal, stop, close. A server brings its `start` function and
//! nothing else.
//!
//! Deliberately absent: anything of a framework.

mod environment;
mod error;
mod listen;
mod state;

use std::error::Error;
use std::process::ExitCode;

use integrations::Integrations;
use server::metrics::Metrics;
use server::traces::Exporter;
use server::{Running, ServerIdentity, Settings, logs};
use service::Services;
use tokio::runtime::Handle;

pub use error::StartError;
pub use listen::listen;
pub use state::ServerState;

/// The allocator of every program that has this crate, which is the servers.
///
/// What one worker allocates another often frees, and the system's allocator on Linux makes them wait for each other
/// over that: with two workers it was a futex for each request.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How many threads of requests share one for the connections to backends.
///
/// A thread for these alone costs a request that asks a database less than it brings, even with one worker: requests are
/// read and answered many at a time, and not in turn with rows.
const WORKERS_PER_THREAD: usize = 4;

/// What a server's `start` is given.
#[derive(Debug)]
pub struct Launch {
    /// Who the server is.
    pub identity: &'static ServerIdentity,
    /// What it was told from outside.
    pub settings: Settings,
    /// The registry behind `/metrics`.
    pub metrics: Metrics,
    /// The use cases, on clients that live on the runtime which calls `start`.
    pub services: Services,
}

/// Runs a server until it is told to stop.
///
/// `start` is called on the multi-thread runtime of the connections to backends, which outlives the server; requests
/// have threads of their own. What fails is printed on stderr, each
/// cause under the one that it caused, and gives exit code 1.
pub fn main<S, F, E>(identity: &'static ServerIdentity, start: S) -> ExitCode
where
    S: FnOnce(Launch) -> F,
    F: Future<Output = Result<Running, E>>,
    E: Error + 'static,
{
    match run(identity, start) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            logs::print_fatal(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

fn run<S, F, E>(identity: &'static ServerIdentity, start: S) -> Result<(), Box<dyn Error>>
where
    S: FnOnce(Launch) -> F,
    F: Future<Output = Result<Running, E>>,
    E: Error + 'static,
{
    // reqwest and rustls look for a provider of the process; an error means that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The dev stack comes up on a runtime that ends with it: how many threads the server has is known only then.
    let environment = tokio::runtime::Runtime::new()?.block_on(environment::lookup(identity))?;
    let settings = Settings::load(identity, &*environment)?;
    let threads = settings.listen.workers.get().div_ceil(WORKERS_PER_THREAD);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(threads).thread_name("backends").enable_all().build()?;
    runtime.block_on(serve(identity, settings, start))
}

async fn serve<S, F, E>(
    identity: &'static ServerIdentity,
    settings: Settings,
    start: S,
) -> Result<(), Box<dyn Error>>
where
    S: FnOnce(Launch) -> F,
    F: Future<Output = Result<Running, E>>,
    E: Error + 'static,
{
    let endpoint = settings.tracing.otlp_endpoint.as_ref();
    let exporter = endpoint.map(|url| Exporter::start(url, identity, Handle::current())).transpose()?;
    let _log_guard = logs::init(&settings.logs, identity, exporter.as_ref())?;
    logs::log_panics();
    // Before the clients: they make their metrics' handles once.
    let metrics = Metrics::install(identity)?;
    let clients = Integrations::start(settings.integrations.clone(), Handle::current());
    let services = Services::new(&settings.service, clients);

    let running = start(Launch { identity, settings, metrics, services: services.clone() }).await?;
    // Whoever reads that it serves may stop it.
    let stop = server::shutdown_signal();
    tracing::info!(
        http = running.http_address().map(tracing::field::display),
        https = running.https_address().map(tracing::field::display),
        "serving"
    );
    running.until(stop).await?;
    services.close().await;
    if let Some(exporter) = exporter {
        exporter.close().await;
    }
    Ok(())
}
