//! PostgreSQL, directly or through PgBouncer.

use chrono::{DateTime, Utc};
use contract::Backend;
use tokio::runtime::Handle;

use crate::breaker::BreakerState;
use crate::{Config, Error, ErrorKind, ProbeFailure};

/// PostgreSQL. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Postgres {}

impl Postgres {
    pub(crate) fn start(_config: &Config, _runtime: &Handle) -> Self {
        Self {}
    }

    /// Read the server's clock with `SELECT current_timestamp`, to the microsecond.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    #[expect(clippy::unused_async, reason = "the shape of the finished module, which is being written")]
    pub async fn current_timestamp(&self) -> Result<DateTime<Utc>, Error> {
        Err(Error::new(Backend::Postgres, ErrorKind::Failed))
    }

    /// Ask the server for its version. Goes round the breaker and does not move it.
    ///
    /// # Errors
    /// What a health page says; the cause is in the log.
    #[expect(clippy::unused_async, reason = "the shape of the finished module, which is being written")]
    pub async fn probe(&self) -> Result<String, ProbeFailure> {
        Err(ProbeFailure::Failed)
    }

    /// What its breaker does with the next call.
    pub fn breaker(&self) -> BreakerState {
        BreakerState::Closed
    }
}
