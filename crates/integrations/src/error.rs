//! What can go wrong at a backend: which one, and in which way.

use std::fmt;
use std::time::Duration;

use contract::Backend;

/// The cause that a driver gave.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A call to a backend that did not succeed.
///
/// `Display` says which backend and what kind, fit for a log line; the driver's own words are in `source()`
/// alone and are for the log only. None of it holds a credential.
#[derive(Debug)]
pub struct Error {
    backend: Backend,
    kind: ErrorKind,
    source: Option<BoxError>,
}

/// The ways in which a call can fail, as far as a caller can act on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// No connection could be made, or it broke.
    Unreachable,
    /// The call's time limit passed, waiting for a connection included.
    TimedOut,
    /// The backend refused the user or password, also after they were read again from Vault.
    RefusedCredentials,
    /// There is no password yet, because Vault has not given one since the start.
    NoCredentials,
    /// The breaker is open: the backend was not asked.
    CircuitOpen {
        /// Until the next probe may go through; zero while one is under way.
        retry_after: Duration,
    },
    /// Vault is sealed.
    Sealed,
    /// Vault is not initialized.
    NotInitialized,
    /// A cache entry that holds no UTF-8 text: another Redis type, or other bytes.
    NotText,
    /// The backend answered, and the answer is an error or not what was expected.
    Failed,
}

impl Error {
    pub(crate) fn new(backend: Backend, kind: ErrorKind) -> Self {
        Self { backend, kind, source: None }
    }

    pub(crate) fn with_source(backend: Backend, kind: ErrorKind, source: impl Into<BoxError>) -> Self {
        Self { backend, kind, source: Some(source.into()) }
    }

    /// The backend that was called.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The error and its causes in one line, for a log.
    pub fn chain(&self) -> impl fmt::Display + '_ {
        causes::Chain(self)
    }

    /// In which way it failed.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl ErrorKind {
    /// One word for it, for traces.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::RefusedCredentials => "refused_credentials",
            Self::NoCredentials => "no_credentials",
            Self::CircuitOpen { .. } => "circuit_open",
            Self::Sealed => "sealed",
            Self::NotInitialized => "not_initialized",
            Self::NotText => "not_text",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.backend, self.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "is unreachable",
            Self::TimedOut => "timed out",
            Self::RefusedCredentials => "refused the credentials",
            Self::NoCredentials => "has no credentials yet",
            Self::CircuitOpen { .. } => "was not asked, its circuit breaker is open",
            Self::Sealed => "is sealed",
            Self::NotInitialized => "is not initialized",
            Self::NotText => "holds a value that is not text",
            Self::Failed => "failed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_says_backend_and_kind_and_leaves_the_cause_to_source() {
        let error = Error::with_source(Backend::Postgres, ErrorKind::Unreachable, "connection refused");
        assert_eq!(error.to_string(), "postgres is unreachable");
        let source = std::error::Error::source(&error).expect("the cause is kept");
        assert_eq!(source.to_string(), "connection refused");
        assert_eq!(error.chain().to_string(), "postgres is unreachable: connection refused");
    }
}
