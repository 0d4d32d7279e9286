//! Logs: one JSON object a line on stdout, or lines for people.
//!
//! The subscriber is installed once by `main`. Lines are handed to a thread of their own, so that a request
//! waits for a slow terminal or pipe only when megabytes are already waiting; nothing is thrown away.
//!
//! Deliberately absent: files and their rotation (what stdout is connected to does that).

mod json_lines;
mod sink;

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::time::Duration;

use causes::Chain;
use contract::Problem;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::identity::ServerIdentity;
use crate::settings::{LogFormat, LogSettings};
use crate::traces::{self, Exporter};
use json_lines::JsonLines;
use sink::Sink;

/// What is logged unless `RUST_LOG` says otherwise; its directives come after these.
///
/// The libraries named here report every connection, and failures that are reported by us as well.
const DEFAULT_FILTER: &str = "info,actix_server=warn,h2=warn,hyper=warn,hyper_util=warn,lapin=error,mongodb=warn,\
                              redis=warn,reqwest=warn,rustls=warn,sqlx=warn,tower=warn";

/// How long the end of the process waits for lines that are not written yet.
const FLUSH: Duration = Duration::from_secs(2);

static SINK: OnceLock<Sink> = OnceLock::new();

/// Writes what is still waiting when it is dropped; keep it until the end of `main`.
#[derive(Debug)]
#[must_use = "dropping it at once makes every later line wait for the terminal"]
pub struct LogGuard(Sink);

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.0.close(FLUSH);
    }
}

/// Installs the process's subscriber, which hands spans to `exporter` if there is one.
///
/// What is exported does not depend on what is logged.
///
/// # Errors
/// [`LogError`] when there is one already, or the filter cannot be parsed, or no thread can be made.
pub fn init(
    settings: &LogSettings,
    identity: &ServerIdentity,
    exporter: Option<&Exporter>,
) -> Result<LogGuard, LogError> {
    let filter = filter(settings)?;
    let sink = Sink::start(io::stdout()).map_err(LogError::Thread)?;
    let lines = match settings.format {
        LogFormat::Json => JsonLines::new(identity.name, sink.clone()).boxed(),
        LogFormat::Pretty => {
            let writer = sink.clone();
            tracing_subscriber::fmt::layer()
                .with_ansi(io::stdout().is_terminal())
                .with_writer(move || writer.clone())
                .boxed()
        }
    };
    let registry = tracing_subscriber::registry();
    let installed = match exporter {
        // One filter for all costs less than one for each layer.
        None => registry.with(lines).with(filter).try_init(),
        Some(exporter) => registry.with(lines.with_filter(filter)).with(exporter.layer()).try_init(),
    };
    installed.map_err(|source| LogError::Installed(source.into()))?;
    if exporter.is_some() {
        traces::exporting();
    }
    // Only the first to install a subscriber comes here, so the cell is empty.
    let _ = SINK.set(sink.clone());
    Ok(LogGuard(sink))
}

/// Whether `text` is a filter as `RUST_LOG` takes it: levels by target.
///
/// [`Targets`] by itself takes anything for a target, spans and fields among it, and then finds nothing of that name.
pub(crate) fn is_filter(text: &str) -> bool {
    let is_of_target = |char: char| char.is_ascii_alphanumeric() || "_:-".contains(char);
    let has_target = |directive: &str| {
        let target = directive.split('=').next().unwrap_or_default();
        target.trim().chars().all(is_of_target)
    };
    text.split(',').all(has_target) && text.parse::<Targets>().is_ok()
}

/// Not an `EnvFilter`, which could also filter by spans and their fields: it takes a lock that all threads share each
/// time that a span is entered or left.
fn filter(settings: &LogSettings) -> Result<Targets, LogError> {
    let directives = match &settings.filter {
        Some(own) => format!("{DEFAULT_FILTER},{own}"),
        None => DEFAULT_FILTER.to_owned(),
    };
    directives.parse().map_err(|source: ParseError| LogError::Filter(source.into()))
}

/// Waits, for a moment at most, until the lines logged so far are written.
///
/// For the places that end the process without returning from `main`.
pub fn flush() {
    if let Some(sink) = SINK.get() {
        sink.drain(FLUSH);
    }
}

/// Sends panics to the log, in place of the standard library's text on stderr.
///
/// A request whose handler panics is answered with 500, and this line is the only trace of the cause.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or("a value that is no text");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(panic = text, place, "a thread panicked");
    }));
}

/// Logs the cause of an error answer, which the client is not told; each answer's once.
///
/// What the client got wrong itself is no news to anybody.
pub fn log_cause(problem: &Problem, cause: &(dyn Error + 'static)) {
    match problem {
        Problem::Internal => tracing::error!(error = %Chain(cause), "the request failed"),
        Problem::BackendUnavailable(_) => {
            tracing::warn!(error = %Chain(cause), "a backend could not be used");
        }
        _ => {}
    }
}

/// Why the subscriber could not be installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// `RUST_LOG` is wrong.
    #[error("RUST_LOG: the filter cannot be parsed")]
    Filter(#[source] Box<dyn Error + Send + Sync>),
    /// Somebody else was first.
    #[error("a log subscriber is installed already")]
    Installed(#[source] Box<dyn Error + Send + Sync>),
    /// The thread that writes cannot be started.
    #[error("the log's thread cannot be started")]
    Thread(#[source] io::Error),
}

/// Prints why a server does not start, with all causes, where a person looks for it.
///
/// For `main` only, before the subscriber is installed or after it could not be.
pub fn print_fatal(error: &(dyn Error + '_)) {
    // Nobody is left to be told when stderr is closed.
    let _ = writeln!(io::stderr(), "error: {}", Chain(error));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(filter: Option<&str>) -> LogSettings {
        LogSettings { format: LogFormat::Json, filter: filter.map(str::to_owned) }
    }

    #[test]
    fn a_directive_of_one_s_own_wins_over_the_default_of_the_same_library() {
        let filter = filter(&settings(Some("debug,h2=trace"))).expect("a filter").to_string();
        let directives: Vec<&str> = filter.split(',').collect();
        assert!(directives.contains(&"h2=trace") && !directives.contains(&"h2=warn"), "{filter}");
        assert!(directives.contains(&"debug") && !directives.contains(&"info"), "{filter}");
        assert!(directives.contains(&"sqlx=warn"), "{filter}");
    }

    #[test]
    fn a_filter_names_targets_and_levels_and_nothing_else() {
        for text in ["debug", "info,integrations=debug", "api_axum::handlers=trace", "off"] {
            assert!(is_filter(text), "{text}");
        }
        for text in ["???", "info=loud=more", "integrations=loud", "[request]=debug", "api_axum[{id}]=debug"]
        {
            assert!(!is_filter(text), "{text}");
        }
    }

    #[test]
    fn a_filter_that_cannot_be_parsed_is_named() {
        let error = filter(&settings(Some("info=loud=more"))).expect_err("no filter");
        assert!(error.to_string().starts_with("RUST_LOG"), "{error}");
    }
}
