//! One query on each database.

use axum::extract::State;
use service::DatabaseService;
use wire_spec::types::{MongodbQueryResponse, MysqlQueryResponse, PostgresQueryResponse};

use crate::errors::Answer;
use crate::generated::responses::{QueryMongodbResponse, QueryMysqlResponse, QueryPostgresResponse};

/// Asks PostgreSQL for its clock.
pub(crate) async fn query_postgres(
    State(databases): State<DatabaseService>,
) -> Answer<QueryPostgresResponse> {
    let time = databases.postgres_time().await?;
    Ok(QueryPostgresResponse::Ok(PostgresQueryResponse::new(time)))
}

/// Asks MySQL for its clock.
pub(crate) async fn query_mysql(State(databases): State<DatabaseService>) -> Answer<QueryMysqlResponse> {
    let time = databases.mysql_time().await?;
    Ok(QueryMysqlResponse::Ok(MysqlQueryResponse::new(time)))
}

/// Lists the collections of MongoDB.
pub(crate) async fn query_mongodb(State(databases): State<DatabaseService>) -> Answer<QueryMongodbResponse> {
    let collections = databases.mongodb_collections().await?;
    Ok(QueryMongodbResponse::Ok(MongodbQueryResponse::new(collections)))
}
