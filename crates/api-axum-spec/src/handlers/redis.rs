//! The Redis Cluster as it sees itself.

use axum::extract::State;
use contract::RedisNode;
use service::RedisClusterService;
use wire_spec::inputs::GetRedisNodeInfo;
use wire_spec::types::RedisNodeInfo;

use crate::errors::{Answer, not_found};
use crate::extract::Input;
use crate::generated::responses::{
    GetRedisInfoResponse, GetRedisNodeInfoResponse, GetRedisNodesResponse, GetRedisSlotsResponse,
};

/// Lists the nodes of the Redis Cluster.
pub(crate) async fn get_redis_nodes(
    State(redis_cluster): State<RedisClusterService>,
) -> Answer<GetRedisNodesResponse> {
    Ok(GetRedisNodesResponse::Ok(redis_cluster.nodes().await?.into()))
}

/// Says which node holds which slots.
pub(crate) async fn get_redis_slots(
    State(redis_cluster): State<RedisClusterService>,
) -> Answer<GetRedisSlotsResponse> {
    Ok(GetRedisSlotsResponse::Ok(redis_cluster.slots().await?.into()))
}

/// Gives the state of the Redis Cluster.
pub(crate) async fn get_redis_info(
    State(redis_cluster): State<RedisClusterService>,
) -> Answer<GetRedisInfoResponse> {
    Ok(GetRedisInfoResponse::Ok(redis_cluster.info().await?.into()))
}

/// Gives the INFO of one Redis node.
pub(crate) async fn get_redis_node_info(
    State(redis_cluster): State<RedisClusterService>,
    Input(input): Input<GetRedisNodeInfo>,
) -> Answer<GetRedisNodeInfoResponse> {
    let node = RedisNode::named(&input.node_name).map_err(not_found)?;
    let info = redis_cluster.node_info(node).await?;
    Ok(GetRedisNodeInfoResponse::Ok(RedisNodeInfo::new(node, info)))
}
