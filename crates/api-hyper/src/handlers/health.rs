//! How the process and its backends are.

use hyper::StatusCode;
use hyper::header::{self, HeaderValue};
use service::HealthStatus;
use wire_spec::types::{AllHealth, DatabaseHealth, HealthResponse, RabbitmqHealth, RedisHealth, VaultHealth};

use crate::errors::{Answer, ApiResult};
use crate::state::AppState;

/// Say that the process answers, without the slash.
pub(crate) fn get_health_bare(_: &AppState, (): ()) -> ApiResult<Answer> {
    Answer::json(&HealthResponse::ok())
}

/// Say that the process answers.
pub(crate) fn get_health(_: &AppState, (): ()) -> ApiResult<Answer> {
    Answer::json(&HealthResponse::ok())
}

/// Say whether every backend is healthy, by the status.
pub(crate) async fn get_health_ready(state: &AppState, (): ()) -> ApiResult<Answer> {
    let health = state.services().health.ready().await;
    let mut answer = Answer::json(&AllHealth::from(&*health))?;
    if health.status() != HealthStatus::Healthy {
        *answer.response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        let retry_after = HeaderValue::from(contract::limits::READY_CACHE.as_secs());
        answer.headers_mut().insert(header::RETRY_AFTER, retry_after);
    }
    Ok(answer)
}

/// Say how Vault is.
pub(crate) async fn get_health_vault(state: &AppState, (): ()) -> ApiResult<Answer> {
    Answer::json(&VaultHealth::from(&state.services().health.vault().await))
}

/// Say how PostgreSQL is.
pub(crate) async fn get_health_postgres(state: &AppState, (): ()) -> ApiResult<Answer> {
    Answer::json(&DatabaseHealth::from(&state.services().health.postgres().await))
}

/// Say how MySQL is.
pub(crate) async fn get_health_mysql(state: &AppState, (): ()) -> ApiResult<Answer> {
    Answer::json(&DatabaseHealth::from(&state.services().health.mysql().await))
}

/// Say how MongoDB is.
pub(crate) async fn get_health_mongodb(state: &AppState, (): ()) -> ApiResult<Answer> {
    Answer::json(&DatabaseHealth::from(&state.services().health.mongodb().await))
}

/// Say how the Redis Cluster is.
pub(crate) async fn get_health_redis(state: &AppState, (): ()) -> ApiResult<Answer> {
    Answer::json(&RedisHealth::from(&state.services().health.redis().await))
}

/// Say how RabbitMQ is.
pub(crate) async fn get_health_rabbitmq(state: &AppState, (): ()) -> ApiResult<Answer> {
    Answer::json(&RabbitmqHealth::from(&state.services().health.rabbitmq().await))
}

/// Say how all backends are.
pub(crate) async fn get_health_all(state: &AppState, (): ()) -> ApiResult<Answer> {
    Answer::json(&AllHealth::from(&*state.services().health.all().await))
}
