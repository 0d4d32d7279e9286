//! One query on each database.

use axum::Json;
use axum::extract::State;
use service::DatabaseService;
use wire_code::{DatabaseUnavailable, MongodbQueryResponse, MysqlQueryResponse, PostgresQueryResponse};

use crate::errors::ApiResult;

/// Ask PostgreSQL for its clock.
#[utoipa::path(
    get, path = "/examples/database/postgres/query", tag = "databases", operation_id = "query_postgres",
    responses(
        (status = 200, description = "What PostgreSQL answered.", body = PostgresQueryResponse),
        DatabaseUnavailable,
    )
)]
pub(crate) async fn query_postgres(
    State(databases): State<DatabaseService>,
) -> ApiResult<Json<PostgresQueryResponse>> {
    Ok(Json(PostgresQueryResponse::new(databases.postgres_time().await?)))
}

/// Ask MySQL for its clock.
#[utoipa::path(
    get, path = "/examples/database/mysql/query", tag = "databases", operation_id = "query_mysql",
    responses(
        (status = 200, description = "What MySQL answered.", body = MysqlQueryResponse),
        DatabaseUnavailable,
    )
)]
pub(crate) async fn query_mysql(
    State(databases): State<DatabaseService>,
) -> ApiResult<Json<MysqlQueryResponse>> {
    Ok(Json(MysqlQueryResponse::new(databases.mysql_time().await?)))
}

/// List the collections of MongoDB.
#[utoipa::path(
    get, path = "/examples/database/mongodb/query", tag = "databases", operation_id = "query_mongodb",
    responses(
        (status = 200, description = "What MongoDB answered.", body = MongodbQueryResponse),
        DatabaseUnavailable,
    )
)]
pub(crate) async fn query_mongodb(
    State(databases): State<DatabaseService>,
) -> ApiResult<Json<MongodbQueryResponse>> {
    Ok(Json(MongodbQueryResponse::new(databases.mongodb_collections().await?)))
}
