//! Why a health probe did not find its backend healthy, in the contract's words.

use std::fmt;

use crate::error::ErrorKind;

/// The reason that a health page gives. The cause itself is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeFailure {
    /// No connection could be made, or it broke.
    Unreachable,
    /// No answer within the time limit.
    TimedOut,
    /// The backend refused the user or password.
    RefusedCredentials,
    /// Vault is sealed.
    Sealed,
    /// Vault is not initialized.
    NotInitialized,
    /// Anything else, among it that there are no credentials yet.
    Failed,
}

impl ProbeFailure {
    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed out",
            Self::RefusedCredentials => "refused credentials",
            Self::Sealed => "sealed",
            Self::NotInitialized => "not initialized",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for ProbeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for ProbeFailure {}

impl From<ErrorKind> for ProbeFailure {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Unreachable => Self::Unreachable,
            ErrorKind::TimedOut => Self::TimedOut,
            ErrorKind::RefusedCredentials => Self::RefusedCredentials,
            ErrorKind::Sealed => Self::Sealed,
            ErrorKind::NotInitialized => Self::NotInitialized,
            ErrorKind::NoCredentials
            | ErrorKind::CircuitOpen { .. }
            | ErrorKind::NotText
            | ErrorKind::Failed => Self::Failed,
        }
    }
}
