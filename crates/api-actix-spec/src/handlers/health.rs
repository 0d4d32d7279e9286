//! How the process and its backends are.

use actix_web::web::Data;
use contract::limits;
use service::HealthStatus;
use wire_spec::types::{AllHealth, HealthResponse};

use crate::generated::responses::{
    GetHealthAllResponse, GetHealthBareResponse, GetHealthMongodbResponse, GetHealthMysqlResponse,
    GetHealthPostgresResponse, GetHealthRabbitmqResponse, GetHealthReadyResponse, GetHealthRedisResponse,
    GetHealthResponse, GetHealthVaultResponse,
};
use crate::state::AppState;

/// Say that the process answers, without the slash.
pub(crate) async fn get_health_bare() -> GetHealthBareResponse {
    GetHealthBareResponse::Ok(HealthResponse::ok())
}

/// Say that the process answers.
pub(crate) async fn get_health() -> GetHealthResponse {
    GetHealthResponse::Ok(HealthResponse::ok())
}

/// Say whether every backend is healthy, by the status.
pub(crate) async fn get_health_ready(state: Data<AppState>) -> GetHealthReadyResponse {
    let health = state.services.health.ready().await;
    let body = AllHealth::from(&*health);
    if health.status() == HealthStatus::Healthy {
        GetHealthReadyResponse::Ok(body)
    } else {
        GetHealthReadyResponse::ServiceUnavailable { body, retry_after: limits::READY_CACHE.as_secs() }
    }
}

/// Say how Vault is.
pub(crate) async fn get_health_vault(state: Data<AppState>) -> GetHealthVaultResponse {
    GetHealthVaultResponse::Ok((&state.services.health.vault().await).into())
}

/// Say how PostgreSQL is.
pub(crate) async fn get_health_postgres(state: Data<AppState>) -> GetHealthPostgresResponse {
    GetHealthPostgresResponse::Ok((&state.services.health.postgres().await).into())
}

/// Say how MySQL is.
pub(crate) async fn get_health_mysql(state: Data<AppState>) -> GetHealthMysqlResponse {
    GetHealthMysqlResponse::Ok((&state.services.health.mysql().await).into())
}

/// Say how MongoDB is.
pub(crate) async fn get_health_mongodb(state: Data<AppState>) -> GetHealthMongodbResponse {
    GetHealthMongodbResponse::Ok((&state.services.health.mongodb().await).into())
}

/// Say how the Redis Cluster is.
pub(crate) async fn get_health_redis(state: Data<AppState>) -> GetHealthRedisResponse {
    GetHealthRedisResponse::Ok((&state.services.health.redis().await).into())
}

/// Say how RabbitMQ is.
pub(crate) async fn get_health_rabbitmq(state: Data<AppState>) -> GetHealthRabbitmqResponse {
    GetHealthRabbitmqResponse::Ok((&state.services.health.rabbitmq().await).into())
}

/// Say how all backends are.
pub(crate) async fn get_health_all(state: Data<AppState>) -> GetHealthAllResponse {
    GetHealthAllResponse::Ok((&*state.services.health.all().await).into())
}
