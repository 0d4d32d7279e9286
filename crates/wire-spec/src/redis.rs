//! What the Redis Cluster says of itself.

use contract::RedisNode as NodeName;
use serde_json::{Map, Value};
use service::{ClusterNode, ClusterRole, SlotAssignment, SlotMap, SlotOwner};

use crate::types::{
    RedisInfo, RedisInfoStatus, RedisNode, RedisNodeInfo, RedisNodeInfoNode, RedisNodeInfoStatus,
    RedisNodeLinkState, RedisNodes, RedisNodesStatus, RedisRole, RedisSlotDistribution, RedisSlotHolder,
    RedisSlotRange, RedisSlots, RedisSlotsStatus,
};
use crate::{Constant, count};

impl From<Vec<ClusterNode>> for RedisNodes {
    fn from(nodes: Vec<ClusterNode>) -> Self {
        Self {
            status: RedisNodesStatus::default(),
            total_nodes: count(nodes.len()),
            nodes: nodes.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<ClusterNode> for RedisNode {
    fn from(node: ClusterNode) -> Self {
        let slots_count = node.slots_count().into();
        let slot_ranges = node.slot_ranges.iter();
        let slot_ranges = slot_ranges
            .map(|range| RedisSlotRange { start: range.start.into(), end: range.end.into() })
            .collect();
        Self {
            node_id: node.node_id.into(),
            host: node.host.into(),
            port: node.port.into(),
            role: match node.role {
                ClusterRole::Master => RedisRole::Master,
                ClusterRole::Replica => RedisRole::Replica,
            },
            flags: node.flags.into_iter().map(Into::into).collect(),
            master_id: node.master_id.map(Into::into),
            ping_sent: node.ping_sent,
            pong_recv: node.pong_recv,
            config_epoch: node.config_epoch,
            link_state: if node.link_state == "connected" {
                RedisNodeLinkState::Connected
            } else {
                RedisNodeLinkState::Disconnected
            },
            slots_count,
            slot_ranges,
        }
    }
}

impl From<SlotMap> for RedisSlots {
    fn from(map: SlotMap) -> Self {
        Self {
            status: RedisSlotsStatus::default(),
            total_slots: map.assigned.into(),
            max_slots: Constant,
            coverage_percentage: map.coverage_percentage(),
            slot_distribution: map.assignments.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<SlotAssignment> for RedisSlotDistribution {
    fn from(assignment: SlotAssignment) -> Self {
        Self {
            start_slot: assignment.range.start.into(),
            end_slot: assignment.range.end.into(),
            slots_count: assignment.range.len().into(),
            master: assignment.master.into(),
            replicas: assignment.replicas.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<SlotOwner> for RedisSlotHolder {
    fn from(owner: SlotOwner) -> Self {
        let SlotOwner { host, port, node_id } = owner;
        Self { host: host.into(), port: port.into(), node_id: node_id.into() }
    }
}

impl From<Map<String, Value>> for RedisInfo {
    fn from(cluster_info: Map<String, Value>) -> Self {
        Self { status: RedisInfoStatus::default(), cluster_info }
    }
}

impl RedisNodeInfo {
    /// What `node` said of itself.
    pub fn new(node: NodeName, info: Map<String, Value>) -> Self {
        let node = match node {
            NodeName::One => RedisNodeInfoNode::Redis1,
            NodeName::Two => RedisNodeInfoNode::Redis2,
            NodeName::Three => RedisNodeInfoNode::Redis3,
        };
        Self { status: RedisNodeInfoStatus::default(), node, info }
    }
}
