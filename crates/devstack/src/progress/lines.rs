//! Progress for log files and pipes: a line for what has ended, and every two seconds one for what still waits.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Event, Progress, seconds};
use crate::output;

/// How long nothing may be said while something waits.
const QUIET: Duration = Duration::from_secs(2);

/// Plain lines on standard error.
#[derive(Debug)]
pub struct Lines {
    shared: Arc<Mutex<BTreeMap<String, Waiting>>>,
    /// Dropped with us, which ends the thread that reminds.
    _alive: SyncSender<()>,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    on: String,
}

impl Lines {
    /// Begin; what waits is repeated every two seconds.
    pub fn new() -> Self {
        let shared = Arc::new(Mutex::new(BTreeMap::new()));
        let (alive, gone) = mpsc::sync_channel::<()>(0);
        let waiting = Arc::clone(&shared);
        std::thread::spawn(move || {
            while gone.recv_timeout(QUIET) == Err(RecvTimeoutError::Timeout) {
                remind(&waiting);
            }
        });
        Self { shared, _alive: alive }
    }
}

impl Default for Lines {
    fn default() -> Self {
        Self::new()
    }
}

fn remind(waiting: &Mutex<BTreeMap<String, Waiting>>) {
    let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    for (step, Waiting { since, on }) in &*waiting {
        if since.elapsed() >= QUIET {
            output::say(format_args!("{step:<10} {:>6} so far: {on}", seconds(since.elapsed())));
        }
    }
}

impl Progress for Lines {
    fn event(&self, event: &Event) {
        let mut waiting = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { step, what } => {
                waiting.insert(step.clone(), Waiting { since: Instant::now(), on: what.clone() });
            }
            Event::Waiting { step, on } => {
                let entry = waiting
                    .entry(step.clone())
                    .or_insert_with(|| Waiting { since: Instant::now(), on: String::new() });
                entry.on.clone_from(on);
            }
            Event::Done { step, what, elapsed } => {
                waiting.remove(step);
                output::say(format_args!("{step:<10} {:>6}  {what}", seconds(*elapsed)));
            }
            Event::Failed { step, why } => {
                waiting.remove(step);
                output::say(format_args!("{step:<10} failed  {why}"));
            }
            Event::Note(text) => output::say(text),
        }
    }
}
