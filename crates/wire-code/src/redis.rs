//! What the Redis Cluster says of itself.

use contract::RedisNode as NodeName;
use serde::Serialize;
use serde_json::{Map, Value};
use service::{ClusterNode, ClusterRole, SlotAssignment, SlotMap, SlotOwner};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

use crate::schema::{
    self, SUCCESS, constant_integer, count, integer, one_of_texts, schemas, success, text_like,
};

const NODE_ID: &str = "^[0-9a-f]{40}$";
const LAST_SLOT: u32 = SlotMap::MAX_SLOTS - 1;

schemas! {
    node_id => text_like(NODE_ID);
    nullable_node_id => ObjectBuilder::new()
        .schema_type(SchemaType::Array(vec![Type::String, Type::Null]))
        .pattern(Some(NODE_ID))
        .build();
    announced_port => integer(0, Some(65_535));
    role => one_of_texts(["master", "replica"]);
    link_state => one_of_texts(["connected", "disconnected"]);
    slot => integer(0, Some(LAST_SLOT));
    slots_of_node => integer(0, Some(SlotMap::MAX_SLOTS));
    slots_of_range => integer(1, Some(SlotMap::MAX_SLOTS));
    max_slots => constant_integer(SlotMap::MAX_SLOTS);
    percentage => ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0)).maximum(Some(100)).build();
    configured_node => one_of_texts(NodeName::ALL.map(NodeName::as_str));
}

fn texts() -> utoipa::openapi::schema::Array {
    utoipa::openapi::schema::Array::new(schema::text())
}

/// The nodes of the cluster, sorted by host and port.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedisNodes {
    #[schema(schema_with = success)]
    status: &'static str,
    #[schema(schema_with = count)]
    total_nodes: usize,
    nodes: Vec<RedisNode>,
}

/// One line of `CLUSTER NODES`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RedisNode {
    #[schema(schema_with = node_id)]
    node_id: String,
    host: String,
    #[schema(schema_with = announced_port)]
    port: u16,
    #[schema(schema_with = role)]
    role: &'static str,
    #[schema(schema_with = texts)]
    flags: Vec<String>,
    /// Null for a master.
    #[schema(schema_with = nullable_node_id, required)]
    master_id: Option<String>,
    /// Milliseconds since 1970, or 0 when no ping is under way.
    #[schema(schema_with = count)]
    ping_sent: u64,
    /// Milliseconds since 1970.
    #[schema(schema_with = count)]
    pong_recv: u64,
    #[schema(schema_with = count)]
    config_epoch: u64,
    #[schema(schema_with = link_state)]
    link_state: String,
    #[schema(schema_with = slots_of_node)]
    slots_count: u32,
    slot_ranges: Vec<RedisSlotRange>,
}

/// Slots that follow each other, both ends included.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RedisSlotRange {
    #[schema(schema_with = slot)]
    start: u16,
    #[schema(schema_with = slot)]
    end: u16,
}

impl From<Vec<ClusterNode>> for RedisNodes {
    fn from(nodes: Vec<ClusterNode>) -> Self {
        Self { status: SUCCESS, total_nodes: nodes.len(), nodes: nodes.into_iter().map(Into::into).collect() }
    }
}

impl From<ClusterNode> for RedisNode {
    fn from(node: ClusterNode) -> Self {
        let slots_count = node.slots_count();
        let slot_ranges = node
            .slot_ranges
            .iter()
            .map(|range| RedisSlotRange { start: range.start, end: range.end })
            .collect();
        Self {
            node_id: node.node_id,
            host: node.host,
            port: node.port,
            role: match node.role {
                ClusterRole::Master => "master",
                ClusterRole::Replica => "replica",
            },
            flags: node.flags,
            master_id: node.master_id,
            ping_sent: node.ping_sent,
            pong_recv: node.pong_recv,
            config_epoch: node.config_epoch,
            link_state: node.link_state,
            slots_count,
            slot_ranges,
        }
    }
}

/// Who holds which slots, sorted by the first slot.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedisSlots {
    #[schema(schema_with = success)]
    status: &'static str,
    /// Slots that a node holds.
    #[schema(schema_with = slots_of_node)]
    total_slots: u32,
    #[schema(schema_with = max_slots)]
    max_slots: u32,
    /// With at most two decimals.
    #[schema(schema_with = percentage)]
    coverage_percentage: f64,
    slot_distribution: Vec<RedisSlotDistribution>,
}

/// Slots that follow each other, and who holds them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RedisSlotDistribution {
    #[schema(schema_with = slot)]
    start_slot: u16,
    #[schema(schema_with = slot)]
    end_slot: u16,
    #[schema(schema_with = slots_of_range)]
    slots_count: u32,
    master: RedisSlotHolder,
    replicas: Vec<RedisSlotHolder>,
}

/// A node that holds slots.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RedisSlotHolder {
    host: String,
    #[schema(schema_with = announced_port)]
    port: u16,
    #[schema(schema_with = node_id)]
    node_id: String,
}

impl From<SlotMap> for RedisSlots {
    fn from(map: SlotMap) -> Self {
        Self {
            status: SUCCESS,
            total_slots: map.assigned,
            max_slots: SlotMap::MAX_SLOTS,
            coverage_percentage: map.coverage_percentage(),
            slot_distribution: map.assignments.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<SlotAssignment> for RedisSlotDistribution {
    fn from(assignment: SlotAssignment) -> Self {
        Self {
            start_slot: assignment.range.start,
            end_slot: assignment.range.end,
            slots_count: assignment.range.len(),
            master: assignment.master.into(),
            replicas: assignment.replicas.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<SlotOwner> for RedisSlotHolder {
    fn from(owner: SlotOwner) -> Self {
        let SlotOwner { host, port, node_id } = owner;
        Self { host, port, node_id }
    }
}

/// A number when the text is `-?(0|[1-9][0-9]*)(\.[0-9]+)?` and fits, else the text.
#[derive(Debug)]
struct RedisInfoValue;

impl utoipa::PartialSchema for RedisInfoValue {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        ObjectBuilder::new().schema_type(SchemaType::Array(vec![Type::String, Type::Number])).into()
    }
}

impl ToSchema for RedisInfoValue {}

/// The lines of `CLUSTER INFO`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedisInfo {
    #[schema(schema_with = success)]
    status: &'static str,
    /// Name and value of each line, in the order sent.
    #[schema(value_type = std::collections::BTreeMap<String, RedisInfoValue>)]
    cluster_info: Map<String, Value>,
}

impl From<Map<String, Value>> for RedisInfo {
    fn from(cluster_info: Map<String, Value>) -> Self {
        Self { status: SUCCESS, cluster_info }
    }
}

/// The lines of `INFO` of one node.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedisNodeInfo {
    #[schema(schema_with = success)]
    status: &'static str,
    #[schema(schema_with = configured_node)]
    node: &'static str,
    /// Name and value of each line, in the order sent.
    #[schema(value_type = std::collections::BTreeMap<String, RedisInfoValue>)]
    info: Map<String, Value>,
}

impl RedisNodeInfo {
    /// What `node` said of itself.
    pub const fn new(node: NodeName, info: Map<String, Value>) -> Self {
        Self { status: SUCCESS, node: node.as_str(), info }
    }
}
