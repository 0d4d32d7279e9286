//! The Redis Cluster as it sees itself.

use actix_web::web::Data;
use contract::RedisNode;
use wire_spec::inputs::GetRedisNodeInfo;
use wire_spec::types::RedisNodeInfo;

use crate::errors::{failed, not_found};
use crate::extract::Input;
use crate::generated::responses::{
    GetRedisInfoResponse, GetRedisNodeInfoResponse, GetRedisNodesResponse, GetRedisSlotsResponse,
};
use crate::state::AppState;

/// List the nodes of the Redis Cluster.
pub(crate) async fn get_redis_nodes(state: Data<AppState>) -> GetRedisNodesResponse {
    match state.services.redis_cluster.nodes().await {
        Ok(nodes) => GetRedisNodesResponse::Ok(nodes.into()),
        Err(error) => failed(error),
    }
}

/// Say which node holds which slots.
pub(crate) async fn get_redis_slots(state: Data<AppState>) -> GetRedisSlotsResponse {
    match state.services.redis_cluster.slots().await {
        Ok(slots) => GetRedisSlotsResponse::Ok(slots.into()),
        Err(error) => failed(error),
    }
}

/// Give the state of the Redis Cluster.
pub(crate) async fn get_redis_info(state: Data<AppState>) -> GetRedisInfoResponse {
    match state.services.redis_cluster.info().await {
        Ok(info) => GetRedisInfoResponse::Ok(info.into()),
        Err(error) => failed(error),
    }
}

/// Give the INFO of one Redis node.
pub(crate) async fn get_redis_node_info(
    state: Data<AppState>,
    Input(input): Input<GetRedisNodeInfo>,
) -> GetRedisNodeInfoResponse {
    let node = match RedisNode::named(&input.node_name) {
        Ok(node) => node,
        Err(problem) => return not_found(problem),
    };
    match state.services.redis_cluster.node_info(node).await {
        Ok(info) => GetRedisNodeInfoResponse::Ok(RedisNodeInfo::new(node, info)),
        Err(error) => failed(error),
    }
}
