//! How long the use cases keep what they have read.

use std::time::Duration;

use contract::limits;

/// The times of the use cases' caches. Zero switches a cache off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long a secret that was read is kept; 5 minutes by default.
    pub secret_cache: Duration,
    /// How long the state of all backends is kept; 30 s by default. `/health/ready` never takes one older than
    /// [`limits::READY_CACHE`].
    pub health_cache: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { secret_cache: limits::SECRET_CACHE, health_cache: limits::HEALTH_CACHE }
    }
}
