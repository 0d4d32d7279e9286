//! Binds the listeners and runs the workers.

use std::io;
use std::sync::Arc;

use actix_web::HttpServer;
use actix_web::http::KeepAlive;
use contract::limits;
use launch::{Launch, ServerState, StartError};
use server::Running;
use server::tls::Certificate;
use tokio_util::sync::CancellationToken;

use crate::app::{OwnDocument, app};
use crate::state::AppState;

/// Binds the addresses of `settings` (port 0 allowed) and serves until the returned handle is stopped.
///
/// Call it on the multi-thread runtime that the backends' clients live on: actix-web's workers have
/// single-thread runtimes of their own, and what lives there ends with them.
///
/// # Errors
/// [`StartError`] when an address or the certificate cannot be used.
pub async fn start(launch: Launch) -> Result<Running, StartError> {
    let Launch { identity, settings, metrics, services } = launch;
    let server = ServerState::new(identity, &settings, metrics, || OwnDocument);
    let state = AppState { services, server: Arc::new(server) };

    let stopping = CancellationToken::new();
    let mut server = HttpServer::new(move || app(state.clone()))
        .workers(settings.listen.workers.get())
        .keep_alive(KeepAlive::Timeout(limits::IDLE_TIMEOUT))
        .client_request_timeout(limits::HEAD_TIMEOUT)
        .shutdown_timeout(limits::SHUTDOWN_TIMEOUT.as_secs())
        .shutdown_signal(stopping.clone().cancelled_owned());
    if let Some(address) = settings.listen.http {
        server = server.bind(address).map_err(StartError::bind(address, "HTTP_ADDR"))?;
    }
    if let Some(https) = settings.listen.https {
        let certificate = Certificate::load(https.certificate)?;
        certificate.watch(&tokio::runtime::Handle::current());
        let address = https.address;
        server = server
            .bind_rustls_0_23(address, certificate.server_config()?)
            .map_err(StartError::bind(address, "HTTPS_ADDR"))?;
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
