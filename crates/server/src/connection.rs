//! One connection with its time limits: a request head has ten seconds, and a connection without a request a minute.
//!
//! The HTTP libraries that leave sockets to their caller know neither limit, or only one of them. [`Socket`] sees the
//! bytes that pass, an HTTP library says through [`Activity`] which requests it has, and [`Activity::overdue`] is ready
//! when the one that has passed makes the connection not worth keeping.
//!
//! Deliberately absent: HTTP. What is sent before an overdue connection is closed is the library's affair.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use contract::limits;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How long, after the last byte of an answer, the client may take to close its side.
///
/// A socket that is closed while bytes of the client lie unread resets the connection, and a reset can destroy an
/// answer that the client has not read yet: that of a request whose body was refused.
const LINGER: Duration = Duration::from_secs(1);

/// What a connection is doing, as far as its time limits go. Cloning is cheap, and clones are the same connection.
#[derive(Debug, Clone)]
pub struct Activity {
    state: Arc<Mutex<State>>,
    /// On HTTP/2 bytes also come for the connection itself, so that they do not mean that a request has begun.
    is_multiplexed: bool,
}

#[derive(Debug)]
struct State {
    in_flight: usize,
    /// Bytes have come since the last request was answered.
    is_head_begun: bool,
    /// When that was; else when a byte was last written, or the connection was made.
    since: Instant,
}

/// A request that is being answered; it is over when this is dropped.
#[derive(Debug)]
#[must_use = "dropping it says that the request is over"]
pub struct Request(Activity);

impl Activity {
    /// A connection that was made at this moment.
    pub fn new(is_multiplexed: bool) -> Self {
        let state = State { in_flight: 0, is_head_begun: false, since: Instant::now() };
        Self { state: Arc::new(Mutex::new(state)), is_multiplexed }
    }

    /// Notes that the head of a request is complete.
    pub fn begin(&self) -> Request {
        self.state().in_flight += 1;
        Request(self.clone())
    }

    /// Ready when a head has taken too long, or the connection has been without a request, or with an answer that
    /// the client does not take, for too long.
    ///
    /// Poll it in the task that polls the connection, after the connection: that is how it sees what has changed.
    pub fn overdue(&self) -> Overdue {
        let sleep = tokio::time::sleep_until(self.deadline().unwrap_or_else(latest));
        Overdue { activity: self.clone(), sleep: Box::pin(sleep) }
    }

    fn deadline(&self) -> Option<Instant> {
        let state = self.state();
        match *state {
            State { in_flight: 1.., .. } => None,
            State { is_head_begun: true, since, .. } => Some(since + limits::HEAD_TIMEOUT),
            State { since, .. } => Some(since + limits::IDLE_TIMEOUT),
        }
    }

    fn has_read(&self) {
        let mut state = self.state();
        if state.in_flight == 0 && !state.is_head_begun && !self.is_multiplexed {
            state.is_head_begun = true;
            state.since = Instant::now();
        }
    }

    fn has_written(&self) {
        let mut state = self.state();
        if !state.is_head_begun {
            state.since = Instant::now();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.in_flight = state.in_flight.saturating_sub(1);
        state.is_head_begun = false;
        state.since = Instant::now();
    }
}

/// No connection without a request lives longer than this.
fn latest() -> Instant {
    Instant::now() + limits::IDLE_TIMEOUT
}

/// See [`Activity::overdue`].
#[derive(Debug)]
pub struct Overdue {
    activity: Activity,
    sleep: Pin<Box<Sleep>>,
}

impl Future for Overdue {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let deadline = self.activity.deadline();
            // A later deadline needs no new timer: when the timer fires, there is time to look again.
            if let Some(deadline) = deadline.filter(|deadline| *deadline < self.sleep.deadline()) {
                self.sleep.as_mut().reset(deadline);
            }
            ready!(self.sleep.as_mut().poll(context));
            match deadline {
                Some(deadline) if deadline <= self.sleep.deadline() => return Poll::Ready(()),
                later => self.sleep.as_mut().reset(later.unwrap_or_else(latest)),
            }
        }
    }
}

/// A socket that tells its [`Activity`] of the bytes that pass, and closes without a reset.
#[derive(Debug)]
pub struct Socket<S> {
    stream: S,
    activity: Activity,
    lingering: Option<Pin<Box<Sleep>>>,
}

impl<S> Socket<S> {
    /// Watches `stream`.
    pub fn new(stream: S, activity: Activity) -> Self {
        Self { stream, activity, lingering: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.activity.has_read();
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if written.is_ready() {
            self.activity.has_written();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, lingering, .. } = &mut *self;
        if lingering.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(context))?;
        }
        let lingering = lingering.get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER)));
        let mut thrown_away = [0; 4096];
        while lingering.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut thrown_away);
            match ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                // The client has closed its side, or is gone.
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        if written.is_ready() {
            self.activity.has_written();
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn is_overdue_after(activity: &Activity) -> Duration {
        let begun = Instant::now();
        activity.overdue().await;
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_a_request_is_overdue_after_a_minute() {
        assert_eq!(is_overdue_after(&Activity::new(false)).await, limits::IDLE_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_was_begun_is_overdue_after_ten_seconds_whatever_more_of_it_comes() {
        let (mut client, server) = tokio::io::duplex(64);
        let activity = Activity::new(false);
        let mut socket = Socket::new(server, activity.clone());
        let mut overdue = activity.overdue();
        for _ in 0..9 {
            client.write_all(b"G").await.expect("room");
            socket.read_u8().await.expect("a byte");
            assert!(tokio::time::timeout(Duration::from_secs(1), &mut overdue).await.is_err());
        }
        let begun = Instant::now();
        overdue.await;
        assert_eq!(begun.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_being_answered_is_never_overdue_and_starts_the_minute_anew() {
        let activity = Activity::new(false);
        let mut overdue = activity.overdue();
        let request = activity.begin();
        assert!(tokio::time::timeout(Duration::from_mins(10), &mut overdue).await.is_err());
        drop(request);
        assert_eq!(is_overdue_after(&activity).await, limits::IDLE_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn frames_of_a_multiplexed_connection_are_no_head() {
        let (mut client, server) = tokio::io::duplex(64);
        let activity = Activity::new(true);
        let mut socket = Socket::new(server, activity.clone());
        client.write_all(b"PING").await.expect("room");
        socket.read_u32().await.expect("a frame");
        assert_eq!(is_overdue_after(&activity).await, limits::IDLE_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_its_answer_slowly_keeps_the_connection() {
        let (mut client, server) = tokio::io::duplex(4);
        let activity = Activity::new(false);
        let mut socket = Socket::new(server, activity.clone());
        drop(activity.begin());
        let mut overdue = activity.overdue();
        for _ in 0..4 {
            socket.write_all(b"late").await.expect("room");
            assert!(tokio::time::timeout(Duration::from_secs(50), &mut overdue).await.is_err());
            let mut taken = [0; 4];
            client.read_exact(&mut taken).await.expect("the answer");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn closing_waits_for_the_client_but_not_for_ever() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut socket = Socket::new(server, Activity::new(false));
        client.write_all(b"the rest of a body").await.expect("room");
        let begun = Instant::now();
        socket.shutdown().await.expect("a close");
        assert_eq!(begun.elapsed(), LINGER);

        let (client, server) = tokio::io::duplex(64);
        let mut socket = Socket::new(server, Activity::new(false));
        drop(client);
        let begun = Instant::now();
        socket.shutdown().await.expect("a close");
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}
