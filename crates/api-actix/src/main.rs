//! `api-actix`: brings up what is missing, then serves until it is told to stop.

use std::error::Error;
use std::process::ExitCode;

use integrations::Integrations;
use server::metrics::Metrics;
use server::{ServerIdentity, Settings, logs, settings};
use service::Services;

const IDENTITY: &ServerIdentity = &ServerIdentity::ACTIX;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            logs::print_fatal(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    // reqwest and rustls look for a provider of the process; an error means that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let environment = backends::environment().await?;
    let settings = Settings::load(IDENTITY, &*environment)?;
    let _log_guard = logs::init(&settings.logs, IDENTITY)?;
    logs::log_panics();
    let metrics = Metrics::install(IDENTITY)?;
    let integrations = Integrations::start(settings.integrations.clone(), tokio::runtime::Handle::current());
    let services = Services::new(&settings.service, integrations);

    let running = api_actix::start(IDENTITY, &settings, metrics, services.clone()).await?;
    tracing::info!(
        http = running.http_address().map(tracing::field::display),
        https = running.https_address().map(tracing::field::display),
        "serving"
    );
    running.until(server::shutdown_signal()).await?;
    services.close().await;
    Ok(())
}

type Environment = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Where the backends are: the environment says it, or the dev stack is brought up.
#[cfg(feature = "devstack")]
mod backends {
    use std::error::Error;

    use devstack::{UpOptions, default_home, up};

    use super::{Environment, IDENTITY, settings};

    /// The process's variables; without `VAULT_ADDR` among them, those of the dev stack below them.
    pub(super) async fn environment() -> Result<Environment, Box<dyn Error>> {
        if settings::environment("VAULT_ADDR").is_some() {
            return Ok(Box::new(settings::environment));
        }
        let options = UpOptions::new(default_home(&settings::environment)?);
        let stack = up(&options, &devstack::Silent).await?;
        let variables = stack.environment(IDENTITY.name);
        Ok(Box::new(move |name| settings::environment(name).or_else(|| variables.get(name).cloned())))
    }
}

/// Where the backends are: the environment says it.
#[cfg(not(feature = "devstack"))]
mod backends {
    use std::error::Error;

    use super::{Environment, settings};

    /// The process's variables.
    pub(super) async fn environment() -> Result<Environment, Box<dyn Error>> {
        Ok(Box::new(settings::environment))
    }
}
