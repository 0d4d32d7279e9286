//! One query on each database.

use actix_web::route;
use actix_web::web::{Data, Json};
use wire_code::{DatabaseUnavailable, MongodbQueryResponse, MysqlQueryResponse, PostgresQueryResponse};

use crate::errors::ApiResult;
use crate::state::AppState;

/// Ask PostgreSQL for its clock.
#[utoipa::path(
    get, path = "/examples/database/postgres/query", tag = "databases", operation_id = "query_postgres",
    responses(
        (status = 200, description = "What PostgreSQL answered.", body = PostgresQueryResponse),
        DatabaseUnavailable,
    )
)]
#[route("/examples/database/postgres/query", method = "GET", method = "HEAD")]
pub(crate) async fn query_postgres(state: Data<AppState>) -> ApiResult<Json<PostgresQueryResponse>> {
    Ok(Json(PostgresQueryResponse::new(state.services.databases.postgres_time().await?)))
}

/// Ask MySQL for its clock.
#[utoipa::path(
    get, path = "/examples/database/mysql/query", tag = "databases", operation_id = "query_mysql",
    responses(
        (status = 200, description = "What MySQL answered.", body = MysqlQueryResponse),
        DatabaseUnavailable,
    )
)]
#[route("/examples/database/mysql/query", method = "GET", method = "HEAD")]
pub(crate) async fn query_mysql(state: Data<AppState>) -> ApiResult<Json<MysqlQueryResponse>> {
    Ok(Json(MysqlQueryResponse::new(state.services.databases.mysql_time().await?)))
}

/// List the collections of MongoDB.
#[utoipa::path(
    get, path = "/examples/database/mongodb/query", tag = "databases", operation_id = "query_mongodb",
    responses(
        (status = 200, description = "What MongoDB answered.", body = MongodbQueryResponse),
        DatabaseUnavailable,
    )
)]
#[route("/examples/database/mongodb/query", method = "GET", method = "HEAD")]
pub(crate) async fn query_mongodb(state: Data<AppState>) -> ApiResult<Json<MongodbQueryResponse>> {
    Ok(Json(MongodbQueryResponse::new(state.services.databases.mongodb_collections().await?)))
}
