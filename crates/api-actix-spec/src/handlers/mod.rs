//! The handlers, a file for each resource: extract, call, convert.
//!
//! The generated routes ask for each by the id of its operation alone.

mod cache;
mod databases;
pub(crate) mod documentation;
mod health;
mod messaging;
mod metrics;
mod redis;
mod root;
mod secrets;

pub(crate) use cache::{delete_cache, get_cache, set_cache};
pub(crate) use databases::{query_mongodb, query_mysql, query_postgres};
pub(crate) use documentation::{get_docs, get_openapi_json, get_openapi_yaml, get_redoc};
pub(crate) use health::{
    get_health, get_health_all, get_health_bare, get_health_mongodb, get_health_mysql, get_health_postgres,
    get_health_rabbitmq, get_health_ready, get_health_redis, get_health_vault,
};
pub(crate) use messaging::{get_queue_info, publish_message};
pub(crate) use metrics::get_metrics;
pub(crate) use redis::{get_redis_info, get_redis_node_info, get_redis_nodes, get_redis_slots};
pub(crate) use root::get_root;
pub(crate) use secrets::{get_secret, get_secret_key};
