//! Progress for a terminal: a moving line for each step.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{Event, Progress, seconds};

const TICK: Duration = Duration::from_millis(100);

/// Moving lines on standard error.
#[derive(Debug, Default)]
pub struct Terminal {
    lines: MultiProgress,
    steps: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Terminal {
    /// Begin.
    pub fn new() -> Self {
        Self::default()
    }

    fn line(&self, step: &str) -> ProgressBar {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps
            .entry(step.to_owned())
            .or_insert_with(|| {
                let line = self.lines.add(ProgressBar::new_spinner());
                if let Ok(style) =
                    ProgressStyle::with_template("{spinner} {prefix:<10} {elapsed:>4}  {wide_msg}")
                {
                    line.set_style(style);
                }
                line.set_prefix(step.to_owned());
                line.enable_steady_tick(TICK);
                line
            })
            .clone()
    }

    /// Replace the moving line by one that stays. The mark is not the only sign: the words say it too.
    fn settle(&self, step: &str, text: &str) {
        let line = self.line(step);
        if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
            line.set_style(style);
        }
        line.finish_with_message(text.to_owned());
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).remove(step);
    }
}

impl Progress for Terminal {
    fn event(&self, event: &Event) {
        match event {
            Event::Started { step, what } => self.line(step).set_message(what.clone()),
            Event::Waiting { step, on } => self.line(step).set_message(on.clone()),
            Event::Done { step, what, elapsed } => {
                self.settle(step, &format!("✓ {step:<10} {:>6}  {what}", seconds(*elapsed)));
            }
            Event::Failed { step, why } => self.settle(step, &format!("✗ {step:<10} failed  {why}")),
            Event::Note(text) => {
                // The terminal is gone when this fails, and there is nobody to tell.
                let _ = self.lines.println(text);
            }
        }
    }
}
