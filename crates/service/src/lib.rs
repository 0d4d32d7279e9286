//! The use cases behind the operations, on top of the integrations.
//!
//! A handler parses its input with `contract`, calls one method here and converts what comes back to its wire
//! type. What is cached for requests, what a missing thing means, and which status and name a failure gets are
//! decided here, once for all servers.
//!
//! Deliberately absent: HTTP, wire types, connections.

mod cache;
mod cache_metrics;
mod databases;
mod error;
mod health;
mod messaging;
mod redis_cluster;
mod secrets;
mod settings;

use integrations::Integrations;

pub use cache::CacheService;
pub use databases::DatabaseService;
pub use error::Error;
pub use health::{AllHealth, HealthService, HealthStatus, RedisHealth};
pub use integrations::{
    CacheEntry, ClusterNode, ClusterRole, NodeDetails, NodeProbe, ProbeFailure, QueueInfo, RedisProbe,
    SlotAssignment, SlotOwner, SlotRange, VaultDetails, VaultProbe,
};
pub use messaging::MessagingService;
pub use redis_cluster::{RedisClusterService, SlotMap};
pub use secrets::{MaskedSecret, SecretService};
pub use settings::Settings;

/// Every use case. Cloning is cheap; all clones share connections and caches.
#[derive(Debug, Clone)]
pub struct Services {
    /// Cache entries in the Redis Cluster.
    pub cache: CacheService,
    /// Queues of RabbitMQ.
    pub messaging: MessagingService,
    /// Secrets of Vault, masked.
    pub secrets: SecretService,
    /// One query on each database.
    pub databases: DatabaseService,
    /// What the Redis Cluster says of itself.
    pub redis_cluster: RedisClusterService,
    /// How the backends are.
    pub health: HealthService,
    integrations: Integrations,
}

impl Services {
    /// Builds the use cases on clients that were started.
    pub fn new(settings: &Settings, integrations: Integrations) -> Self {
        Self {
            cache: CacheService::new(integrations.redis.clone()),
            messaging: MessagingService::new(integrations.rabbitmq.clone()),
            secrets: SecretService::new(settings, integrations.vault.clone()),
            databases: DatabaseService::new(&integrations),
            redis_cluster: RedisClusterService::new(integrations.redis.clone()),
            health: HealthService::new(settings, integrations.clone()),
            integrations,
        }
    }

    /// Looks at every circuit breaker, so that its metric shows the state of this moment: time alone turns an open
    /// breaker half-open, and no call tells the metric. Call it before the metrics are rendered.
    pub fn observe_breakers(&self) {
        let Integrations { vault, postgres, mysql, mongodb, redis, rabbitmq } = &self.integrations;
        vault.breaker();
        postgres.breaker();
        mysql.breaker();
        mongodb.breaker();
        redis.breaker();
        rabbitmq.breaker();
    }

    /// Closes every backend connection; bounded in time. Calls made afterwards fail.
    pub async fn close(&self) {
        self.integrations.close().await;
    }
}
