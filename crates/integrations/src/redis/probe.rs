//! What the nodes say of themselves, for the health page.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::config::Address;
use crate::error::{Error, ErrorKind};
use crate::probe::ProbeFailure;

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

/// What the last probe of each node found, so that one that stays away is logged once and not at each probe.
#[derive(Debug, Default)]
pub(super) struct LastFound(Mutex<BTreeMap<Address, ErrorKind>>);

impl LastFound {
    /// Say when a node begins to fail, fails in another way, or answers again.
    pub(super) fn note(&self, node: &Address, failure: Option<&Error>) {
        let kind = failure.map(Error::kind);
        let before = {
            let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match kind {
                Some(kind) => last.insert(node.clone(), kind),
                None => last.remove(node),
            }
        };
        match failure {
            Some(error) if before != kind => {
                tracing::warn!(%node, cause = %error.chain(), "a node of the Redis Cluster fails its health probe");
            }
            None if before.is_some() => {
                tracing::info!(%node, "a node of the Redis Cluster answers its health probe again");
            }
            Some(_) | None => {}
        }
    }
}

/// What one node answered to `INFO` and `CLUSTER INFO`.
#[derive(Debug)]
pub(super) struct NodeReport {
    pub(super) details: NodeDetails,
    pub(super) cluster_enabled: bool,
    pub(super) cluster_state: Option<String>,
}

/// An answer to `INFO` that lacks something.
#[derive(Debug, thiserror::Error)]
#[error("INFO does not tell {0}")]
pub(super) struct Missing(&'static str);

impl NodeReport {
    /// `cluster_info` is `None` when the node does not run in cluster mode.
    pub(super) fn parse(info: &str, cluster_info: Option<&str>) -> Result<Self, Missing> {
        let info: BTreeMap<_, _> = lines(info).collect();
        let text = |name| info.get(name).map(|value| (*value).to_owned()).ok_or(Missing(name));
        Ok(Self {
            details: NodeDetails {
                version: text("redis_version")?,
                role: text("role")?,
                connected_clients: text("connected_clients")?
                    .parse()
                    .map_err(|_| Missing("connected_clients"))?,
                used_memory_human: text("used_memory_human")?,
            },
            cluster_enabled: info.get("cluster_enabled") == Some(&"1"),
            cluster_state: cluster_info
                .and_then(|info| lines(info).find(|(name, _)| *name == "cluster_state"))
                .map(|(_, state)| state.to_owned()),
        })
    }
}

/// The lines `name:value` of `INFO` or `CLUSTER INFO`, as sent; headings and empty lines are left out.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "# Server\r\nredis_version:7.0.15\r\nexecutable:/usr/bin/redis-server:x\r\n\r\n# Clients\r\n\
                        connected_clients:3\r\n# Memory\r\nused_memory_human:1.05M\r\n# Replication\r\nrole:master\r\n\
                        # Cluster\r\ncluster_enabled:1\r\n";

    #[test]
    fn a_report_holds_what_the_health_page_shows() {
        let report =
            NodeReport::parse(INFO, Some("cluster_state:fail\r\ncluster_slots_ok:0\r\n")).expect("complete");
        let details = NodeDetails {
            version: "7.0.15".to_owned(),
            role: "master".to_owned(),
            connected_clients: 3,
            used_memory_human: "1.05M".to_owned(),
        };
        assert_eq!(report.details, details);
        assert!(report.cluster_enabled);
        assert_eq!(report.cluster_state.as_deref(), Some("fail"));
    }

    #[test]
    fn a_report_that_lacks_something_names_it() {
        let without = INFO.replace("role:master\r\n", "");
        assert_eq!(
            NodeReport::parse(&without, None).expect_err("no role").to_string(),
            "INFO does not tell role"
        );
    }

    #[test]
    fn lines_are_kept_as_sent_and_split_at_the_first_colon() {
        let all: Vec<_> = lines(INFO).collect();
        assert_eq!(all[0], ("redis_version", "7.0.15"));
        assert_eq!(all[1], ("executable", "/usr/bin/redis-server:x"));
        assert_eq!(all.len(), 6);
    }
}
