//! The Redis Cluster as it sees itself.

use actix_web::route;
use actix_web::web::{Data, Json};
use wire_code::{CacheUnavailable, RedisInfo, RedisNodeErrors, RedisNodeInfo, RedisNodes, RedisSlots};

use crate::errors::ApiResult;
use crate::extract::RedisNodePath;
use crate::state::AppState;

/// List the nodes of the Redis Cluster.
#[utoipa::path(
    get, path = "/redis/cluster/nodes", tag = "redis", operation_id = "get_redis_nodes",
    responses((status = 200, description = "The nodes.", body = RedisNodes), CacheUnavailable)
)]
#[route("/redis/cluster/nodes", method = "GET", method = "HEAD")]
pub(crate) async fn get_redis_nodes(state: Data<AppState>) -> ApiResult<Json<RedisNodes>> {
    Ok(Json(state.services.redis_cluster.nodes().await?.into()))
}

/// Say which node holds which slots.
#[utoipa::path(
    get, path = "/redis/cluster/slots", tag = "redis", operation_id = "get_redis_slots",
    responses((status = 200, description = "The slots.", body = RedisSlots), CacheUnavailable)
)]
#[route("/redis/cluster/slots", method = "GET", method = "HEAD")]
pub(crate) async fn get_redis_slots(state: Data<AppState>) -> ApiResult<Json<RedisSlots>> {
    Ok(Json(state.services.redis_cluster.slots().await?.into()))
}

/// Give the state of the Redis Cluster.
#[utoipa::path(
    get, path = "/redis/cluster/info", tag = "redis", operation_id = "get_redis_info",
    responses((status = 200, description = "The state.", body = RedisInfo), CacheUnavailable)
)]
#[route("/redis/cluster/info", method = "GET", method = "HEAD")]
pub(crate) async fn get_redis_info(state: Data<AppState>) -> ApiResult<Json<RedisInfo>> {
    Ok(Json(state.services.redis_cluster.info().await?.into()))
}

/// Give the INFO of one Redis node.
#[utoipa::path(
    get, path = "/{node_name}/info", tag = "redis", operation_id = "get_redis_node_info",
    params(("node_name" = String, Path, description = "`redis-1`, `redis-2` or `redis-3`; any other name is 404.")),
    responses(
        (status = 200, description = "The INFO of the node.", body = RedisNodeInfo),
        RedisNodeErrors, CacheUnavailable,
    )
)]
#[route("/{node_name}/info", method = "GET", method = "HEAD")]
pub(crate) async fn get_redis_node_info(
    state: Data<AppState>,
    node: RedisNodePath,
) -> ApiResult<Json<RedisNodeInfo>> {
    let RedisNodePath(node) = node;
    Ok(Json(RedisNodeInfo::new(node, state.services.redis_cluster.node_info(node).await?)))
}
