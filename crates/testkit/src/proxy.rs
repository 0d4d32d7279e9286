//! A TCP proxy that a test puts in front of a backend to break the network.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::runtime;

/// Loopback answers at once or refuses; more than this is a target that is itself broken.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const CHUNK: usize = 16 * 1024;
const BACKLOG: u32 = 1024;

/// A proxy on a port of 127.0.0.1 of its own, in front of one target.
///
/// It begins by passing everything. Dropping it closes all its connections.
/// For a Redis Cluster take one for each node, and map the announced addresses, or the client walks round them.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
}

/// What the proxy's task, its connections and the test see.
#[derive(Debug)]
struct Shared {
    /// The flow of all connections. A connection holds the borrow while it passes a chunk on, and `send` waits for
    /// borrows: once `stall` has returned, nothing passes any more.
    flow: watch::Sender<Flow>,
    target: watch::Sender<SocketAddr>,
    /// How long a chunk is held, in nanoseconds.
    delay: AtomicU64,
    accepted: AtomicU64,
    to_target: AtomicU64,
    from_target: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Passing,
    Stalled,
}

/// Each is answered when it is done.
#[derive(Debug)]
enum Command {
    Cut(oneshot::Sender<io::Result<()>>),
    Disconnect(oneshot::Sender<io::Result<()>>),
    Restore(oneshot::Sender<io::Result<()>>),
}

impl Proxy {
    /// Listen on a free port of 127.0.0.1 and pass everything to `target` and back.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn to(target: SocketAddr) -> io::Result<Self> {
        let (started, address) = oneshot::channel();
        let (commands, inbox) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            flow: watch::Sender::new(Flow::Passing),
            target: watch::Sender::new(target),
            delay: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            to_target: AtomicU64::new(0),
            from_target: AtomicU64::new(0),
        });
        runtime::handle()?.spawn(run(Arc::clone(&shared), inbox, started));
        let address = address.await.map_err(|_| gone())??;
        Ok(Self { address, commands, shared })
    }

    /// Where it listens: what the client under test is given instead of the target.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Close all connections and refuse new ones, as a server does that is down.
    ///
    /// All is closed when this returns. The port stays ours.
    ///
    /// # Errors
    /// When the port cannot be kept.
    pub async fn cut(&self) -> io::Result<()> {
        self.command(Command::Cut).await
    }

    /// Close all connections, but go on accepting new ones, as a server does that was restarted.
    ///
    /// # Errors
    /// When the proxy has ended.
    pub async fn disconnect(&self) -> io::Result<()> {
        self.command(Command::Disconnect).await
    }

    /// Accept connections, but pass nothing in either direction, as a server does that hangs.
    ///
    /// Nothing passes any more when this returns. What has arrived is kept and passed on by [`restore`](Self::restore).
    pub fn stall(&self) {
        self.shared.flow.send_replace(Flow::Stalled);
    }

    /// Hold everything that arrives for so long before it is passed on, in either direction, as a network does whose other
    /// end is far away. One after the other on each connection, so that it also narrows what many small messages can do.
    ///
    /// It holds for what arrives from now on; zero passes at once again.
    pub fn delay(&self, delay: Duration) {
        let nanoseconds = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        self.shared.delay.store(nanoseconds, Ordering::Release);
    }

    /// Accept connections and pass everything again, after [`cut`](Self::cut) or [`stall`](Self::stall).
    ///
    /// # Errors
    /// When the port cannot be listened on.
    pub async fn restore(&self) -> io::Result<()> {
        self.shared.flow.send_replace(Flow::Passing);
        self.command(Command::Restore).await
    }

    /// Send new connections to another target; those that are open stay where they are.
    pub fn retarget(&self, target: SocketAddr) {
        self.shared.target.send_replace(target);
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> u64 {
        self.shared.accepted.load(Ordering::Acquire)
    }

    /// How many bytes were passed to the target so far. When it has not grown, nothing arrived there.
    pub fn bytes_to_target(&self) -> u64 {
        self.shared.to_target.load(Ordering::Acquire)
    }

    /// How many bytes were passed from the target to its clients so far.
    pub fn bytes_from_target(&self) -> u64 {
        self.shared.from_target.load(Ordering::Acquire)
    }

    async fn command(
        &self,
        command: impl FnOnce(oneshot::Sender<io::Result<()>>) -> Command,
    ) -> io::Result<()> {
        let (reply, done) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| gone())?;
        done.await.map_err(|_| gone())?
    }
}

fn gone() -> io::Error {
    io::Error::other("the proxy has ended")
}

