//! The figures of the contract: sizes, times, rates.

use std::time::Duration;

/// The longest request target, in bytes.
pub const MAX_TARGET_BYTES: usize = 64_000;
/// The most header fields of a request.
pub const MAX_HEADER_FIELDS: usize = 64;
/// The most bytes of all header names and values of a request together.
pub const MAX_HEADER_BYTES: usize = 32_768;
/// The largest body of a published message, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
/// The largest declared body of any other request, in bytes. Such a body is discarded unread.
pub const MAX_OTHER_BODY_BYTES: u64 = 10 * 1024 * 1024;
/// How long a request body may take to arrive.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request head may take to arrive.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection without a request is kept.
pub const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// How long requests in flight may take to finish after a stop was asked for.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one backend call may take in all, waiting for a pooled connection included.
pub const BACKEND_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the answer of `/health/all` is kept.
pub const HEALTH_CACHE: Duration = Duration::from_secs(30);
/// The longest that the answer of `/health/ready` is kept.
pub const READY_CACHE: Duration = Duration::from_secs(1);
/// How long a secret that was read is kept.
pub const SECRET_CACHE: Duration = Duration::from_mins(5);
/// After how many failures in a row a circuit breaker opens.
pub const BREAKER_FAILURES: u32 = 5;
/// How long an open circuit breaker waits before it lets one probe through.
pub const BREAKER_OPEN: Duration = Duration::from_mins(1);

/// Which of the four rate limits a request falls under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateLimitClass {
    /// `/`
    Root,
    /// `/metrics`
    Metrics,
    /// All of `/health*` together.
    Health,
    /// Every other route together.
    Rest,
}

impl RateLimitClass {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Root, Self::Metrics, Self::Health, Self::Rest];

    /// The class of a route template.
    pub fn of(template: &str) -> Self {
        match template {
            "/" => Self::Root,
            "/metrics" => Self::Metrics,
            health if health == "/health" || health.starts_with("/health/") => Self::Health,
            _ => Self::Rest,
        }
    }

    /// Requests in a minute for each client address; also the burst.
    pub const fn per_minute(self) -> u32 {
        match self {
            Self::Root => 100,
            Self::Metrics | Self::Rest => 1000,
            Self::Health => 200,
        }
    }
}
