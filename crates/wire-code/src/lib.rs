//! Response types written by hand, for the code-first servers.
//!
//! Each type says both what is sent (`Serialize`, members in the order of the contract) and how the document
//! describes it (`ToSchema`). A conversion from the domain type of `service` stands beside each.
//!
//! Deliberately absent: parsing of input (that is `contract`'s), anything of HTTP.

mod cache;
mod databases;
mod document;
mod examples;
mod health;
mod messaging;
mod problem;
mod redis;
mod root;
mod schema;
mod secrets;

pub use cache::{CacheDelete, CacheEntry, CacheSet};
pub use databases::{MongodbQueryResponse, MysqlQueryResponse, PostgresQueryResponse};
pub use document::{HtmlPage, MetricsText, OpenapiDocument, complete};
pub use health::{AllHealth, DatabaseHealth, HealthResponse, RabbitmqHealth, RedisHealth, VaultHealth};
pub use messaging::{MessageBody, PublishResponse, QueueInfo};
pub use problem::{
    CacheUnavailable, DatabaseUnavailable, ErrorEnvelope, InputErrors, PublishErrors, QueueUnavailable,
    RedisNodeErrors, SecretKeyNotFound, SecretNotFound, VaultUnavailable,
};
pub use redis::{RedisInfo, RedisNodeInfo, RedisNodes, RedisSlots};
pub use root::RootResponse;
pub use secrets::{SecretKeyResponse, SecretResponse};