/// What holds the port.
enum Port {
    Listening(TcpListener),
    /// Bound, so that nobody else takes the port, but not listening, so that the system refuses connections.
    Held(#[expect(dead_code, reason = "held for its port alone")] TcpSocket),
}

/// A socket on `address`.
///
/// With `SO_REUSEPORT` the socket that holds the port and the one that listens on it may overlap for the moment in
/// which one replaces the other; without it, another process could take the port between the two.
fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// The proxy's task; it ends when the [`Proxy`] is dropped, and its connections with it.
async fn run(
    shared: Arc<Shared>,
    mut inbox: mpsc::Receiver<Command>,
    started: oneshot::Sender<io::Result<SocketAddr>>,
) {
    let bound = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .and_then(|socket| socket.listen(BACKLOG))
        .and_then(|listener| listener.local_addr().map(|address| (listener, address)));
    let (listener, address) = match bound {
        Ok(bound) => bound,
        Err(error) => {
            // Nobody waits for the answer when the test has already ended.
            let _ = started.send(Err(error));
            return;
        }
    };
    let _ = started.send(Ok(address));
    let mut port = Port::Listening(listener);
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            match &port {
                Port::Listening(listener) => listener.accept().await,
                Port::Held(_) => std::future::pending().await,
            }
        };
        let command = tokio::select! {
            command = inbox.recv() => command,
            Some(_ended) = connections.join_next() => continue,
            accepted = accepted => {
                // A failed accept is a connection that its client gave up meanwhile.
                if let Ok((client, _)) = accepted {
                    shared.accepted.fetch_add(1, Ordering::AcqRel);
                    connections.spawn(connect(Arc::clone(&shared), client));
                }
                continue;
            }
        };
        let (reply, outcome) = match command {
            None => return,
            Some(Command::Cut(reply)) => {
                let held = bind(address).map(|socket| port = Port::Held(socket));
                connections.shutdown().await;
                (reply, held)
            }
            Some(Command::Disconnect(reply)) => {
                connections.shutdown().await;
                (reply, Ok(()))
            }
            Some(Command::Restore(reply)) => {
                let listening = match port {
                    Port::Listening(_) => Ok(()),
                    Port::Held(_) => bind(address)
                        .and_then(|socket| socket.listen(BACKLOG))
                        .map(|listener| port = Port::Listening(listener)),
                };
                (reply, listening)
            }
        };
        let _ = reply.send(outcome);
    }
}

/// Serve one accepted connection until either side is done with it.
async fn connect(shared: Arc<Shared>, client: TcpStream) {
    let mut flow = shared.flow.subscribe();
    // A server that hangs is not asked either.
    if flow.wait_for(|flow| *flow == Flow::Passing).await.is_err() {
        return;
    }
    let target = *shared.target.borrow();
    let Ok(Ok(target)) = timeout(CONNECT_LIMIT, TcpStream::connect(target)).await else {
        return;
    };
    // Both ends talk in small messages; without this the proxy would add the delay of Nagle's algorithm.
    if client.set_nodelay(true).is_err() || target.set_nodelay(true).is_err() {
        return;
    }
    let up = pass(&client, &target, shared.flow.subscribe(), &shared.delay, &shared.to_target);
    let down = pass(&target, &client, flow, &shared.delay, &shared.from_target);
    // Half-closed connections are of no use to any of the backends' protocols: one end of file ends both ways.
    tokio::select! {
        _ended = up => {}
        _ended = down => {}
    }
}

