//! A server's own parts beside the use cases, made alike by every server.

use contract::cors::CorsPolicy;
use contract::{OPERATIONS, Operation, operation};
use serde::Serialize;
use server::document::Documents;
use server::limits::RateLimiter;
use server::metrics::{HttpMetrics, Metrics};
use server::{ServerIdentity, Settings};

/// What middleware and a server's own pages need.
#[derive(Debug)]
pub struct ServerState {
    /// Who the server is.
    pub identity: &'static ServerIdentity,
    /// The registry behind `/metrics`.
    pub metrics: Metrics,
    /// The metrics of requests.
    pub http_metrics: HttpMetrics,
    /// The buckets of all clients.
    pub rate_limiter: RateLimiter,
    /// From where browsers may read the answers.
    pub cors: CorsPolicy,
    /// The server's description of itself.
    pub documents: Documents,
}

impl ServerState {
    /// Makes the parts, and starts their upkeep on the runtime that it is called on.
    ///
    /// `document` gives the server's OpenAPI document when somebody asks for it.
    pub fn new<D: Serialize>(
        identity: &'static ServerIdentity,
        settings: &Settings,
        metrics: Metrics,
        document: impl Fn() -> D + Send + Sync + 'static,
    ) -> Self {
        Self::with_operations(OPERATIONS, identity, settings, metrics, document)
    }

    /// As [`Self::new`], for a server whose operations are known only when it starts.
    pub fn with_operations<D: Serialize>(
        operations: &[Operation],
        identity: &'static ServerIdentity,
        settings: &Settings,
        metrics: Metrics,
        document: impl Fn() -> D + Send + Sync + 'static,
    ) -> Self {
        let runtime = tokio::runtime::Handle::current();
        let rate_limiter = RateLimiter::new(settings.rate_limit);
        rate_limiter.sweep_in_background(&runtime);
        metrics.keep_up(&runtime);
        Self {
            identity,
            metrics,
            http_metrics: HttpMetrics::new(operations, &operation::FILE_ROUTES),
            rate_limiter,
            cors: settings.cors.clone(),
            documents: Documents::new(move || serde_json::to_value(document())),
        }
    }
}
