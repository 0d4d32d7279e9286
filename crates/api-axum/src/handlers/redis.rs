//! The Redis Cluster as it sees itself.

use axum::Json;
use axum::extract::State;
use service::RedisClusterService;
use wire_code::{CacheUnavailable, RedisInfo, RedisNodeErrors, RedisNodeInfo, RedisNodes, RedisSlots};

use crate::errors::ApiResult;
use crate::extract::RedisNodePath;

/// List the nodes of the Redis Cluster.
#[utoipa::path(
    get, path = "/redis/cluster/nodes", tag = "redis", operation_id = "get_redis_nodes",
    responses((status = 200, description = "The nodes.", body = RedisNodes), CacheUnavailable)
)]
pub(crate) async fn get_redis_nodes(
    State(redis_cluster): State<RedisClusterService>,
) -> ApiResult<Json<RedisNodes>> {
    Ok(Json(redis_cluster.nodes().await?.into()))
}

/// Say which node holds which slots.
#[utoipa::path(
    get, path = "/redis/cluster/slots", tag = "redis", operation_id = "get_redis_slots",
    responses((status = 200, description = "The slots.", body = RedisSlots), CacheUnavailable)
)]
pub(crate) async fn get_redis_slots(
    State(redis_cluster): State<RedisClusterService>,
) -> ApiResult<Json<RedisSlots>> {
    Ok(Json(redis_cluster.slots().await?.into()))
}

/// Give the state of the Redis Cluster.
#[utoipa::path(
    get, path = "/redis/cluster/info", tag = "redis", operation_id = "get_redis_info",
    responses((status = 200, description = "The state.", body = RedisInfo), CacheUnavailable)
)]
pub(crate) async fn get_redis_info(
    State(redis_cluster): State<RedisClusterService>,
) -> ApiResult<Json<RedisInfo>> {
    Ok(Json(redis_cluster.info().await?.into()))
}

/// Give the INFO of one Redis node.
#[utoipa::path(
    get, path = "/redis/nodes/{node_name}/info", tag = "redis", operation_id = "get_redis_node_info",
    params(("node_name" = String, Path, description = "`redis-1`, `redis-2` or `redis-3`; any other name is 404.")),
    responses(
        (status = 200, description = "The INFO of the node.", body = RedisNodeInfo),
        RedisNodeErrors, CacheUnavailable,
    )
)]
pub(crate) async fn get_redis_node_info(
    State(redis_cluster): State<RedisClusterService>,
    RedisNodePath(node): RedisNodePath,
) -> ApiResult<Json<RedisNodeInfo>> {
    Ok(Json(RedisNodeInfo::new(node, redis_cluster.node_info(node).await?)))
}
