//! The way of log lines to stdout: one buffer, one thread.
//!
//! A line is appended to the buffer under a lock that is never held over a write, and the thread takes the whole
//! buffer at once. It wakes for the first line and lets others gather for [`GATHERING`], so that under load many lines
//! cost one wake-up and one system call. When [`CAPACITY`] bytes are waiting, whoever logs waits too, because lines are
//! not thrown away and memory has an end.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many bytes may wait to be written.
const CAPACITY: usize = 4 * 1024 * 1024;

/// How long a line may wait for others. At 50,000 lines a second, waking the thread for each was a quarter of the time.
const GATHERING: Duration = Duration::from_millis(1);

/// A cheap handle; all clones feed the same thread.
#[derive(Debug, Clone)]
pub(super) struct Sink(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// The thread rests and a line is there, or the end has come.
    filled: Condvar,
    /// What was waiting has been taken, or written.
    emptied: Condvar,
}

#[derive(Debug)]
struct State {
    pending: Vec<u8>,
    /// The thread waits to be woken.
    resting: bool,
    /// The thread is writing what it took.
    writing: bool,
    closed: bool,
}

impl Sink {
    /// Starts the thread that writes to `output`.
    pub(super) fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State { pending: Vec::new(), resting: false, writing: false, closed: false }),
            filled: Condvar::new(),
            emptied: Condvar::new(),
        });
        let thread = Arc::clone(&shared);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || thread.write_all_to(output))?;
        Ok(Self(shared))
    }

    /// Hands over whole lines.
    pub(super) fn push(&self, lines: &[u8]) {
        let mut state = self.0.lock();
        while state.pending.len() >= CAPACITY && !state.closed {
            state = self.0.emptied.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            // The thread is gone, and so is nearly everything else: this is a last word, and it may wait.
            let _ = io::stdout().write_all(lines);
            return;
        }
        state.pending.extend_from_slice(lines);
        let was_resting = std::mem::take(&mut state.resting);
        drop(state);
        // Telling costs a system call even when nobody waits.
        if was_resting {
            self.0.filled.notify_one();
        }
    }

    /// Waits until everything handed over so far is written, for at most `limit`.
    pub(super) fn drain(&self, limit: Duration) {
        let state = self.0.lock();
        let waited = self
            .0
            .emptied
            .wait_timeout_while(state, limit, |state| !state.pending.is_empty() || state.writing);
        drop(waited);
    }

    /// Writes what is waiting, for at most `limit`, and ends the thread.
    pub(super) fn close(&self, limit: Duration) {
        self.drain(limit);
        self.0.lock().closed = true;
        self.0.filled.notify_one();
        self.0.emptied.notify_all();
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, but if it did, the buffer would still be whole lines.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all_to(&self, mut output: impl Write) {
        let mut taken = Vec::new();
        loop {
            let state = self
                .filled
                .wait_while(self.lock(), |state| {
                    state.resting = state.pending.is_empty() && !state.closed;
                    state.resting
                })
                .unwrap_or_else(PoisonError::into_inner);
            if state.pending.is_empty() {
                return;
            }
            let (mut state, _) = self
                .filled
                .wait_timeout_while(state, GATHERING, |state| !state.closed && state.pending.len() < CAPACITY)
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut state.pending, &mut taken);
            state.writing = true;
            drop(state);
            self.emptied.notify_all();

            // A reader that went away (`api-actix | head`) must not end the server.
            let _ = output.write_all(&taken).and_then(|()| output.flush());
            taken.clear();
            // One burst must not hold its memory for ever.
            taken.shrink_to(CAPACITY / 16);

            self.lock().writing = false;
            self.emptied.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Passes each write to a channel of a given depth, so that a test decides when a write is done.
    struct Channel(mpsc::SyncSender<Vec<u8>>);

    impl Write for Channel {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const LIMIT: Duration = Duration::from_secs(10);

    #[test]
    fn every_line_arrives_whole_and_in_the_order_of_its_thread() {
        let (sender, receiver) = mpsc::sync_channel(100_000);
        let sink = Sink::start(Channel(sender)).expect("a thread");
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let sink = sink.clone();
                scope.spawn(move || {
                    for number in 0..1000 {
                        sink.push(format!("{thread} {number}\n").as_bytes());
                    }
                });
            }
        });
        sink.close(LIMIT);
        let text = String::from_utf8(receiver.iter().flatten().collect()).expect("UTF-8");
        let mut next = [0; 4];
        for line in text.lines() {
            let (thread, number) = line.split_once(' ').expect(line);
            let thread: usize = thread.parse().expect(line);
            assert_eq!(number.parse(), Ok(next[thread]), "{line}");
            next[thread] += 1;
        }
        assert_eq!(next, [1000; 4]);
    }

    #[test]
    fn whoever_logs_waits_when_the_buffer_is_full_and_goes_on_when_it_is_taken() {
        // Depth 0: a write is done when the test has received it.
        let (sender, receiver) = mpsc::sync_channel(0);
        let sink = Sink::start(Channel(sender)).expect("a thread");
        let full = vec![b'x'; CAPACITY];
        let (done, is_done) = mpsc::channel();
        std::thread::spawn({
            let sink = sink.clone();
            move || {
                // Taken by the thread, fills the buffer, has to wait.
                for line in [&full, &full, &b"last\n".to_vec()] {
                    sink.push(line);
                }
                let _ = done.send(());
            }
        });
        let mut arrived = Vec::new();
        while !arrived.ends_with(b"last\n") {
            arrived.extend(receiver.recv_timeout(LIMIT).expect("more to come"));
        }
        is_done.recv_timeout(LIMIT).expect("the logging thread goes on");
        assert_eq!(arrived.len(), 2 * CAPACITY + 5);
    }

    #[test]
    fn closing_writes_what_is_waiting() {
        let (sender, receiver) = mpsc::sync_channel(10);
        let sink = Sink::start(Channel(sender)).expect("a thread");
        sink.push(b"one\n");
        sink.close(LIMIT);
        assert_eq!(receiver.iter().flatten().collect::<Vec<_>>(), b"one\n");
    }

    #[test]
    fn a_reader_that_went_away_ends_nothing() {
        let (sender, receiver) = mpsc::sync_channel(0);
        let sink = Sink::start(Channel(sender)).expect("a thread");
        drop(receiver);
        sink.push(b"one\n");
        sink.drain(LIMIT);
        sink.push(b"two\n");
        sink.close(LIMIT);
    }
}
