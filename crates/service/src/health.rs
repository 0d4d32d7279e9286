//! How the backends are.

use std::fmt;
use std::sync::Arc;

use contract::limits;
use contract::metrics::CACHE_HEALTH;
use integrations::{Integrations, ProbeFailure, RedisProbe, VaultProbe};
use moka::future::Cache;

use crate::Settings;
use crate::cache_metrics::CacheMetrics;

/// Probes the backends. Probes go round the circuit breakers and do not move them.
#[derive(Clone)]
pub struct HealthService {
    integrations: Integrations,
    /// For `/health/all`.
    all: Cache<(), Arc<AllHealth>>,
    /// For `/health/ready`, which must not show an old state.
    recent: Cache<(), Arc<AllHealth>>,
    metrics: CacheMetrics,
}

/// How a backend, or all of them, are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthStatus {
    /// All is well.
    Healthy,
    /// Something is not.
    Degraded,
    /// Nothing answers.
    Unhealthy,
}

impl HealthStatus {
    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// How the Redis Cluster is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisHealth {
    /// Healthy when every node answers and the cluster's state is `ok`, unhealthy when none answers.
    pub status: HealthStatus,
    /// What the nodes said.
    pub probe: RedisProbe,
}

impl RedisHealth {
    /// Judges what a probe found.
    pub fn new(probe: RedisProbe) -> Self {
        let reachable = probe.nodes.iter().filter(|node| node.outcome.is_ok()).count();
        let status = if reachable == 0 {
            HealthStatus::Unhealthy
        } else if reachable == probe.nodes.len() && probe.cluster_state.as_deref() == Some("ok") {
            HealthStatus::Healthy
        } else {
            HealthStatus::Degraded
        };
        Self { status, probe }
    }
}

/// How all six backends are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllHealth {
    /// Vault.
    pub vault: VaultProbe,
    /// PostgreSQL: its version, or why it is not healthy.
    pub postgres: Result<String, ProbeFailure>,
    /// MySQL.
    pub mysql: Result<String, ProbeFailure>,
    /// MongoDB.
    pub mongodb: Result<String, ProbeFailure>,
    /// The Redis Cluster.
    pub redis: RedisHealth,
    /// RabbitMQ.
    pub rabbitmq: Result<String, ProbeFailure>,
}

impl AllHealth {
    /// Healthy when all six are, else degraded.
    pub fn status(&self) -> HealthStatus {
        let healthy = self.vault.failure.is_none()
            && self.redis.status == HealthStatus::Healthy
            && [&self.postgres, &self.mysql, &self.mongodb, &self.rabbitmq].iter().all(|found| found.is_ok());
        if healthy { HealthStatus::Healthy } else { HealthStatus::Degraded }
    }
}

impl HealthService {
    pub(crate) fn new(settings: &Settings, integrations: Integrations) -> Self {
        let cache = |time_to_live| Cache::builder().max_capacity(1).time_to_live(time_to_live).build();
        Self {
            integrations,
            all: cache(settings.health_cache),
            recent: cache(settings.health_cache.min(limits::READY_CACHE)),
            metrics: CacheMetrics::new(CACHE_HEALTH),
        }
    }

    /// Probes Vault.
    pub async fn vault(&self) -> VaultProbe {
        self.integrations.vault.probe().await
    }

    /// Probes PostgreSQL; gives its version.
    ///
    /// # Errors
    /// Why it is not healthy.
    pub async fn postgres(&self) -> Result<String, ProbeFailure> {
        self.integrations.postgres.probe().await
    }

    /// Probes MySQL; gives its version.
    ///
    /// # Errors
    /// Why it is not healthy.
    pub async fn mysql(&self) -> Result<String, ProbeFailure> {
        self.integrations.mysql.probe().await
    }

    /// Probes MongoDB; gives its version.
    ///
    /// # Errors
    /// Why it is not healthy.
    pub async fn mongodb(&self) -> Result<String, ProbeFailure> {
        self.integrations.mongodb.probe().await
    }

    /// Probes every node of the Redis Cluster.
    pub async fn redis(&self) -> RedisHealth {
        RedisHealth::new(self.integrations.redis.probe().await)
    }

    /// Probes RabbitMQ; gives its version.
    ///
    /// # Errors
    /// Why it is not healthy.
    pub async fn rabbitmq(&self) -> Result<String, ProbeFailure> {
        self.integrations.rabbitmq.probe().await
    }

    /// The state of all six, from the cache while it is fresh. Callers who come at once share one round of
    /// probes.
    pub async fn all(&self) -> Arc<AllHealth> {
        let entry = self.all.entry(()).or_insert_with(Box::pin(self.ready())).await;
        if entry.is_fresh() {
            self.metrics.miss();
        } else {
            self.metrics.hit();
        }
        entry.into_value()
    }

    /// The state of all six, at most [`limits::READY_CACHE`] old.
    pub async fn ready(&self) -> Arc<AllHealth> {
        self.recent.get_with((), async { Arc::new(Box::pin(self.probe_all()).await) }).await
    }

    /// Probes all six at once: as slow as the slowest.
    async fn probe_all(&self) -> AllHealth {
        let (vault, postgres, mysql, mongodb, redis, rabbitmq) = tokio::join!(
            self.vault(),
            self.postgres(),
            self.mysql(),
            self.mongodb(),
            self.redis(),
            self.rabbitmq()
        );
        AllHealth { vault, postgres, mysql, mongodb, redis, rabbitmq }
    }
}

impl fmt::Debug for HealthService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthService").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use integrations::{NodeDetails, NodeProbe, VaultDetails};

    use super::*;

    fn redis(states: &[bool], cluster_state: &str) -> RedisHealth {
        let details = NodeDetails {
            version: "7.0.15".into(),
            role: "master".into(),
            connected_clients: 1,
            used_memory_human: "1M".into(),
        };
        let node = |up: &bool| NodeProbe {
            host: "127.0.0.1".into(),
            port: 6379,
            outcome: if *up { Ok(details.clone()) } else { Err(ProbeFailure::Unreachable) },
        };
        RedisHealth::new(RedisProbe {
            cluster_enabled: Some(true),
            cluster_state: Some(cluster_state.into()),
            nodes: states.iter().map(node).collect(),
        })
    }

    #[test]
    fn a_cluster_is_healthy_only_when_every_node_answers_and_it_says_ok() {
        assert_eq!(redis(&[true, true, true], "ok").status, HealthStatus::Healthy);
        assert_eq!(redis(&[true, true, true], "fail").status, HealthStatus::Degraded);
        assert_eq!(redis(&[true, false, true], "ok").status, HealthStatus::Degraded);
        assert_eq!(redis(&[false, false, false], "ok").status, HealthStatus::Unhealthy);
    }

    #[test]
    fn all_is_healthy_only_when_all_six_are() {
        let details =
            VaultDetails { initialized: true, sealed: false, standby: false, version: "1.21.1".into() };
        let healthy = AllHealth {
            vault: VaultProbe { details: Some(details), failure: None },
            postgres: Ok("15".into()),
            mysql: Ok("10".into()),
            mongodb: Ok("7".into()),
            redis: redis(&[true], "ok"),
            rabbitmq: Ok("3".into()),
        };
        assert_eq!(healthy.status(), HealthStatus::Healthy);
        let mut sealed = healthy.clone();
        sealed.vault.failure = Some(ProbeFailure::Sealed);
        assert_eq!(sealed.status(), HealthStatus::Degraded);
        let degraded = AllHealth { redis: redis(&[true, false], "ok"), ..healthy };
        assert_eq!(degraded.status(), HealthStatus::Degraded);
    }
}
