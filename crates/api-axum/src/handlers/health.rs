//! How the process and its backends are.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use service::{HealthService, HealthStatus};
use wire_code::{AllHealth, DatabaseHealth, HealthResponse, RabbitmqHealth, RedisHealth, VaultHealth};

/// Say that the process answers, without the slash.
#[utoipa::path(
    get, path = "/health", tag = "health", operation_id = "get_health_bare",
    responses((status = 200, description = "The process answers.", body = HealthResponse))
)]
pub(crate) async fn get_health_bare() -> Json<HealthResponse> {
    Json(HealthResponse::OK)
}

/// Say that the process answers.
#[utoipa::path(
    get, path = "/health/", tag = "health", operation_id = "get_health",
    responses((status = 200, description = "The process answers.", body = HealthResponse))
)]
pub(crate) async fn get_health() -> Json<HealthResponse> {
    Json(HealthResponse::OK)
}

/// Say whether every backend is healthy, by the status.
#[utoipa::path(
    get, path = "/health/ready", tag = "health", operation_id = "get_health_ready",
    responses(
        (status = 200, description = "Every backend is healthy.", body = AllHealth),
        (status = 503, description = "At least one backend is not healthy.", body = AllHealth),
    )
)]
pub(crate) async fn get_health_ready(State(health): State<HealthService>) -> Response {
    let health = health.ready().await;
    let body = Json(AllHealth::from(&*health));
    if health.status() == HealthStatus::Healthy {
        body.into_response()
    } else {
        let retry_after = [(header::RETRY_AFTER, contract::limits::READY_CACHE.as_secs().to_string())];
        (StatusCode::SERVICE_UNAVAILABLE, retry_after, body).into_response()
    }
}

/// Say how Vault is.
#[utoipa::path(
    get, path = "/health/vault", tag = "health", operation_id = "get_health_vault",
    responses((status = 200, description = "How Vault is.", body = VaultHealth))
)]
pub(crate) async fn get_health_vault(State(health): State<HealthService>) -> Json<VaultHealth> {
    Json((&health.vault().await).into())
}

/// Say how PostgreSQL is.
#[utoipa::path(
    get, path = "/health/postgres", tag = "health", operation_id = "get_health_postgres",
    responses((status = 200, description = "How PostgreSQL is.", body = DatabaseHealth))
)]
pub(crate) async fn get_health_postgres(State(health): State<HealthService>) -> Json<DatabaseHealth> {
    Json((&health.postgres().await).into())
}

/// Say how MySQL is.
#[utoipa::path(
    get, path = "/health/mysql", tag = "health", operation_id = "get_health_mysql",
    responses((status = 200, description = "How MySQL is.", body = DatabaseHealth))
)]
pub(crate) async fn get_health_mysql(State(health): State<HealthService>) -> Json<DatabaseHealth> {
    Json((&health.mysql().await).into())
}

/// Say how MongoDB is.
#[utoipa::path(
    get, path = "/health/mongodb", tag = "health", operation_id = "get_health_mongodb",
    responses((status = 200, description = "How MongoDB is.", body = DatabaseHealth))
)]
pub(crate) async fn get_health_mongodb(State(health): State<HealthService>) -> Json<DatabaseHealth> {
    Json((&health.mongodb().await).into())
}

/// Say how the Redis Cluster is.
#[utoipa::path(
    get, path = "/health/redis", tag = "health", operation_id = "get_health_redis",
    responses((status = 200, description = "How the Redis Cluster is.", body = RedisHealth))
)]
pub(crate) async fn get_health_redis(State(health): State<HealthService>) -> Json<RedisHealth> {
    Json((&health.redis().await).into())
}

/// Say how RabbitMQ is.
#[utoipa::path(
    get, path = "/health/rabbitmq", tag = "health", operation_id = "get_health_rabbitmq",
    responses((status = 200, description = "How RabbitMQ is.", body = RabbitmqHealth))
)]
pub(crate) async fn get_health_rabbitmq(State(health): State<HealthService>) -> Json<RabbitmqHealth> {
    Json((&health.rabbitmq().await).into())
}

/// Say how all backends are.
#[utoipa::path(
    get, path = "/health/all", tag = "health", operation_id = "get_health_all",
    responses((status = 200, description = "How all backends are.", body = AllHealth))
)]
pub(crate) async fn get_health_all(State(health): State<HealthService>) -> Json<AllHealth> {
    Json((&*health.all().await).into())
}
