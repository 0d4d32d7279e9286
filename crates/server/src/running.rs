//! The handle of a server that is up: where it listens, how to stop it, how to wait for its end.
//!
//! Every server's `start(addresses, services)` returns a [`Running`]; what happens in between is its framework's
//! affair. The rule is the same for all: on a signal the server stops accepting, finishes what is in flight for
//! at most [`GRACE`], and the process ends with code 0.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How long requests in flight may go on after a stop; a framework's own graceful shutdown gets this figure.
pub const GRACE: Duration = contract::limits::SHUTDOWN_TIMEOUT;

/// What is allowed on top of [`GRACE`] for the framework to wind up before the wait is given up.
const WIND_UP: Duration = Duration::from_secs(2);

type Completion = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// A server that accepts connections.
///
/// Dropping it stops nothing by itself: a server lives until [`Running::stop`] or its own failure.
#[must_use = "a server that nobody waits for ends with the process"]
pub struct Running {
    http: Option<SocketAddr>,
    https: Option<SocketAddr>,
    stopping: CancellationToken,
    completion: Completion,
}

impl Running {
    /// Wraps a server whose listeners are bound.
    ///
    /// `http` and `https` are the addresses really bound, so that port 0 can be asked for. The server watches
    /// `stopping` and begins its graceful shutdown when that is cancelled. `completion` ends when the server
    /// has ended, for whatever reason.
    pub fn new(
        http: Option<SocketAddr>,
        https: Option<SocketAddr>,
        stopping: CancellationToken,
        completion: impl Future<Output = io::Result<()>> + Send + 'static,
    ) -> Self {
        Self { http, https, stopping, completion: Box::pin(completion) }
    }

