//! Binds the addresses and serves them on threads of their own, for servers whose framework does neither.

use std::io;
use std::num::NonZeroUsize;
use std::thread;

use server::Running;
use server::listener::{self, Connection, Listener};
use server::settings::ListenSettings;
use server::tls::Certificate;
use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::StartError;

/// Binds the addresses of `settings` (port 0 allowed) and gives each connection to `serve`, until the returned handle is
/// stopped.
///
/// `serve` runs on one of as many threads as `settings` says, and stays there.
/// The caller's runtime accepts, and is where the connections to backends are, so that these and requests do not wait
/// for one another.
///
/// # Errors
/// [`StartError`] when an address or the certificate cannot be used, or no threads can be made.
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
    let workers = Workers::start(settings.workers).map_err(StartError::Threads)?;
    let stopping = CancellationToken::new();
    let stopped = stopping.clone();
    // In a task, because connections are accepted from here on; that is not left to whoever waits.
    let serving = tokio::spawn(async move {
        listener::serve(listeners, &workers.handles, stopped, serve).await;
        drop(workers);
    });
    let completion = async move { serving.await.map_err(io::Error::other) };
    Ok(Running::new(http, https, stopping, completion))
}

/// Threads with a runtime of one thread each; dropped, they end, and what still runs on them does too.
///
/// One runtime of several threads would share work more evenly. Here a request is answered without a look at what other
/// threads do, and on the thread that its connection to Redis is on.
struct Workers {
    handles: Vec<Handle>,
    _ending: DropGuard,
}

impl Workers {
    fn start(count: NonZeroUsize) -> io::Result<Self> {
        let token = CancellationToken::new();
        let ending = token.clone().drop_guard();
        let start = |number| {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let handle = runtime.handle().clone();
            let ended = token.clone().cancelled_owned();
            let thread = thread::Builder::new().name(format!("requests-{number}"));
            thread.spawn(move || {
                runtime.block_on(ended);
                runtime.shutdown_background();
            })?;
            Ok(handle)
        };
        let handles = (0..count.get()).map(start).collect::<io::Result<_>>()?;
        Ok(Self { handles, _ending: ending })
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::net::TcpStream;
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn connections_are_served_on_each_thread_in_turn_until_the_server_is_stopped() {
        let settings = ListenSettings {
            http: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            https: None,
            workers: NonZeroUsize::MIN.saturating_add(1),
        };
        let (sender, mut threads) = mpsc::channel(1);
        let serve = move |connection: Connection| {
            let sender = sender.clone();
            async move {
                let _ = sender.send(thread::current().name().map(str::to_owned)).await;
                connection.stopping.cancelled().await;
            }
        };
        let running = listen(settings, serve).await.expect("a free port");
        let address = running.http_address().expect("it is on");
        let mut clients = Vec::new();
        for expected in ["requests-0", "requests-1", "requests-0"] {
            clients.push(TcpStream::connect(address).await.expect("it accepts"));
            assert_eq!(threads.recv().await.flatten().as_deref(), Some(expected));
        }
        running.stop();
        running.wait().await.expect("its connections end when they are told");
    }
}
