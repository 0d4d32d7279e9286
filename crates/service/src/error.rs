//! What a failure means to the caller of the API.

use std::sync::Arc;
use std::time::Duration;

use contract::Problem;
use contract::problem::ResourceKind;
use integrations::ErrorKind;

/// A use case that did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The thing that was asked for does not exist.
    #[error("there is no {kind:?} {id:?}")]
    NotFound {
        /// What kind of thing.
        kind: ResourceKind,
        /// Its name, as it was asked for.
        id: String,
    },
    /// A backend failed.
    ///
    /// Shared, because callers who waited for the same call get the same failure.
    #[error("a backend call failed")]
    Backend(#[source] Arc<integrations::Error>),
}

impl From<integrations::Error> for Error {
    fn from(error: integrations::Error) -> Self {
        Self::Backend(Arc::new(error))
    }
}

impl Error {
    /// What the client is told: status, name and details, never the cause.
    pub fn problem(&self) -> Problem {
        match self {
            Self::NotFound { kind, id } => Problem::ResourceNotFound { kind: *kind, id: id.clone() },
            Self::Backend(error) => match error.kind() {
                ErrorKind::Unreachable
                | ErrorKind::TimedOut
                | ErrorKind::RefusedCredentials
                | ErrorKind::Sealed
                | ErrorKind::NotInitialized => Problem::BackendUnavailable(error.backend()),
                // The password never came, so the backend to name is the one that gives passwords.
                ErrorKind::NoCredentials => Problem::BackendUnavailable(contract::Backend::Vault),
                ErrorKind::CircuitOpen { retry_after } => {
                    Problem::CircuitOpen { backend: error.backend(), retry_after: whole_seconds(retry_after) }
                }
                ErrorKind::NotText | ErrorKind::Failed => Problem::Internal,
            },
        }
    }
}

/// Rounds up, to at least one second: a client that waits so long does not come too early.
fn whole_seconds(duration: Duration) -> u64 {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_up_and_never_zero() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_999, 60), (60_000, 60)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds, "{millis} ms");
        }
    }
}
