//! What handlers and middleware share, built once outside the worker factory.

use std::sync::Arc;

use contract::cors::CorsPolicy;
use server::ServerIdentity;
use server::document::Documents;
use server::limits::RateLimiter;
use server::metrics::{HttpMetrics, Metrics};
use service::Services;

/// Everything a worker is given. Cloning is cheap, and every worker gets a clone.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The use cases.
    pub services: Services,
    /// What middleware and the server's own pages need.
    pub server: Arc<ServerState>,
}

/// The server's own parts, beside the use cases.
#[derive(Debug)]
pub struct ServerState {
    /// Who this server is.
    pub identity: &'static ServerIdentity,
    /// The registry behind `/metrics`.
    pub metrics: Metrics,
    /// The metrics of requests.
    pub http_metrics: HttpMetrics,
    /// The buckets of all clients.
    pub rate_limiter: RateLimiter,
    /// From where browsers may read the answers.
    pub cors: CorsPolicy,
    /// This server's description of itself.
    pub documents: Documents,
}
