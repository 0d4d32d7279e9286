//! Showing progress.

use std::sync::Mutex;
use std::time::Instant;

use super::output;
use crate::progress::{Event, Progress};

/// One line an event, each with the time since the start.
#[derive(Debug)]
pub(crate) struct PlainLines {
    begun: Instant,
    last: Mutex<()>,
}

pub(crate) fn progress() -> Box<dyn Progress> {
    Box::new(PlainLines { begun: Instant::now(), last: Mutex::new(()) })
}

impl Progress for PlainLines {
    fn event(&self, event: &Event) {
        let _turn = self.last.lock();
        let at = self.begun.elapsed().as_secs_f32();
        match event {
            Event::Started { step, what } => output::say(format_args!("{at:6.2}  {step:<10} {what}")),
            Event::Waiting { step, on } => output::say(format_args!("{at:6.2}  {step:<10} waits for {on}")),
            Event::Done { step, what, elapsed } => {
                output::say(format_args!("{at:6.2}  {step:<10} ok after {:.2} s: {what}", elapsed.as_secs_f32()));
            }
            Event::Failed { step, why } => output::say(format_args!("{at:6.2}  {step:<10} failed: {why}")),
            Event::Note(text) => output::say(format_args!("{at:6.2}  {text}")),
        }
    }
}
