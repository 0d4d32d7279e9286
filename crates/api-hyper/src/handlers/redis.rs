//! The Redis Cluster as it sees itself.

use contract::RedisNode;
use wire_spec::types::{RedisInfo, RedisNodeInfo, RedisNodes, RedisSlots};

use crate::errors::{Answer, ApiResult};
use crate::extract::NodeNameInput;
use crate::state::AppState;

/// List the nodes of the Redis Cluster.
pub(crate) async fn get_redis_nodes(state: &AppState, (): ()) -> ApiResult<Answer> {
    Answer::json(&RedisNodes::from(state.services().redis_cluster.nodes().await?))
}

/// Say which node holds which slots.
pub(crate) async fn get_redis_slots(state: &AppState, (): ()) -> ApiResult<Answer> {
    Answer::json(&RedisSlots::from(state.services().redis_cluster.slots().await?))
}

/// Give the state of the Redis Cluster.
pub(crate) async fn get_redis_info(state: &AppState, (): ()) -> ApiResult<Answer> {
    Answer::json(&RedisInfo::from(state.services().redis_cluster.info().await?))
}

/// Give the INFO of one Redis node.
pub(crate) async fn get_redis_node_info(
    state: &AppState,
    NodeNameInput { node_name }: NodeNameInput,
) -> ApiResult<Answer> {
    let node = RedisNode::named(&node_name)?;
    Answer::json(&RedisNodeInfo::new(node, state.services().redis_cluster.node_info(node).await?))
}
