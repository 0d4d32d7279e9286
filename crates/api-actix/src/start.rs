//! Binds the listeners and runs the workers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::HttpServer;
use actix_web::http::KeepAlive;
use contract::{limits, operation};
use launch::Launch;
use server::Running;
use server::document::{DocumentError, Documents};
use server::limits::RateLimiter;
use server::metrics::HttpMetrics;
use server::tls::{Certificate, TlsError};
use tokio_util::sync::CancellationToken;

use crate::app::{app, openapi};
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
/// Call it on the multi-thread runtime that the backends' clients live on: actix-web's workers have
/// single-thread runtimes of their own, and what lives there ends with them.
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
    let state = AppState { services, server: Arc::new(server) };

    let stopping = CancellationToken::new();
    let mut server = HttpServer::new(move || app(state.clone()))
        .workers(settings.listen.workers.get())
        .keep_alive(KeepAlive::Timeout(limits::IDLE_TIMEOUT))
        .client_request_timeout(limits::HEAD_TIMEOUT)
        .shutdown_timeout(limits::SHUTDOWN_TIMEOUT.as_secs())
        .shutdown_signal(stopping.clone().cancelled_owned());
    if let Some(address) = settings.listen.http {
        server = server.bind(address).map_err(bind_error(address, "HTTP_ADDR"))?;
    }
    if let Some(https) = settings.listen.https {
        let certificate = Certificate::load(https.certificate)?;
        certificate.watch(&runtime);
        let address = https.address;
        server = server
            .bind_rustls_0_23(address, certificate.server_config()?)
            .map_err(bind_error(address, "HTTPS_ADDR"))?;
    }
    let bound = |wanted| {
        server
            .addrs_with_scheme()
            .into_iter()
            .find(|(_, scheme)| *scheme == wanted)
            .map(|(address, _)| address)
    };
    let (http, https) = (bound("http"), bound("https"));
    // The accept loop runs as soon as the server is polled; it is not left to whoever waits.
    let serving = tokio::spawn(server.run());
    let completion = async move { serving.await.map_err(io::Error::other)? };
    Ok(Running::new(http, https, stopping, completion))
}

fn bind_error(address: SocketAddr, variable: &'static str) -> impl FnOnce(io::Error) -> StartError {
    move |source| StartError::Bind { address, variable, source }
}
