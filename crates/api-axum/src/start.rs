//! Binds the listeners and serves on them.

use std::io;
use std::net::SocketAddr;

use contract::operation;
use launch::Launch;
use server::Running;
use server::document::{DocumentError, Documents};
use server::limits::RateLimiter;
use server::listener::{self, Listener};
use server::metrics::HttpMetrics;
use server::tls::{Certificate, TlsError};
use tokio_util::sync::CancellationToken;

use crate::app::{app, openapi};
use crate::serve::serve;
use crate::state::{AppState, ServerState};

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is taken or not this machine's.
    #[error("cannot listen on {address}; stop what listens there, or set {variable} to another address")]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// The setting that says it.
        variable: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate cannot be served.
    #[error("the certificate cannot be served")]
    Tls(#[from] TlsError),
    /// The document cannot be written.
    #[error("the OpenAPI document cannot be written")]
    Document(#[from] DocumentError),
    /// The document is no JSON.
    #[error("the OpenAPI document is not JSON")]
    DocumentJson(#[from] serde_json::Error),
}

/// Binds the addresses of `settings` (port 0 allowed) and serves until the returned handle is stopped.
///
/// Requests are answered on the runtime that this is called on.
///
/// # Errors
/// [`StartError`] when an address or the certificate cannot be used.
pub async fn start(launch: Launch) -> Result<Running, StartError> {
    let Launch { identity, settings, metrics, services } = launch;
    let runtime = tokio::runtime::Handle::current();
    let rate_limiter = RateLimiter::new(settings.rate_limit);
    rate_limiter.sweep_in_background(&runtime);
    metrics.keep_up(&runtime);
    let server = ServerState {
        identity,
        metrics,
        http_metrics: HttpMetrics::new(&operation::FILE_ROUTES),
        rate_limiter,
        cors: settings.cors,
        documents: Documents::new(&serde_json::to_value(openapi(identity))?)?,
    };
    let router = app(AppState::new(services, server));

    let mut listeners = Vec::new();
    let (mut http, mut https) = (None, None);
    if let Some(address) = settings.listen.http {
        let listener = Listener::bind(address).await.map_err(bind_error(address, "HTTP_ADDR"))?;
        http = Some(listener.address());
        listeners.push(listener);
    }
    if let Some(settings) = settings.listen.https {
        let certificate = Certificate::load(settings.certificate)?;
        certificate.watch(&runtime);
        let address = settings.address;
        let listener = Listener::bind(address).await.map_err(bind_error(address, "HTTPS_ADDR"))?;
        https = Some(listener.address());
        listeners.push(listener.with_tls(certificate.server_config()?));
    }
    let stopping = CancellationToken::new();
    let serving =
        listener::serve(listeners, stopping.clone(), move |connection| serve(connection, router.clone()));
    // Connections are accepted from here on; that is not left to whoever waits.
    let serving = tokio::spawn(serving);
    let completion = async move { serving.await.map_err(io::Error::other) };
    Ok(Running::new(http, https, stopping, completion))
}

fn bind_error(address: SocketAddr, variable: &'static str) -> impl FnOnce(io::Error) -> StartError {
    move |source| StartError::Bind { address, variable, source }
}
