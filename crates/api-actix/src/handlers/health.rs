//! How the process and its backends are.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, route};
use service::HealthStatus;
use wire_code::{AllHealth, DatabaseHealth, HealthResponse, RabbitmqHealth, RedisHealth, VaultHealth};

use crate::state::AppState;

/// Say that the process answers, without the slash.
#[utoipa::path(
    get, path = "/health", tag = "health", operation_id = "get_health_bare",
    responses((status = 200, description = "The process answers.", body = HealthResponse))
)]
#[route("/health", method = "GET", method = "HEAD")]
pub(crate) async fn get_health_bare() -> Json<HealthResponse> {
    Json(HealthResponse::OK)
}

/// Say that the process answers.
#[utoipa::path(
    get, path = "/health/", tag = "health", operation_id = "get_health",
    responses((status = 200, description = "The process answers.", body = HealthResponse))
)]
#[route("/health/", method = "GET", method = "HEAD")]
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
#[route("/health/ready", method = "GET", method = "HEAD")]
pub(crate) async fn get_health_ready(state: Data<AppState>) -> HttpResponse {
    let health = state.services.health.ready().await;
    if health.status() == HealthStatus::Healthy {
        HttpResponse::Ok().json(AllHealth::from(&*health))
    } else {
        HttpResponse::build(StatusCode::SERVICE_UNAVAILABLE)
            .insert_header((header::RETRY_AFTER, contract::limits::READY_CACHE.as_secs()))
            .json(AllHealth::from(&*health))
    }
}

/// Say how Vault is.
#[utoipa::path(
    get, path = "/health/vault", tag = "health", operation_id = "get_health_vault",
    responses((status = 200, description = "How Vault is.", body = VaultHealth))
)]
#[route("/health/vault", method = "GET", method = "HEAD")]
pub(crate) async fn get_health_vault(state: Data<AppState>) -> Json<VaultHealth> {
    Json((&state.services.health.vault().await).into())
}

/// Say how PostgreSQL is.
#[utoipa::path(
    get, path = "/health/postgres", tag = "health", operation_id = "get_health_postgres",
    responses((status = 200, description = "How PostgreSQL is.", body = DatabaseHealth))
)]
#[route("/health/postgres", method = "GET", method = "HEAD")]
pub(crate) async fn get_health_postgres(state: Data<AppState>) -> Json<DatabaseHealth> {
    Json((&state.services.health.postgres().await).into())
}

/// Say how MySQL is.
#[utoipa::path(
    get, path = "/health/mysql", tag = "health", operation_id = "get_health_mysql",
    responses((status = 200, description = "How MySQL is.", body = DatabaseHealth))
)]
#[route("/health/mysql", method = "GET", method = "HEAD")]
pub(crate) async fn get_health_mysql(state: Data<AppState>) -> Json<DatabaseHealth> {
    Json((&state.services.health.mysql().await).into())
}

/// Say how MongoDB is.
#[utoipa::path(
    get, path = "/health/mongodb", tag = "health", operation_id = "get_health_mongodb",
    responses((status = 200, description = "How MongoDB is.", body = DatabaseHealth))
)]
#[route("/health/mongodb", method = "GET", method = "HEAD")]
pub(crate) async fn get_health_mongodb(state: Data<AppState>) -> Json<DatabaseHealth> {
    Json((&state.services.health.mongodb().await).into())
}

/// Say how the Redis Cluster is.
#[utoipa::path(
    get, path = "/health/redis", tag = "health", operation_id = "get_health_redis",
    responses((status = 200, description = "How the Redis Cluster is.", body = RedisHealth))
)]
#[route("/health/redis", method = "GET", method = "HEAD")]
pub(crate) async fn get_health_redis(state: Data<AppState>) -> Json<RedisHealth> {
    Json((&state.services.health.redis().await).into())
}

/// Say how RabbitMQ is.
#[utoipa::path(
    get, path = "/health/rabbitmq", tag = "health", operation_id = "get_health_rabbitmq",
    responses((status = 200, description = "How RabbitMQ is.", body = RabbitmqHealth))
)]
#[route("/health/rabbitmq", method = "GET", method = "HEAD")]
pub(crate) async fn get_health_rabbitmq(state: Data<AppState>) -> Json<RabbitmqHealth> {
    Json((&state.services.health.rabbitmq().await).into())
}

/// Say how all backends are.
#[utoipa::path(
    get, path = "/health/all", tag = "health", operation_id = "get_health_all",
    responses((status = 200, description = "How all backends are.", body = AllHealth))
)]
#[route("/health/all", method = "GET", method = "HEAD")]
pub(crate) async fn get_health_all(state: Data<AppState>) -> Json<AllHealth> {
    Json((&*state.services.health.all().await).into())
}