/// Pass bytes `from` one end `to` the other while they may flow, and count them.
async fn pass(
    from: &TcpStream,
    to: &TcpStream,
    mut flow: watch::Receiver<Flow>,
    delay: &AtomicU64,
    passed: &AtomicU64,
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = match from.ready(Interest::READABLE).await.and_then(|_| from.try_read(&mut chunk)) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        };
        match delay.load(Ordering::Acquire) {
            0 => {}
            nanoseconds => tokio::time::sleep(Duration::from_nanos(nanoseconds)).await,
        }
        let mut written = 0;
        while written < length {
            flow.wait_for(|flow| *flow == Flow::Passing).await.map_err(io::Error::other)?;
            to.writable().await?;
            let borrowed = flow.borrow();
            if *borrowed != Flow::Passing {
                continue;
            }
            // Counted before it is sent: whoever has seen the answer sees the count.
            match to.try_write(&chunk[written..length]) {
                Ok(count) => {
                    written += count;
                    passed.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::AcqRel);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::{Duration, timeout};

    use super::*;
    use crate::eventually;

    const LIMIT: Duration = Duration::from_secs(10);

    /// A server that answers each byte with the same byte, preceded by `mark`.
    async fn echo(mark: u8) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    while let Ok(byte) = client.read_u8().await {
                        if client.write_all(&[mark, byte]).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        address
    }

    async fn ask(stream: &mut TcpStream, byte: u8) -> io::Result<[u8; 2]> {
        let mut answer = [0; 2];
        stream.write_u8(byte).await?;
        timeout(LIMIT, stream.read_exact(&mut answer)).await??;
        Ok(answer)
    }

    async fn connected(proxy: &Proxy) -> TcpStream {
        timeout(LIMIT, TcpStream::connect(proxy.address())).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn everything_passes_and_is_counted() {
        let proxy = Proxy::to(echo(b'a').await).await.unwrap();
        let mut stream = connected(&proxy).await;
        assert_eq!(ask(&mut stream, 1).await.unwrap(), [b'a', 1]);
        assert_eq!(ask(&mut stream, 2).await.unwrap(), [b'a', 2]);
        assert_eq!(proxy.connections(), 1);
        assert_eq!(proxy.bytes_to_target(), 2);
        eventually(LIMIT, "the count of what came back", async || match proxy.bytes_from_target() {
            4 => Ok(()),
            other => Err(other),
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn a_cut_closes_what_is_open_and_refuses_what_is_new_until_restored() {
        let proxy = Proxy::to(echo(b'a').await).await.unwrap();
        let mut stream = connected(&proxy).await;
        ask(&mut stream, 1).await.unwrap();

        proxy.cut().await.unwrap();
        assert!(ask(&mut stream, 2).await.is_err());
        let refused = TcpStream::connect(proxy.address()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        proxy.cut().await.unwrap();

        proxy.restore().await.unwrap();
        let mut stream = connected(&proxy).await;
        assert_eq!(ask(&mut stream, 3).await.unwrap(), [b'a', 3]);
    }

    #[tokio::test]
    async fn a_stalled_proxy_accepts_and_passes_nothing_until_restored() {
        let proxy = Proxy::to(echo(b'a').await).await.unwrap();
        let mut old = connected(&proxy).await;
        ask(&mut old, 1).await.unwrap();
        let before = proxy.bytes_to_target();

        proxy.stall();
        old.write_u8(2).await.unwrap();
        let mut new = connected(&proxy).await;
        new.write_u8(3).await.unwrap();
        eventually(LIMIT, "the new connection", async || match proxy.connections() {
            2 => Ok(()),
            other => Err(other),
        })
        .await
        .unwrap();
        assert_eq!(proxy.bytes_to_target(), before);

        proxy.restore().await.unwrap();
        let mut answer = [0; 2];
        timeout(LIMIT, old.read_exact(&mut answer)).await.unwrap().unwrap();
        assert_eq!(answer, [b'a', 2]);
        timeout(LIMIT, new.read_exact(&mut answer)).await.unwrap().unwrap();
        assert_eq!(answer, [b'a', 3]);
    }

    #[tokio::test]
    async fn a_delay_holds_both_directions_until_it_is_taken_back() {
        let proxy = Proxy::to(echo(b'a').await).await.unwrap();
        let mut stream = connected(&proxy).await;
        let delay = Duration::from_millis(20);
        proxy.delay(delay);
        let began = tokio::time::Instant::now();
        assert_eq!(ask(&mut stream, 1).await.unwrap(), [b'a', 1]);
        // A lower bound: a busy machine only adds to it.
        assert!(began.elapsed() >= delay * 2, "{:?}", began.elapsed());
        proxy.delay(Duration::ZERO);
        assert_eq!(ask(&mut stream, 2).await.unwrap(), [b'a', 2]);
    }

    #[tokio::test]
    async fn a_disconnect_closes_what_is_open_and_accepts_what_is_new() {
        let proxy = Proxy::to(echo(b'a').await).await.unwrap();
        let mut stream = connected(&proxy).await;
        ask(&mut stream, 1).await.unwrap();
        proxy.disconnect().await.unwrap();
        assert!(ask(&mut stream, 2).await.is_err());
        assert_eq!(ask(&mut connected(&proxy).await, 3).await.unwrap(), [b'a', 3]);
    }

    #[tokio::test]
    async fn new_connections_go_to_the_new_target_and_open_ones_stay() {
        let proxy = Proxy::to(echo(b'a').await).await.unwrap();
        let mut old = connected(&proxy).await;
        ask(&mut old, 1).await.unwrap();
        proxy.retarget(echo(b'b').await);
        assert_eq!(ask(&mut connected(&proxy).await, 2).await.unwrap(), [b'b', 2]);
        assert_eq!(ask(&mut old, 3).await.unwrap(), [b'a', 3]);
    }

    #[tokio::test]
    async fn a_target_that_is_down_closes_the_connection() {
        let unused = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let proxy = Proxy::to(unused.local_addr().unwrap()).await.unwrap();
        let mut stream = connected(&proxy).await;
        let end = timeout(LIMIT, stream.read(&mut [0])).await.unwrap();
        assert!(matches!(end, Ok(0) | Err(_)));
    }

    #[tokio::test]
    async fn a_proxy_that_is_dropped_closes_its_connections() {
        let proxy = Proxy::to(echo(b'a').await).await.unwrap();
        let mut stream = connected(&proxy).await;
        ask(&mut stream, 1).await.unwrap();
        drop(proxy);
        let end = timeout(LIMIT, stream.read(&mut [0])).await.unwrap();
        assert!(matches!(end, Ok(0) | Err(_)));
    }
}
