//! A server's own parts beside the use cases, made alike by every server.

use contract::cors::CorsPolicy;
use contract::operation;
use serde::Serialize;
use server::document::Documents;
use server::limits::RateLimiter;
use server::metrics::{HttpMetrics, Metrics};
use server::{ServerIdentity, Settings};

use crate::StartError;

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
    /// `document` is the server's OpenAPI document.
    ///
    /// # Errors
    /// [`StartError::DocumentJson`] and [`StartError::Document`] when the document cannot be written.
    pub fn new(
        identity: &'static ServerIdentity,
        settings: &Settings,
        metrics: Metrics,
        document: &impl Serialize,
    ) -> Result<Self, StartError> {
        let runtime = tokio::runtime::Handle::current();
        let rate_limiter = RateLimiter::new(settings.rate_limit);
        rate_limiter.sweep_in_background(&runtime);
        metrics.keep_up(&runtime);
        Ok(Self {
            identity,
            metrics,
            http_metrics: HttpMetrics::new(&operation::FILE_ROUTES),
            rate_limiter,
            cors: settings.cors.clone(),
            documents: Documents::new(&serde_json::to_value(document)?)?,
        })
    }
}
