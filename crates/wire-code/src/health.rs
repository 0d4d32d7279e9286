//! The health pages.

use serde::Serialize;
use service::{HealthStatus, NodeProbe, ProbeFailure, VaultDetails, VaultProbe};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

use crate::schema::{self, constant_text, one_of_texts, schemas};

schemas! {
    ok => constant_text("ok");
    healthy => constant_text(HealthStatus::Healthy.as_str());
    unhealthy => constant_text(HealthStatus::Unhealthy.as_str());
    any_status => one_of_texts([HealthStatus::Healthy, HealthStatus::Degraded, HealthStatus::Unhealthy].map(HealthStatus::as_str));
    all_status => one_of_texts([HealthStatus::Healthy, HealthStatus::Degraded].map(HealthStatus::as_str));
    probe_error => one_of_texts(["unreachable", "timed out", "refused credentials", "sealed", "not initialized", "failed"]);
    role => one_of_texts(["master", "replica"]);
    nullable_boolean => ObjectBuilder::new().schema_type(SchemaType::Array(vec![Type::Boolean, Type::Null])).build();
    nullable_text => ObjectBuilder::new().schema_type(SchemaType::Array(vec![Type::String, Type::Null])).build();
}

/// The process answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthResponse {
    #[schema(schema_with = ok)]
    status: &'static str,
}

impl HealthResponse {
    /// The one value.
    pub const OK: Self = Self { status: "ok" };
}

/// How Vault is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum VaultHealth {
    /// It answers and is open.
    Healthy(VaultHealthy),
    /// It does not answer, or is sealed.
    Unhealthy(VaultUnhealthy),
}

/// Vault answers and is open.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VaultHealthy {
    #[schema(schema_with = healthy)]
    status: &'static str,
    details: VaultHealthDetails,
}

/// Vault does not answer, or is sealed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VaultUnhealthy {
    #[schema(schema_with = unhealthy)]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    details: Option<VaultHealthDetails>,
    #[schema(schema_with = probe_error)]
    error: String,
}

/// What Vault says of itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = VaultDetails)]
#[serde(deny_unknown_fields)]
struct VaultHealthDetails {
    initialized: bool,
    sealed: bool,
    standby: bool,
    #[schema(min_length = 1)]
    version: String,
}

impl From<&VaultDetails> for VaultHealthDetails {
    fn from(details: &VaultDetails) -> Self {
        let VaultDetails { initialized, sealed, standby, version } = details;
        Self { initialized: *initialized, sealed: *sealed, standby: *standby, version: version.clone() }
    }
}

impl From<&VaultProbe> for VaultHealth {
    fn from(probe: &VaultProbe) -> Self {
        let details = probe.details.as_ref().map(Into::into);
        match (details, probe.failure) {
            (Some(details), None) => {
                Self::Healthy(VaultHealthy { status: HealthStatus::Healthy.as_str(), details })
            }
            (details, failure) => Self::Unhealthy(VaultUnhealthy {
                status: HealthStatus::Unhealthy.as_str(),
                details,
                error: failure.unwrap_or(ProbeFailure::Failed).to_string(),
            }),
        }
    }
}

/// A server answers, with its version.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionHealthy {
    #[schema(schema_with = healthy)]
    status: &'static str,
    #[schema(min_length = 1)]
    version: String,
}

/// A server does not answer as it should.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionUnhealthy {
    #[schema(schema_with = unhealthy)]
    status: &'static str,
    #[schema(schema_with = probe_error)]
    error: String,
}

/// How a database is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum DatabaseHealth {
    /// It answers.
    Healthy(VersionHealthy),
    /// It does not.
    Unhealthy(VersionUnhealthy),
}

/// How RabbitMQ is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum RabbitmqHealth {
    /// It answers.
    Healthy(VersionHealthy),
    /// It does not.
    Unhealthy(VersionUnhealthy),
}

fn version_health(found: &Result<String, ProbeFailure>) -> Result<VersionHealthy, VersionUnhealthy> {
    match found {
        Ok(version) => {
            Ok(VersionHealthy { status: HealthStatus::Healthy.as_str(), version: version.clone() })
        }
        Err(failure) => {
            Err(VersionUnhealthy { status: HealthStatus::Unhealthy.as_str(), error: failure.to_string() })
        }
    }
}

