//! What the databases answered.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::count;
use crate::types::{
    DatabaseTime, MongodbQueryResponse, MongodbQueryResponseDatabase, MysqlQueryResponse,
    MysqlQueryResponseDatabase, MysqlQueryResponseQuery, PostgresQueryResponse,
    PostgresQueryResponseDatabase, PostgresQueryResponseQuery,
};

fn written(time: DateTime<Utc>) -> DatabaseTime {
    time.to_rfc3339_opts(SecondsFormat::Micros, true).into()
}

impl PostgresQueryResponse {
    /// What PostgreSQL's clock said.
    pub fn new(time: DateTime<Utc>) -> Self {
        Self {
            database: PostgresQueryResponseDatabase::default(),
            query: PostgresQueryResponseQuery::default(),
            result: written(time),
        }
    }
}

impl MysqlQueryResponse {
    /// What MySQL's clock said.
    pub fn new(time: DateTime<Utc>) -> Self {
        Self {
            database: MysqlQueryResponseDatabase::default(),
            query: MysqlQueryResponseQuery::default(),
            result: written(time),
        }
    }
}

impl MongodbQueryResponse {
    /// The collections of those names.
    pub fn new(collections: Vec<String>) -> Self {
        let count = count(collections.len());
        let collections = collections.into_iter().map(Into::into).collect();
        Self { database: MongodbQueryResponseDatabase::default(), collections, count }
    }
}