    /// Where plain HTTP is answered, if it is on.
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.http
    }

    /// Where TLS is answered, if it is on.
    pub fn https_address(&self) -> Option<SocketAddr> {
        self.https
    }

    /// Begins the graceful stop, and returns at once. A second call does nothing.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Waits until the server has ended, by [`Running::stop`] or by itself.
    ///
    /// Once it is told to stop, the wait lasts at most [`GRACE`] and a little more.
    ///
    /// # Errors
    /// [`RunError::Failed`] when the server ended with an error, [`RunError::StillBusy`] when it did not end in
    /// time after a stop.
    pub async fn wait(self) -> Result<(), RunError> {
        let Self { stopping, mut completion, .. } = self;
        tokio::select! {
            ended = &mut completion => return ended.map_err(RunError::Failed),
            () = stopping.cancelled() => {}
        }
        match tokio::time::timeout(GRACE + WIND_UP, completion).await {
            Ok(ended) => ended.map_err(RunError::Failed),
            Err(_elapsed) => Err(RunError::StillBusy),
        }
    }

    /// Serves until `signal` is ready, then stops gracefully; also returns when the server ends by itself.
    ///
    /// # Errors
    /// As [`Running::wait`].
    pub async fn until(self, signal: impl Future<Output = ()>) -> Result<(), RunError> {
        let stopping = self.stopping.clone();
        let wait = self.wait();
        tokio::pin!(wait);
        tokio::select! {
            ended = &mut wait => return ended,
            () = signal => stopping.cancel(),
        }
        wait.await
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Running")
            .field("http", &self.http)
            .field("https", &self.https)
            .field("stopping", &self.stopping.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// Why a server did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The server ended with an error of its own.
    #[error("the server failed")]
    Failed(#[source] io::Error),
    /// Requests were still in flight when the time for finishing them was over.
    #[error("requests were still in flight {} s after the stop", (GRACE + WIND_UP).as_secs())]
    StillBusy,
}

/// Waits for SIGTERM or SIGINT (Ctrl-C), and says which in the log. They are listened to from the call on, not only once
/// the future is polled.
///
/// A second signal afterwards ends the process at once with 128 + the signal's number, for the person who
/// cannot wait for what is in flight.
pub fn shutdown_signal() -> impl Future<Output = ()> {
    let signals = Signals::listen();
    async {
        let mut signals = match signals {
            Ok(signals) => signals,
            Err(error) => {
                // Without handlers the signals' default action ends the process, which is still a way to stop it.
                tracing::error!(error = %error, "signals cannot be listened to, so a stop will not be graceful");
                return std::future::pending().await;
            }
        };
        let (name, _) = signals.next().await;
        tracing::info!(signal = name, "stopping: no new connections, finishing what is in flight");
        tokio::spawn(async move {
            let (name, number) = signals.next().await;
            tracing::warn!(signal = name, "stopping at once, on a second signal");
            end_at_once(128 + number);
        });
    }
}

#[expect(
    clippy::exit,
    reason = "the second signal asks for just this: no further waiting, whatever is in flight"
)]
fn end_at_once(code: i32) -> ! {
    crate::logs::flush();
    std::process::exit(code)
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> (&'static str, i32) {
        tokio::select! {
            _ = self.terminate.recv() => ("SIGTERM", 15),
            _ = self.interrupt.recv() => ("SIGINT", 2),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> (&'static str, i32) {
        match tokio::signal::ctrl_c().await {
            Ok(()) => ("Ctrl-C", 2),
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(completion: impl Future<Output = io::Result<()>> + Send + 'static) -> Running {
        Running::new(None, None, CancellationToken::new(), completion)
    }

    #[tokio::test]
    async fn a_stop_reaches_the_server_and_the_wait_ends_with_it() {
        let stopping = CancellationToken::new();
        let watched = stopping.clone();
        let server = Running::new(None, None, stopping, async move {
            watched.cancelled().await;
            Ok(())
        });
        server.stop();
        server.wait().await.expect("a graceful end");
    }

    #[tokio::test]
    async fn a_failure_of_the_server_is_handed_to_whoever_waits() {
        let ended = running(async { Err(io::Error::other("the listener is gone")) }).wait().await;
        assert!(matches!(ended, Err(RunError::Failed(_))), "{ended:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_never_ends_is_given_up_after_the_grace() {
        let begun = tokio::time::Instant::now();
        let server = running(std::future::pending());
        server.stop();
        assert!(matches!(server.wait().await, Err(RunError::StillBusy)));
        assert_eq!(begun.elapsed(), GRACE + WIND_UP);
    }

    #[tokio::test]
    async fn the_signal_begins_the_stop() {
        let stopping = CancellationToken::new();
        let watched = stopping.clone();
        let server = Running::new(None, None, stopping, async move {
            watched.cancelled().await;
            Ok(())
        });
        server.until(async {}).await.expect("a graceful end");
    }

    /// Set in the environment of the test process that is to be stopped.
    #[cfg(unix)]
    const TO_BE_STOPPED: &str = "SERVER_TEST_TO_BE_STOPPED";

    /// The process that the next test stops: this test by itself passes at once.
    #[cfg(unix)]
    #[tokio::test]
    async fn a_process_that_waits_for_signals() {
        if crate::settings::environment(TO_BE_STOPPED).is_none() {
            return;
        }
        let settings =
            crate::settings::LogSettings { format: crate::settings::LogFormat::Json, filter: None };
        let _guard =
            crate::logs::init(&settings, &crate::ServerIdentity::ACTIX, None).expect("the only subscriber");
        let never = Running::new(None, None, CancellationToken::new(), std::future::pending());
        // From here on the other test may send signals.
        let signal = shutdown_signal();
        tracing::info!("ready");
        never.until(signal).await.expect_err("it is never done");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_first_signal_begins_the_stop_and_the_second_ends_the_process_with_every_line_written() {
        use tokio::io::{AsyncBufReadExt, BufReader};
        use tokio::process::Command;

        const LIMIT: Duration = Duration::from_secs(30);

        let mut process = Command::new(std::env::current_exe().expect("this test's own program"))
            .args(["--exact", "running::tests::a_process_that_waits_for_signals", "--nocapture"])
            .env(TO_BE_STOPPED, "1")
            .stdout(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a process");
        let mut lines = BufReader::new(process.stdout.take().expect("its stdout")).lines();
        let process_id = process.id().expect("it runs").to_string();
        let mut seen = Vec::new();
        let stopped = tokio::time::timeout(LIMIT, async {
            while let Some(line) = lines.next_line().await.expect("UTF-8") {
                if line.contains("\"ready\"") || line.contains("\"stopping: no new connections") {
                    let sent = Command::new("kill").args(["-TERM", &process_id]).status().await;
                    assert!(sent.expect("kill").success());
                }
                seen.push(line);
            }
            process.wait().await.expect("its status")
        })
        .await;
        let status = stopped.unwrap_or_else(|_| panic!("it did not stop; last seen: {:?}", seen.last()));
        assert_eq!(status.code(), Some(128 + 15), "{seen:?}");
        let last = seen.last().map(String::as_str).unwrap_or_default();
        assert!(last.contains("\"stopping at once, on a second signal\""), "{seen:?}");
        assert!(last.contains("\"signal\":\"SIGTERM\""), "{seen:?}");
    }
}
