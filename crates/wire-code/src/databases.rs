//! The databases' answers.

use chrono::{DateTime, SecondsFormat, Utc};
use contract::texts;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use crate::schema::{constant_text, count, schemas};

schemas! {
    postgres => constant_text("PostgreSQL");
    postgres_query => constant_text(texts::POSTGRES_QUERY);
    mysql => constant_text("MySQL");
    mysql_query => constant_text(texts::MYSQL_QUERY);
    mongodb => constant_text("MongoDB");
}

/// A time in UTC, RFC 3339, with six decimals.
#[derive(Debug)]
struct DatabaseTime(DateTime<Utc>);

impl Serialize for DatabaseTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl utoipa::PartialSchema for DatabaseTime {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .pattern(Some(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$"))
            .into()
    }
}

impl ToSchema for DatabaseTime {}

/// The answer of PostgreSQL.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostgresQueryResponse {
    #[schema(schema_with = postgres)]
    database: &'static str,
    #[schema(schema_with = postgres_query)]
    query: &'static str,
    result: DatabaseTime,
}

impl PostgresQueryResponse {
    /// What PostgreSQL's clock said.
    pub const fn new(time: DateTime<Utc>) -> Self {
        Self { database: "PostgreSQL", query: texts::POSTGRES_QUERY, result: DatabaseTime(time) }
    }
}

/// The answer of MySQL.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MysqlQueryResponse {
    #[schema(schema_with = mysql)]
    database: &'static str,
    #[schema(schema_with = mysql_query)]
    query: &'static str,
    result: DatabaseTime,
}

impl MysqlQueryResponse {
    /// What MySQL's clock said.
    pub const fn new(time: DateTime<Utc>) -> Self {
        Self { database: "MySQL", query: texts::MYSQL_QUERY, result: DatabaseTime(time) }
    }
}

/// The answer of MongoDB.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MongodbQueryResponse {
    #[schema(schema_with = mongodb)]
    database: &'static str,
    /// Names, sorted.
    #[schema(schema_with = names)]
    collections: Vec<String>,
    /// Number of collections.
    #[schema(schema_with = count)]
    count: usize,
}

fn names() -> utoipa::openapi::schema::Array {
    utoipa::openapi::schema::Array::new(crate::schema::text())
}

impl MongodbQueryResponse {
    /// The collections of those names.
    pub const fn new(collections: Vec<String>) -> Self {
        let count = collections.len();
        Self { database: "MongoDB", collections, count }
    }
}
