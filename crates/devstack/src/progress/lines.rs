//! Progress for log files and pipes: a line for what has ended, and now and then one for what still waits.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Event, Progress, seconds};
use crate::output;

/// After how long the first line says what a step waits for, and how often is looked whether one is due.
const FIRST: Duration = Duration::from_secs(2);
/// After how long each further line does: a build of minutes is told in dozens of lines, not in hundreds.
const NEXT: Duration = Duration::from_secs(10);

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
    /// How long it has to wait for its next line.
    due: Duration,
}

impl Waiting {
    fn new(on: String) -> Self {
        Self { since: Instant::now(), on, due: FIRST }
    }

    /// Whether a line is due when the step has waited for `elapsed`; if so, the next one is due later.
    fn is_due(&mut self, elapsed: Duration) -> bool {
        let is_due = elapsed >= self.due;
        if is_due {
            self.due = elapsed + NEXT;
        }
        is_due
    }
}

impl Lines {
    /// Begin; a step that waits is told after two seconds, and then every ten.
    pub fn new() -> Self {
        let shared = Arc::new(Mutex::new(BTreeMap::new()));
        let (alive, gone) = mpsc::sync_channel::<()>(0);
        let waiting = Arc::clone(&shared);
        std::thread::spawn(move || {
            while gone.recv_timeout(FIRST) == Err(RecvTimeoutError::Timeout) {
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
    let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    for (step, waiting) in &mut *waiting {
        let elapsed = waiting.since.elapsed();
        if waiting.is_due(elapsed) {
            output::say(format_args!("{step:<10} {:>6} so far: {}", seconds(elapsed), waiting.on));
        }
    }
}

impl Progress for Lines {
    fn event(&self, event: &Event) {
        let mut waiting = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { step, what } => {
                waiting.insert(step.clone(), Waiting::new(what.clone()));
            }
            Event::Waiting { step, on } => {
                let entry = waiting.entry(step.clone()).or_insert_with(|| Waiting::new(String::new()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_waits_for_long_is_told_at_two_seconds_and_then_every_ten() {
        let mut waiting = Waiting::new("the build".to_owned());
        let looks = (0..=40).step_by(2).map(Duration::from_secs);
        let told: Vec<u64> =
            looks.filter(|elapsed| waiting.is_due(*elapsed)).map(|elapsed| elapsed.as_secs()).collect();
        assert_eq!(told, [2, 12, 22, 32]);
    }
}
