//! What handlers and middleware share, built once and handed to the router.

use std::sync::Arc;

use axum::extract::FromRef;
use launch::ServerState;
use server::ServerIdentity;
use server::metrics::Metrics;
use service::{
    CacheService, DatabaseService, HealthService, MessagingService, RedisClusterService, SecretService,
    Services,
};

/// Everything that requests need. Cloning is cheap, and every request gets a clone.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    services: Services,
    server: ServerState,
}

impl AppState {
    /// Puts the use cases and the server's own parts together.
    pub fn new(services: Services, server: ServerState) -> Self {
        Self(Arc::new(Parts { services, server }))
    }

    /// The server's own parts.
    pub fn server(&self) -> &ServerState {
        &self.0.server
    }
}

/// Lets a handler ask for one part by its type: `State<CacheService>`.
macro_rules! parts {
    ($($part:ty = |$state:ident| $expression:expr;)+) => {$(
        impl FromRef<AppState> for $part {
            fn from_ref($state: &AppState) -> Self {
                $expression
            }
        }
    )+};
}

parts! {
    CacheService = |state| state.0.services.cache.clone();
    DatabaseService = |state| state.0.services.databases.clone();
    HealthService = |state| state.0.services.health.clone();
    MessagingService = |state| state.0.services.messaging.clone();
    RedisClusterService = |state| state.0.services.redis_cluster.clone();
    SecretService = |state| state.0.services.secrets.clone();
    Services = |state| state.0.services.clone();
    &'static ServerIdentity = |state| state.0.server.identity;
    Metrics = |state| state.0.server.metrics.clone();
}
