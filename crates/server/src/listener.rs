//! Listeners for servers whose framework brings no accept loop that keeps the contract's time limits.
//!
//! [`serve`] accepts, shakes hands where TLS is asked for, and hands each connection to the server's own HTTP in a
//! task of its own; when the server is stopped it closes the listeners and waits for those tasks.
//!
//! Deliberately absent: HTTP. What a connection speaks is in [`Connection::protocol`]; who speaks it is the caller.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use contract::limits;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection::{Activity, Socket};
use crate::running::GRACE;
use crate::tls::H2;

/// How long accepting rests after it failed for want of something, such as file descriptors.
const REST: Duration = Duration::from_millis(500);

/// A bound address, with a certificate where TLS is spoken there.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
}

impl Listener {
    /// Binds `address` for plain HTTP/1.1; port 0 is allowed.
    ///
    /// # Errors
    /// What the system says when the address is taken or not this machine's.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        Ok(Self { address: socket.local_addr()?, socket, tls: None })
    }

    /// Speaks TLS, and what it negotiates by ALPN.
    #[must_use]
    pub fn with_tls(self, config: ServerConfig) -> Self {
        Self { tls: Some(Arc::new(config)), ..self }
    }

    /// The address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection; waits out whatever keeps the system from giving one.
    async fn accept(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.socket.accept().await {
                Ok(accepted) => return accepted,
                // The client was gone before its turn came.
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// What is spoken on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1, and 1.0.
    Http1,
    /// HTTP/2.
    Http2,
}

/// A connection that waits for its first request.
#[derive(Debug)]
pub struct Connection {
    /// The bytes, in clear.
    pub socket: Socket<Either<TcpStream, TlsStream<TcpStream>>>,
    /// The client.
    pub peer: SocketAddr,
    /// What is spoken.
    pub protocol: Protocol,
    /// To be told of requests; says when the connection is overdue.
    pub activity: Activity,
    /// Cancelled when the server is stopped: what is in flight may be finished, nothing more is begun.
    pub stopping: CancellationToken,
}

/// Accepts on all `listeners` until `stopping`, and gives each connection to `serve` in a task of its own, on each of
/// `workers` in turn.
///
/// Returns when every connection has ended; those that have not after [`GRACE`] are dropped.
pub async fn serve<S, F>(listeners: Vec<Listener>, workers: &[Handle], stopping: CancellationToken, serve: S)
where
    S: Fn(Connection) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let connections = TaskTracker::new();
    let dropping = CancellationToken::new();
    let accepting = TaskTracker::new();
    for listener in listeners {
        let (serve, connections) = (serve.clone(), connections.clone());
        let (stopping, dropping) = (stopping.clone(), dropping.clone());
        let workers = workers.to_vec();
        accepting.spawn(async move {
            let mut workers = workers.iter().cycle();
            let accept = async {
                loop {
                    let (stream, peer) = listener.accept().await;
                    let Some(worker) = workers.next() else { return };
                    let (tls, serve) = (listener.tls.clone(), serve.clone());
                    // Tokens of its own: each time that a connection is polled it takes its tokens' locks.
                    let (stopping, dropping) = (stopping.child_token(), dropping.child_token());
                    let connection = open(stream, peer, tls, stopping);
                    // Boxed, or each of the futures around it would have room for it twice.
                    let connection = Box::pin(async move {
                        if let Some(connection) = connection.await {
                            serve(connection).await;
                        }
                    });
                    let connection = async move { dropping.run_until_cancelled(connection).await };
                    connections.spawn_on(connection, worker);
                }
            };
            stopping.run_until_cancelled(accept).await;
        });
    }
    accepting.close();
    accepting.wait().await;
    connections.close();
    if tokio::time::timeout(GRACE, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections are dropped, their time to end is over");
        dropping.cancel();
        connections.wait().await;
    }
}

/// Shakes hands where TLS is spoken; `None` when the client does not.
async fn open(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
    stopping: CancellationToken,
) -> Option<Connection> {
    // It belongs to the runtime that accepted it until then.
    let stream = match stream.into_std().and_then(TcpStream::from_std) {
        Ok(stream) => stream,
        Err(error) => {
            tracing::error!(%error, "a connection cannot be given to a worker");
            return None;
        }
    };
    // An answer is written at once and whole; waiting for more to send with it would only delay it.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set");
    }
    let stream = match tls {
        None => Either::Left(stream),
        Some(config) => {
            let stream = stopping.run_until_cancelled(shake_hands(stream, config)).await;
            Either::Right(stream.flatten()?)
        }
    };
    let protocol = match &stream {
        Either::Right(stream) if stream.get_ref().1.alpn_protocol() == Some(H2) => Protocol::Http2,
        _ => Protocol::Http1,
    };
    let activity = Activity::new(protocol == Protocol::Http2);
    let socket = Socket::new(stream, activity.clone());
    Some(Connection { socket, peer, protocol, activity, stopping })
}

async fn shake_hands(stream: TcpStream, config: Arc<ServerConfig>) -> Option<TlsStream<TcpStream>> {
    let accept = TlsAcceptor::from(config).accept(stream);
    match tokio::time::timeout(limits::HEAD_TIMEOUT, accept).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_elapsed) => None,
    }
}
