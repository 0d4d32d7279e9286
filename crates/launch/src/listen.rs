//! Binds the addresses and serves them on threads of their own, for servers whose framework does neither.

use std::io;
use std::net::SocketAddr;

use server::Running;
use server::listener::{self, Connection, Listener};
use server::settings::ListenSettings;
use server::tls::Certificate;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::StartError;

/// Binds the addresses of `settings` (port 0 allowed) and gives each connection to `serve`, until the returned handle is
/// stopped.
///
/// `serve` runs on a runtime of its own, with as many threads as `settings` says, so that requests and the connections
/// to backends, which live on the caller's runtime, do not wait for one another.
///
/// # Errors
/// [`StartError`] when an address or the certificate cannot be used, or no threads can be made.
pub async fn listen<S, F>(settings: ListenSettings, serve: S) -> Result<Running, StartError>
where
    S: Fn(Connection) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = Builder::new_multi_thread()
        .worker_threads(settings.workers.get())
        .thread_name("requests")
        .enable_all()
        .build()
        .map_err(StartError::Threads)?;
    let requests = runtime.handle().clone();
    let runtime = EndedInBackground(Some(runtime));
    let stopping = CancellationToken::new();
    // A socket belongs to the runtime that it was bound on.
    let bound = requests.spawn(bind_and_serve(settings, stopping.clone(), serve));
    let Bound { http, https, serving } =
        bound.await.map_err(io::Error::other).map_err(StartError::Threads)??;
    // In a task, because a server lives on when nobody waits for it.
    let ended = tokio::spawn(async move {
        let ended = serving.await;
        drop(runtime);
        ended
    });
    let completion = async move { ended.await.and_then(|ended| ended).map_err(io::Error::other) };
    Ok(Running::new(http, https, stopping, completion))
}

/// A server that accepts connections.
struct Bound {
    http: Option<SocketAddr>,
    https: Option<SocketAddr>,
    serving: JoinHandle<()>,
}

async fn bind_and_serve<S, F>(
    settings: ListenSettings,
    stopping: CancellationToken,
    serve: S,
) -> Result<Bound, StartError>
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
    // Connections are accepted from here on; that is not left to whoever waits.
    Ok(Bound { http, https, serving: tokio::spawn(listener::serve(listeners, stopping, serve)) })
}

/// A runtime that may be dropped where others are being served: it ends what still runs there, and waits for none of it.
struct EndedInBackground(Option<Runtime>);

impl Drop for EndedInBackground {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use tokio::net::TcpStream;
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn connections_are_served_on_threads_of_their_own_until_the_server_is_stopped() {
        let settings = ListenSettings {
            http: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            https: None,
            workers: NonZeroUsize::MIN,
        };
        let (sender, mut threads) = mpsc::channel(1);
        let serve = move |connection: Connection| {
            let sender = sender.clone();
            async move {
                let _ = sender.send(std::thread::current().name().map(str::to_owned)).await;
                connection.stopping.cancelled().await;
            }
        };
        let running = listen(settings, serve).await.expect("a free port");
        let _client =
            TcpStream::connect(running.http_address().expect("it is on")).await.expect("it accepts");
        assert_eq!(threads.recv().await.flatten().as_deref(), Some("requests"));
        running.stop();
        running.wait().await.expect("its only connection ends when it is told");
    }
}
