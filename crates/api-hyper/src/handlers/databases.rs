//! One query on each database.

use wire_spec::types::{MongodbQueryResponse, MysqlQueryResponse, PostgresQueryResponse};

use crate::errors::{Answer, ApiResult};
use crate::state::AppState;

/// Ask PostgreSQL for its clock.
pub(crate) async fn query_postgres(state: &AppState, (): ()) -> ApiResult<Answer> {
    Answer::json(&PostgresQueryResponse::new(state.services().databases.postgres_time().await?))
}

/// Ask MySQL for its clock.
pub(crate) async fn query_mysql(state: &AppState, (): ()) -> ApiResult<Answer> {
    Answer::json(&MysqlQueryResponse::new(state.services().databases.mysql_time().await?))
}

/// List the collections of MongoDB.
pub(crate) async fn query_mongodb(state: &AppState, (): ()) -> ApiResult<Answer> {
    Answer::json(&MongodbQueryResponse::new(state.services().databases.mongodb_collections().await?))
}
