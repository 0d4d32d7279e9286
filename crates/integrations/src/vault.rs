//! Vault: secrets, and the credentials of every other backend.

use contract::{Backend, SecretName};
use serde_json::{Map, Value};
use tokio::runtime::Handle;

use crate::breaker::BreakerState;
use crate::{Config, Error, ErrorKind, ProbeFailure};

/// Vault. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Vault {}

/// What a health probe of Vault found. Details and failure come together when Vault answers and is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultProbe {
    /// What Vault says of itself; `None` when it did not answer.
    pub details: Option<VaultDetails>,
    /// Why it is not healthy; `None` when it is.
    pub failure: Option<ProbeFailure>,
}

/// What Vault says of itself at `sys/health`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultDetails {
    /// Whether it has been initialized, ever.
    pub initialized: bool,
    /// Whether it is sealed now.
    pub sealed: bool,
    /// Whether it is a standby of a cluster.
    pub standby: bool,
    /// Its version, such as `1.21.1`.
    pub version: String,
}

impl Vault {
    pub(crate) fn start(_config: &Config, _runtime: &Handle) -> Self {
        Self {}
    }

    /// Read the members of the secret `secret/<name>` as they are, not masked and not cached; `None` when
    /// there is no such secret.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but `NotText`; `RefusedCredentials` only after one new login.
    #[expect(clippy::unused_async, reason = "the shape of the finished module, which is being written")]
    pub async fn read_secret(&self, _name: &SecretName) -> Result<Option<Map<String, Value>>, Error> {
        Err(Error::new(Backend::Vault, ErrorKind::Failed))
    }

    /// Ask Vault how it is. Needs no token, goes round the breaker and does not move it.
    #[expect(clippy::unused_async, reason = "the shape of the finished module, which is being written")]
    pub async fn probe(&self) -> VaultProbe {
        VaultProbe { details: None, failure: Some(ProbeFailure::Failed) }
    }

    /// What its breaker does with the next call.
    pub fn breaker(&self) -> BreakerState {
        BreakerState::Closed
    }
}
