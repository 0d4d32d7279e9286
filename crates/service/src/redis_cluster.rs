//! What the Redis Cluster says of itself.

use contract::RedisNode;
use integrations::{ClusterNode, Redis, SlotAssignment};
use serde_json::{Map, Value};

use crate::Error;

/// Asks the cluster and its nodes how they are made up.
#[derive(Debug, Clone)]
pub struct RedisClusterService {
    redis: Redis,
}

/// Who serves which slots.
#[derive(Debug, Clone, PartialEq)]
pub struct SlotMap {
    /// Sorted by the first slot.
    pub assignments: Vec<SlotAssignment>,
    /// How many slots somebody serves; 0 to [`SlotMap::MAX_SLOTS`].
    pub assigned: u32,
}

impl SlotMap {
    /// How many slots a Redis Cluster has.
    pub const MAX_SLOTS: u32 = 16_384;

    /// How many per cent of all slots somebody serves, rounded to two decimals.
    pub fn coverage_percentage(&self) -> f64 {
        (f64::from(self.assigned) * 10_000.0 / f64::from(Self::MAX_SLOTS)).round() / 100.0
    }
}

impl RedisClusterService {
    pub(crate) fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Lists the nodes, sorted by host and port.
    ///
    /// # Errors
    /// [`Error::Backend`].
    pub async fn nodes(&self) -> Result<Vec<ClusterNode>, Error> {
        Ok(self.redis.cluster_nodes().await?)
    }

    /// Says who serves which slots.
    ///
    /// # Errors
    /// [`Error::Backend`].
    pub async fn slots(&self) -> Result<SlotMap, Error> {
        let assignments = self.redis.cluster_slots().await?;
        let assigned = assignments.iter().map(|assignment| assignment.range.len()).sum();
        Ok(SlotMap { assignments, assigned })
    }

    /// Gives the lines of `CLUSTER INFO`, as sent; numbers as numbers.
    ///
    /// # Errors
    /// [`Error::Backend`].
    pub async fn info(&self) -> Result<Map<String, Value>, Error> {
        Ok(lines_to_json(self.redis.cluster_info().await?))
    }

    /// Gives the lines of one node's `INFO`, as sent; numbers as numbers.
    ///
    /// # Errors
    /// [`Error::Backend`].
    pub async fn node_info(&self, node: RedisNode) -> Result<Map<String, Value>, Error> {
        Ok(lines_to_json(self.redis.node_info(node).await?))
    }
}

fn lines_to_json(lines: Vec<(String, String)>) -> Map<String, Value> {
    lines.into_iter().map(|(name, text)| (name, contract::redis::text_to_json(&text))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_has_two_decimals() {
        for (assigned, percentage) in [(16_384, 100.0), (0, 0.0), (5461, 33.33), (10_923, 66.67), (1, 0.01)] {
            let map = SlotMap { assignments: Vec::new(), assigned };
            assert!((map.coverage_percentage() - percentage).abs() < f64::EPSILON, "{assigned}");
        }
    }
}
