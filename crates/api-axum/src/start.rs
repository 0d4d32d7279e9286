//! Binds the listeners and serves on them.

use std::io;

use launch::{Launch, ServerState, StartError};
use server::Running;
use server::listener::{self, Listener};
use server::tls::Certificate;
use tokio_util::sync::CancellationToken;

use crate::app::{app, openapi};
use crate::serve::serve;
use crate::state::AppState;

/// Binds the addresses of `settings` (port 0 allowed) and serves until the returned handle is stopped.
///
/// Requests are answered on the runtime that this is called on.
///
/// # Errors
/// [`StartError`] when an address or the certificate cannot be used.
pub async fn start(launch: Launch) -> Result<Running, StartError> {
    let Launch { identity, settings, metrics, services } = launch;
    let server = ServerState::new(identity, &settings, metrics, || openapi(identity));
    let router = app(AppState::new(services, server));

    let mut listeners = Vec::new();
    let (mut http, mut https) = (None, None);
    if let Some(address) = settings.listen.http {
        let listener = Listener::bind(address).await.map_err(StartError::bind(address, "HTTP_ADDR"))?;
        http = Some(listener.address());
        listeners.push(listener);
    }
    if let Some(settings) = settings.listen.https {
        let certificate = Certificate::load(settings.certificate)?;
        certificate.watch(&tokio::runtime::Handle::current());
        let address = settings.address;
        let listener = Listener::bind(address).await.map_err(StartError::bind(address, "HTTPS_ADDR"))?;
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