impl From<&Result<String, ProbeFailure>> for DatabaseHealth {
    fn from(found: &Result<String, ProbeFailure>) -> Self {
        version_health(found).map_or_else(Self::Unhealthy, Self::Healthy)
    }
}

impl From<&Result<String, ProbeFailure>> for RabbitmqHealth {
    fn from(found: &Result<String, ProbeFailure>) -> Self {
        version_health(found).map_or_else(Self::Unhealthy, Self::Healthy)
    }
}

/// How the Redis Cluster is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedisHealth {
    #[schema(schema_with = any_status)]
    status: &'static str,
    /// Null when no node answers.
    #[schema(schema_with = nullable_boolean, required)]
    cluster_enabled: Option<bool>,
    /// `ok` or `fail`; null when no node answers or cluster mode is off.
    #[schema(schema_with = nullable_text, required)]
    cluster_state: Option<String>,
    nodes: Vec<RedisNodeHealth>,
    /// Configured nodes.
    #[schema(schema_with = schema::count)]
    total_nodes: usize,
}

/// How one configured node is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
enum RedisNodeHealth {
    /// It answers.
    Healthy(RedisNodeHealthy),
    /// It does not.
    Unhealthy(RedisNodeUnhealthy),
}

/// A node answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RedisNodeHealthy {
    #[schema(min_length = 1)]
    host: String,
    #[schema(schema_with = schema::port)]
    port: u16,
    #[schema(schema_with = healthy)]
    status: &'static str,
    #[schema(min_length = 1)]
    version: String,
    #[schema(schema_with = role)]
    role: String,
    #[schema(schema_with = schema::count)]
    connected_clients: u64,
    #[schema(min_length = 1)]
    used_memory_human: String,
}

/// A node does not answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RedisNodeUnhealthy {
    #[schema(min_length = 1)]
    host: String,
    #[schema(schema_with = schema::port)]
    port: u16,
    #[schema(schema_with = unhealthy)]
    status: &'static str,
    #[schema(schema_with = probe_error)]
    error: String,
}

impl From<&NodeProbe> for RedisNodeHealth {
    fn from(probe: &NodeProbe) -> Self {
        let (host, port) = (probe.host.clone(), probe.port);
        match &probe.outcome {
            Ok(details) => Self::Healthy(RedisNodeHealthy {
                host,
                port,
                status: HealthStatus::Healthy.as_str(),
                version: details.version.clone(),
                role: replica_role(&details.role).to_owned(),
                connected_clients: details.connected_clients,
                used_memory_human: details.used_memory_human.clone(),
            }),
            Err(failure) => Self::Unhealthy(RedisNodeUnhealthy {
                host,
                port,
                status: HealthStatus::Unhealthy.as_str(),
                error: failure.to_string(),
            }),
        }
    }
}

/// Redis still says `slave` in `INFO`, for old clients.
fn replica_role(role: &str) -> &str {
    if role == "slave" { "replica" } else { role }
}

impl From<&service::RedisHealth> for RedisHealth {
    fn from(health: &service::RedisHealth) -> Self {
        Self {
            status: health.status.as_str(),
            cluster_enabled: health.probe.cluster_enabled,
            cluster_state: health.probe.cluster_state.clone(),
            nodes: health.probe.nodes.iter().map(Into::into).collect(),
            total_nodes: health.probe.nodes.len(),
        }
    }
}

/// How all backends are; healthy only when every one of them is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllHealth {
    #[schema(schema_with = all_status)]
    status: &'static str,
    services: ServicesHealth,
}

/// Each backend as its own page says it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ServicesHealth {
    vault: VaultHealth,
    postgres: DatabaseHealth,
    mysql: DatabaseHealth,
    mongodb: DatabaseHealth,
    redis: RedisHealth,
    rabbitmq: RabbitmqHealth,
}

impl From<&service::AllHealth> for AllHealth {
    fn from(health: &service::AllHealth) -> Self {
        Self {
            status: health.status().as_str(),
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
