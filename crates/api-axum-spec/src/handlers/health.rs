//! How the process and its backends are.

use axum::extract::State;
use contract::limits;
use service::{HealthService, HealthStatus};
use wire_spec::types::{AllHealth, HealthResponse};

use crate::generated::responses::{
    GetHealthAllResponse, GetHealthBareResponse, GetHealthMongodbResponse, GetHealthMysqlResponse,
    GetHealthPostgresResponse, GetHealthRabbitmqResponse, GetHealthReadyResponse, GetHealthRedisResponse,
    GetHealthResponse, GetHealthVaultResponse,
};

/// Says that the process answers, without the slash.
pub(crate) async fn get_health_bare() -> GetHealthBareResponse {
    GetHealthBareResponse::Ok(HealthResponse::ok())
}

/// Says that the process answers.
pub(crate) async fn get_health() -> GetHealthResponse {
    GetHealthResponse::Ok(HealthResponse::ok())
}

/// Says whether every backend is healthy, by the status.
pub(crate) async fn get_health_ready(State(health): State<HealthService>) -> GetHealthReadyResponse {
    let health = health.ready().await;
    let body = AllHealth::from(&*health);
    match health.status() {
        HealthStatus::Healthy => GetHealthReadyResponse::Ok(body),
        HealthStatus::Degraded | HealthStatus::Unhealthy => {
            GetHealthReadyResponse::ServiceUnavailable { retry_after: limits::READY_CACHE.as_secs(), body }
        }
    }
}

/// Says how Vault is.
pub(crate) async fn get_health_vault(State(health): State<HealthService>) -> GetHealthVaultResponse {
    GetHealthVaultResponse::Ok((&health.vault().await).into())
}

/// Says how PostgreSQL is.
pub(crate) async fn get_health_postgres(State(health): State<HealthService>) -> GetHealthPostgresResponse {
    GetHealthPostgresResponse::Ok((&health.postgres().await).into())
}

/// Says how MySQL is.
pub(crate) async fn get_health_mysql(State(health): State<HealthService>) -> GetHealthMysqlResponse {
    GetHealthMysqlResponse::Ok((&health.mysql().await).into())
}

/// Says how MongoDB is.
pub(crate) async fn get_health_mongodb(State(health): State<HealthService>) -> GetHealthMongodbResponse {
    GetHealthMongodbResponse::Ok((&health.mongodb().await).into())
}

/// Says how the Redis Cluster is.
pub(crate) async fn get_health_redis(State(health): State<HealthService>) -> GetHealthRedisResponse {
    GetHealthRedisResponse::Ok((&health.redis().await).into())
}

/// Says how RabbitMQ is.
pub(crate) async fn get_health_rabbitmq(State(health): State<HealthService>) -> GetHealthRabbitmqResponse {
    GetHealthRabbitmqResponse::Ok((&health.rabbitmq().await).into())
}

/// Says how all backends are.
pub(crate) async fn get_health_all(State(health): State<HealthService>) -> GetHealthAllResponse {
    GetHealthAllResponse::Ok((&*health.all().await).into())
}
