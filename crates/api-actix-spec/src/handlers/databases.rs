//! One query on each database.

use actix_web::web::Data;
use wire_spec::types::{MongodbQueryResponse, MysqlQueryResponse, PostgresQueryResponse};

use crate::errors::failed;
use crate::generated::responses::{QueryMongodbResponse, QueryMysqlResponse, QueryPostgresResponse};
use crate::state::AppState;

/// Ask PostgreSQL for its clock.
pub(crate) async fn query_postgres(state: Data<AppState>) -> QueryPostgresResponse {
    match state.services.databases.postgres_time().await {
        Ok(time) => QueryPostgresResponse::Ok(PostgresQueryResponse::new(time)),
        Err(error) => failed(error),
    }
}

/// Ask MySQL for its clock.
pub(crate) async fn query_mysql(state: Data<AppState>) -> QueryMysqlResponse {
    match state.services.databases.mysql_time().await {
        Ok(time) => QueryMysqlResponse::Ok(MysqlQueryResponse::new(time)),
        Err(error) => failed(error),
    }
}

/// List the collections of MongoDB.
pub(crate) async fn query_mongodb(state: Data<AppState>) -> QueryMongodbResponse {
    match state.services.databases.mongodb_collections().await {
        Ok(collections) => QueryMongodbResponse::Ok(MongodbQueryResponse::new(collections)),
        Err(error) => failed(error),
    }
}
