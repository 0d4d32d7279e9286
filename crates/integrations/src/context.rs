//! What every backend's module is started with.

use std::sync::Arc;
use std::time::Duration;

use contract::Backend;

use crate::breaker::BreakerSettings;
use crate::config::PoolSettings;
use crate::credentials::CredentialSource;
use crate::guard::Guard;
use crate::runtime::Home;
use crate::vault::Session;

/// The shared ground of the six modules.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) home: Home,
    /// How long a call may take in all.
    pub(crate) limit: Duration,
    pub(crate) breaker: BreakerSettings,
    pub(crate) pool: PoolSettings,
    pub(crate) session: Arc<Session>,
}

impl Context {
    /// The guard of `backend`. Each backend has one, however many connections it keeps.
    pub(crate) fn guard(&self, backend: Backend) -> Arc<Guard> {
        Arc::new(Guard::new(backend, self.limit, self.breaker))
    }

    /// The credentials in `secret/<secret>`.
    pub(crate) fn credentials(&self, backend: Backend, secret: &'static str) -> CredentialSource {
        CredentialSource::start(backend, secret, Arc::clone(&self.session), &self.home)
    }
}
