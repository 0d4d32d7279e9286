//! What `up` and its kin say while they work: one event type, and three ways to show it.
//!
//! Nothing here decides anything; the sinks only show.

mod lines;
mod terminal;

use std::fmt::Debug;
use std::io::IsTerminal as _;
use std::time::Duration;

pub use lines::Lines;
pub use terminal::Terminal;

/// Something that a step of the work has to say.
///
/// `step` is a short, stable name such as `postgres` or `install ferretdb`; several steps run at once.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The step has begun; `what` says with what ("starting", "already running").
    Started {
        /// The step's name.
        step: String,
        /// What it does now.
        what: String,
    },
    /// The step waits, and on what.
    Waiting {
        /// The step's name.
        step: String,
        /// What it waits for.
        on: String,
    },
    /// The step has ended well.
    Done {
        /// The step's name.
        step: String,
        /// What was reached.
        what: String,
        /// How long it took from its start.
        elapsed: Duration,
    },
    /// The step has failed; the error itself is returned by the call.
    Failed {
        /// The step's name.
        step: String,
        /// One line on why.
        why: String,
    },
    /// Something worth knowing that belongs to no step.
    Note(String),
}

impl Event {
    /// The step has begun.
    pub fn started(step: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Started { step: step.into(), what: what.into() }
    }

    /// The step waits.
    pub fn waiting(step: impl Into<String>, on: impl Into<String>) -> Self {
        Self::Waiting { step: step.into(), on: on.into() }
    }

    /// The step has ended well.
    pub fn done(step: impl Into<String>, what: impl Into<String>, elapsed: Duration) -> Self {
        Self::Done { step: step.into(), what: what.into(), elapsed }
    }

    /// The step has failed.
    pub fn failed(step: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Failed { step: step.into(), why: why.into() }
    }

    /// A remark.
    pub fn note(text: impl Into<String>) -> Self {
        Self::Note(text.into())
    }
}

/// Where events go. Called from several tasks at once; must not block for long.
pub trait Progress: Send + Sync + Debug {
    /// Show one event.
    fn event(&self, event: &Event);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn event(&self, _event: &Event) {}
}

/// What fits standard error: moving lines on a terminal, plain ones elsewhere.
pub fn to_stderr() -> Box<dyn Progress> {
    if std::io::stderr().is_terminal() { Box::new(Terminal::new()) } else { Box::new(Lines::new()) }
}

/// Seconds as a person reads them: `0.3 s`, `72 s`.
fn seconds(time: Duration) -> String {
    if time < Duration::from_mins(1) {
        format!("{:.1} s", time.as_secs_f32())
    } else {
        format!("{} s", time.as_secs())
    }
}
