//! Binds the addresses, for servers whose framework brings no accept loop.

use std::io;

use server::Running;
use server::listener::{self, Connection, Listener};
use server::settings::ListenSettings;
use server::tls::Certificate;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::StartError;

/// Binds the addresses of `settings` (port 0 allowed) and gives each connection to `serve`, until the returned handle is
/// stopped.
///
/// `serve` runs on the runtime that this is called on.
///
/// # Errors
/// [`StartError`] when an address or the certificate cannot be used.
pub async fn listen<S, F>(settings: ListenSettings, serve: S) -> Result<Running, StartError>
where
    S: Fn(Connection) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let mut listeners = Vec::new();
    let (mut http, mut https) = (None, None);
    if let Some(address) = settings.http {
        let listener = Listener::bind(address).await.map_err(StartError::bind(address, "HTTP_ADDR"))?;
        http = Some(listener.address());
        listeners.push(listener);
    }
    if let Some(settings) = settings.https {
        let certificate = Certificate::load(settings.certificate)?;
        certificate.watch(&Handle::current());
        let address = settings.address;
        let listener = Listener::bind(address).await.map_err(StartError::bind(address, "HTTPS_ADDR"))?;
        https = Some(listener.address());
        listeners.push(listener.with_tls(certificate.server_config()?));
    }
    let stopping = CancellationToken::new();
    // Connections are accepted from here on; that is not left to whoever waits.
    let serving = tokio::spawn(listener::serve(listeners, stopping.clone(), serve));
    let completion = async move { serving.await.map_err(io::Error::other) };
    Ok(Running::new(http, https, stopping, completion))
}
