//! The Redis Cluster: cache entries, and what the cluster says of itself.

use contract::{Backend, CacheKey, CacheTtl, CacheValue, RedisNode};

use crate::breaker::BreakerState;
use crate::config::RedisConfig;
use crate::context::Context;
use crate::{Error, ErrorKind, ProbeFailure};

/// The Redis Cluster. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Redis {}

/// A cache entry that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// Its text.
    pub value: String,
    /// How long it will live, in whole seconds; `None` when it does not expire.
    pub ttl: Option<u64>,
}

/// A line of `CLUSTER NODES`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterNode {
    /// 40 hexadecimal digits.
    pub node_id: String,
    /// As announced, not as configured.
    pub host: String,
    /// As announced, not as configured.
    pub port: u16,
    /// Master or replica.
    pub role: ClusterRole,
    /// As sent, without `myself`, which depends on who was asked.
    pub flags: Vec<String>,
    /// The master that a replica follows.
    pub master_id: Option<String>,
    /// Unix time in milliseconds of the ping that is not yet answered; 0 without one.
    pub ping_sent: u64,
    /// Unix time in milliseconds of the last pong.
    pub pong_recv: u64,
    /// The configuration epoch.
    pub config_epoch: u64,
    /// `connected` or `disconnected`.
    pub link_state: String,
    /// The slots that it serves, sorted; slots on the way elsewhere are left out.
    pub slot_ranges: Vec<SlotRange>,
}

impl ClusterNode {
    /// How many slots it serves.
    pub fn slots_count(&self) -> u32 {
        self.slot_ranges.iter().map(|range| range.len()).sum()
    }
}

/// What a node of the cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterRole {
    /// It may serve slots.
    Master,
    /// It follows a master.
    Replica,
}

/// Slots from `start` to `end`, both included; 0 to 16383.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SlotRange {
    /// The first slot.
    pub start: u16,
    /// The last slot, not below the first.
    pub end: u16,
}

impl SlotRange {
    /// How many slots there are, at least one.
    #[expect(clippy::len_without_is_empty, reason = "a range of slots is never empty")]
    pub fn len(&self) -> u32 {
        u32::from(self.end) + 1 - u32::from(self.start)
    }
}

/// An entry of `CLUSTER SLOTS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotAssignment {
    /// Which slots.
    pub range: SlotRange,
    /// Who serves them.
    pub master: SlotOwner,
    /// Who follows that master.
    pub replicas: Vec<SlotOwner>,
}

/// A node as `CLUSTER SLOTS` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotOwner {
    /// As announced.
    pub host: String,
    /// As announced.
    pub port: u16,
    /// 40 hexadecimal digits.
    pub node_id: String,
}

/// What a health probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisProbe {
    /// Whether the first node that answered runs in cluster mode; `None` when none answered.
    pub cluster_enabled: Option<bool>,
    /// `ok` or `fail`, as the first node that answered says; `None` when none answered.
    pub cluster_state: Option<String>,
    /// Each node, in the configured order.
    pub nodes: Vec<NodeProbe>,
}

/// What a health probe of one node found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeProbe {
    /// As configured.
    pub host: String,
    /// As configured.
    pub port: u16,
    /// What the node says of itself, or why it does not.
    pub outcome: Result<NodeDetails, ProbeFailure>,
}

/// What a node says of itself in `INFO`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeDetails {
    /// `redis_version`.
    pub version: String,
    /// `role`: `master` or `slave`, as sent.
    pub role: String,
    /// `connected_clients`.
    pub connected_clients: u64,
    /// `used_memory_human`, such as `1.05M`.
    pub used_memory_human: String,
}

#[expect(clippy::unused_async, reason = "the shape of the finished module, which is being written")]
impl Redis {
    pub(crate) fn start(_config: RedisConfig, _context: &Context) -> Self {
        Self {}
    }

    /// Read an entry, value and time to live in one round trip; `None` when there is none.
    ///
    /// # Errors
    /// [`ErrorKind::NotText`] when the entry is no UTF-8 text; any other but those of Vault.
    pub async fn get(&self, _key: &CacheKey) -> Result<Option<CacheEntry>, Error> {
        Err(Error::new(Backend::Redis, ErrorKind::Failed))
    }

    /// Write an entry, in place of any that was there, with its time to live.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn set(
        &self,
        _key: &CacheKey,
        _value: &CacheValue,
        _ttl: Option<CacheTtl>,
    ) -> Result<(), Error> {
        Err(Error::new(Backend::Redis, ErrorKind::Failed))
    }

    /// Delete an entry; `false` when there was none.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn delete(&self, _key: &CacheKey) -> Result<bool, Error> {
        Err(Error::new(Backend::Redis, ErrorKind::Failed))
    }

    /// The nodes of the cluster, sorted by host and port.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn cluster_nodes(&self) -> Result<Vec<ClusterNode>, Error> {
        Err(Error::new(Backend::Redis, ErrorKind::Failed))
    }

    /// Who serves which slots, sorted by the first slot.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn cluster_slots(&self) -> Result<Vec<SlotAssignment>, Error> {
        Err(Error::new(Backend::Redis, ErrorKind::Failed))
    }

    /// The lines of `CLUSTER INFO`, as sent.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn cluster_info(&self) -> Result<Vec<(String, String)>, Error> {
        Err(Error::new(Backend::Redis, ErrorKind::Failed))
    }

    /// The lines of `INFO` of one node, as sent.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn node_info(&self, _node: RedisNode) -> Result<Vec<(String, String)>, Error> {
        Err(Error::new(Backend::Redis, ErrorKind::Failed))
    }

    /// Ask every node how it is, all at once. Goes round the breaker and does not move it.
    pub async fn probe(&self) -> RedisProbe {
        RedisProbe { cluster_enabled: None, cluster_state: None, nodes: Vec::new() }
    }

    pub(crate) async fn close(&self) {}

    /// What its breaker does with the next call.
    pub fn breaker(&self) -> BreakerState {
        BreakerState::Closed
    }
}
