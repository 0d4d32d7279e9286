//! What handlers and middleware share, built once outside the worker factory.

use std::sync::Arc;

use launch::ServerState;
use service::Services;

/// Everything a worker is given. Cloning is cheap, and every worker gets a clone.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The use cases.
    pub services: Services,
    /// What middleware and the server's own pages need.
    pub server: Arc<ServerState>,
}
