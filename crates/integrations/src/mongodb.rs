//! MongoDB, or FerretDB.

use contract::Backend;

use crate::breaker::BreakerState;
use crate::config::MongodbConfig;
use crate::context::Context;
use crate::{Error, ErrorKind, ProbeFailure};

/// MongoDB. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Mongodb {}

impl Mongodb {
    pub(crate) fn start(_config: MongodbConfig, _context: &Context) -> Self {
        Self {}
    }

    /// List the names of the collections of the database, sorted.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    #[expect(clippy::unused_async, reason = "the shape of the finished module, which is being written")]
    pub async fn collection_names(&self) -> Result<Vec<String>, Error> {
        Err(Error::new(Backend::Mongodb, ErrorKind::Failed))
    }

    /// Ask the server for its version. Goes round the breaker and does not move it.
    ///
    /// # Errors
    /// What a health page says; the cause is in the log.
    #[expect(clippy::unused_async, reason = "the shape of the finished module, which is being written")]
    pub async fn probe(&self) -> Result<String, ProbeFailure> {
        Err(ProbeFailure::Failed)
    }

    pub(crate) async fn close(&self) {}

    /// What its breaker does with the next call.
    pub fn breaker(&self) -> BreakerState {
        BreakerState::Closed
    }
}
