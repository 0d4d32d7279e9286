//! How the process and its backends are.

use service::{HealthStatus, NodeProbe, ProbeFailure, VaultProbe};

use crate::count;
use crate::types::{
    AllHealth, AllHealthStatus, DatabaseHealth, DatabaseHealthHealthy, DatabaseHealthHealthyStatus,
    DatabaseHealthUnhealthy, DatabaseHealthUnhealthyStatus, HealthResponse, HealthResponseStatus, ProbeError,
    RabbitmqHealth, RabbitmqHealthHealthy, RabbitmqHealthHealthyStatus, RabbitmqHealthUnhealthy,
    RabbitmqHealthUnhealthyStatus, RedisHealth, RedisHealthStatus, RedisNodeHealth, RedisNodeHealthHealthy,
    RedisNodeHealthHealthyStatus, RedisNodeHealthUnhealthy, RedisNodeHealthUnhealthyStatus, RedisRole,
    ServicesHealth, VaultDetails, VaultHealth, VaultHealthHealthy, VaultHealthHealthyStatus,
    VaultHealthUnhealthy, VaultHealthUnhealthyStatus,
};

impl HealthResponse {
    /// The one value.
    pub fn ok() -> Self {
        Self { status: HealthResponseStatus::default() }
    }
}

impl From<ProbeFailure> for ProbeError {
    fn from(failure: ProbeFailure) -> Self {
        match failure {
            ProbeFailure::Unreachable => Self::Unreachable,
            ProbeFailure::TimedOut => Self::TimedOut,
            ProbeFailure::RefusedCredentials => Self::RefusedCredentials,
            ProbeFailure::Sealed => Self::Sealed,
            ProbeFailure::NotInitialized => Self::NotInitialized,
            ProbeFailure::Failed => Self::Failed,
        }
    }
}

impl From<&service::VaultDetails> for VaultDetails {
    fn from(details: &service::VaultDetails) -> Self {
        let service::VaultDetails { initialized, sealed, standby, version } = details;
        Self {
            initialized: *initialized,
            sealed: *sealed,
            standby: *standby,
            version: version.clone().into(),
        }
    }
}

impl From<&VaultProbe> for VaultHealth {
    fn from(probe: &VaultProbe) -> Self {
        let details = probe.details.as_ref().map(Into::into);
        match (details, probe.failure) {
            (Some(details), None) => {
                Self::Healthy(VaultHealthHealthy { status: VaultHealthHealthyStatus::default(), details })
            }
            (details, failure) => Self::Unhealthy(VaultHealthUnhealthy {
                status: VaultHealthUnhealthyStatus::default(),
                details,
                error: failure.unwrap_or(ProbeFailure::Failed).into(),
            }),
        }
    }
}

impl From<&Result<String, ProbeFailure>> for DatabaseHealth {
    fn from(found: &Result<String, ProbeFailure>) -> Self {
        match found {
            Ok(version) => Self::Healthy(DatabaseHealthHealthy {
                status: DatabaseHealthHealthyStatus::default(),
                version: version.clone().into(),
            }),
            Err(failure) => Self::Unhealthy(DatabaseHealthUnhealthy {
                status: DatabaseHealthUnhealthyStatus::default(),
                error: (*failure).into(),
            }),
        }
    }
}

impl From<&Result<String, ProbeFailure>> for RabbitmqHealth {
    fn from(found: &Result<String, ProbeFailure>) -> Self {
        match found {
            Ok(version) => Self::Healthy(RabbitmqHealthHealthy {
                status: RabbitmqHealthHealthyStatus::default(),
                version: version.clone().into(),
            }),
            Err(failure) => Self::Unhealthy(RabbitmqHealthUnhealthy {
                status: RabbitmqHealthUnhealthyStatus::default(),
                error: (*failure).into(),
            }),
        }
    }
}

impl From<&NodeProbe> for RedisNodeHealth {
    fn from(probe: &NodeProbe) -> Self {
        let (host, port) = (probe.host.clone().into(), probe.port.into());
        match &probe.outcome {
            Ok(details) => Self::Healthy(RedisNodeHealthHealthy {
                host,
                port,
                status: RedisNodeHealthHealthyStatus::default(),
                version: details.version.clone().into(),
                role: role(&details.role),
                connected_clients: details.connected_clients,
                used_memory_human: details.used_memory_human.clone().into(),
            }),
            Err(failure) => Self::Unhealthy(RedisNodeHealthUnhealthy {
                host,
                port,
                status: RedisNodeHealthUnhealthyStatus::default(),
                error: (*failure).into(),
            }),
        }
    }
}

/// Redis still says `slave` in `INFO`, for old clients.
fn role(said: &str) -> RedisRole {
    if said == "master" { RedisRole::Master } else { RedisRole::Replica }
}

impl From<&service::RedisHealth> for RedisHealth {
    fn from(health: &service::RedisHealth) -> Self {
        Self {
            status: match health.status {
                HealthStatus::Healthy => RedisHealthStatus::Healthy,
                HealthStatus::Degraded => RedisHealthStatus::Degraded,
                HealthStatus::Unhealthy => RedisHealthStatus::Unhealthy,
            },
            cluster_enabled: health.probe.cluster_enabled,
            cluster_state: health.probe.cluster_state.clone().map(Into::into),
            nodes: health.probe.nodes.iter().map(Into::into).collect(),
            total_nodes: count(health.probe.nodes.len()),
        }
    }
}

impl From<&service::AllHealth> for AllHealth {
    fn from(health: &service::AllHealth) -> Self {
        Self {
            status: match health.status() {
                HealthStatus::Healthy => AllHealthStatus::Healthy,
                HealthStatus::Degraded | HealthStatus::Unhealthy => AllHealthStatus::Degraded,
            },
            services: ServicesHealth {
                vault: (&health.vault).into(),
                postgres: (&health.postgres).into(),
                mysql: (&health.mysql).into(),
                mongodb: (&health.mongodb).into(),
                redis: (&health.redis).into(),
                rabbitmq: (&health.rabbitmq).into(),
            },
        }
    }
}
