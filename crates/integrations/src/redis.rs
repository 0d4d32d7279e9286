//! The Redis Cluster: cache entries, and what the cluster says of itself.

mod cluster;
mod gathering;
mod node;
mod probe;
mod slot;
mod topology;
mod value;

use std::sync::Arc;

use contract::{Backend, CacheKey, CacheTtl, CacheValue, RedisNode};
use futures_util::future::join_all;
use redis::{Cmd, Value};
use tokio::time::timeout;

use self::cluster::{Cluster, Endpoint};
use self::node::Request;
use self::probe::{LastFound, NodeReport, lines};
use self::value::{form, text};
use crate::breaker::BreakerState;
use crate::config::RedisConfig;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::guard::{Guard, Operation};

pub use self::probe::{NodeDetails, NodeProbe, RedisProbe};
pub use self::topology::{ClusterNode, ClusterRole, SlotAssignment, SlotOwner, SlotRange};

/// The Redis Cluster. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Redis {
    cluster: Arc<Cluster>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    guard: Arc<Guard>,
    get: Operation,
    set: Operation,
    delete: Operation,
    cluster_nodes: Operation,
    cluster_slots: Operation,
    cluster_info: Operation,
    node_info: Operation,
    probe: Operation,
    last_found: LastFound,
}

/// A cache entry that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// Its text.
    pub value: String,
    /// How long it will live, in whole seconds; `None` when it does not expire.
    pub ttl: Option<u64>,
}

impl Redis {
    pub(crate) fn start(config: RedisConfig, context: &Context) -> Self {
        let guard = context.guard(Backend::Redis);
        let shared = Shared {
            get: guard.operation("get"),
            set: guard.operation("set"),
            delete: guard.operation("delete"),
            cluster_nodes: guard.operation("cluster_nodes"),
            cluster_slots: guard.operation("cluster_slots"),
            cluster_info: guard.operation("cluster_info"),
            node_info: guard.operation("node_info"),
            probe: guard.operation("probe"),
            last_found: LastFound::default(),
            guard: Arc::clone(&guard),
        };
        Self { cluster: Cluster::start(config, &guard, context), shared: Arc::new(shared) }
    }

    /// Read an entry, value and time to live in one round trip; `None` when there is none.
    ///
    /// # Errors
    /// [`ErrorKind::NotText`] when the entry is no UTF-8 text; any other but those of Vault.
    pub async fn get(&self, key: &CacheKey) -> Result<Option<CacheEntry>, Error> {
        let key = key.as_str();
        self.shared
            .guard
            .call(&self.shared.get, async {
                // A script would make one of the two, at twice the cost to the server.
                let request = Request::repeatable([command(["GET", key]), command(["TTL", key])]);
                entry(self.cluster.call(key, &request).await?)
            })
            .await
    }

    /// Write an entry, in place of any that was there, with its time to live.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn set(&self, key: &CacheKey, value: &CacheValue, ttl: Option<CacheTtl>) -> Result<(), Error> {
        let key = key.as_str();
        self.shared
            .guard
            .call(&self.shared.set, async {
                let mut set = command(["SET", key, value.as_str()]);
                if let Some(ttl) = ttl {
                    set.arg("EX").arg(ttl.seconds());
                }
                match self.cluster.call(key, &Request::repeatable([set])).await?.as_slice() {
                    [Value::Okay] => Ok(()),
                    answer => Err(unexpected("SET", answer)),
                }
            })
            .await
    }

    /// Delete an entry; `false` when there was none.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`. After `TimedOut` or `Unreachable` the entry may be
    /// gone all the same.
    pub async fn delete(&self, key: &CacheKey) -> Result<bool, Error> {
        let key = key.as_str();
        self.shared
            .guard
            .call(&self.shared.delete, async {
                let request = Request::once(command(["DEL", key]));
                match self.cluster.call(key, &request).await?.as_slice() {
                    [Value::Int(deleted)] => Ok(*deleted > 0),
                    answer => Err(unexpected("DEL", answer)),
                }
            })
            .await
    }

    /// The nodes of the cluster, sorted by host and port.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn cluster_nodes(&self) -> Result<Vec<ClusterNode>, Error> {
        self.shared
            .guard
            .call(&self.shared.cluster_nodes, async {
                let request = Request::repeatable([command(["CLUSTER", "NODES"])]);
                let (values, _) = self.cluster.ask_any(&request).await?;
                topology::parse_nodes(only_text("CLUSTER NODES", &values)?).map_err(failed)
            })
            .await
    }

    /// Who serves which slots, sorted by the first slot.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn cluster_slots(&self) -> Result<Vec<SlotAssignment>, Error> {
        self.shared
            .guard
            .call(&self.shared.cluster_slots, async {
                let request = Request::repeatable([command(["CLUSTER", "SLOTS"])]);
                match self.cluster.ask_any(&request).await? {
                    (values, asked) if values.len() == 1 => {
                        topology::parse_slots(&values[0], asked.address.host()).map_err(failed)
                    }
                    (values, _) => Err(unexpected("CLUSTER SLOTS", &values)),
                }
            })
            .await
    }

    /// The lines of `CLUSTER INFO`, as sent.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn cluster_info(&self) -> Result<Vec<(String, String)>, Error> {
        self.shared
            .guard
            .call(&self.shared.cluster_info, async {
                let request = Request::repeatable([command(["CLUSTER", "INFO"])]);
                let (values, _) = self.cluster.ask_any(&request).await?;
                only_text("CLUSTER INFO", &values).map(owned_lines)
            })
            .await
    }

    /// The lines of `INFO` of one node, as sent.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn node_info(&self, node: RedisNode) -> Result<Vec<(String, String)>, Error> {
        self.shared
            .guard
            .call(&self.shared.node_info, async {
                let endpoint = self.cluster.nodes().get(node.index()).ok_or_else(|| {
                    Error::with_source(Backend::Redis, ErrorKind::Failed, "that node is not configured")
                })?;
                let values = endpoint.ask(&Request::repeatable([command(["INFO"])])).await?;
                only_text("INFO", &values).map(owned_lines)
            })
            .await
    }

    /// Ask every node how it is, all at once. Goes round the breaker and does not move it.
    pub async fn probe(&self) -> RedisProbe {
        let guard = &self.shared.guard;
        let mut reports = Vec::new();
        // The backend as a whole is up while one of its nodes is.
        let all = async {
            let nodes = self.cluster.nodes().iter();
            reports = join_all(nodes.map(|endpoint| report(endpoint, cluster::share(guard.limit())))).await;
            for (endpoint, report) in self.cluster.nodes().iter().zip(&reports) {
                self.shared.last_found.note(&endpoint.address, report.as_ref().err());
            }
            match reports.first().map(|first: &Result<NodeReport, Error>| first.as_ref().map_err(Error::kind))
            {
                Some(Err(kind)) if reports.iter().all(Result::is_err) => {
                    Err(Error::new(Backend::Redis, kind))
                }
                _ => Ok(()),
            }
        };
        // What is wrong stands in the reports, node by node.
        let _ = guard.probe(&self.shared.probe, all).await;
        let first = reports.iter().find_map(|report| report.as_ref().ok());
        RedisProbe {
            cluster_enabled: first.map(|report| report.cluster_enabled),
            cluster_state: first.and_then(|report| report.cluster_state.clone()),
            nodes: self
                .cluster
                .nodes()
                .iter()
                .zip(reports)
                .map(|(endpoint, report)| NodeProbe {
                    host: endpoint.address.host().to_owned(),
                    port: endpoint.address.port(),
                    outcome: report.map(|report| report.details).map_err(|error| error.kind().into()),
                })
                .collect(),
        }
    }

    /// What its breaker does with the next call.
    pub fn breaker(&self) -> BreakerState {
        self.shared.guard.breaker_state()
    }

    pub(crate) async fn close(&self) {
        self.cluster.close().await;
    }
}

async fn report(endpoint: &Endpoint, limit: std::time::Duration) -> Result<NodeReport, Error> {
    let request = Request::repeatable([command(["INFO"]), command(["CLUSTER", "INFO"])]);
    let values = timeout(limit, endpoint.ask(&request))
        .await
        .unwrap_or_else(|_elapsed| Err(Error::new(Backend::Redis, ErrorKind::TimedOut)))?;
    match values.as_slice() {
        [info, cluster_info] => {
            NodeReport::parse(text(info).unwrap_or_default(), text(cluster_info)).map_err(failed)
        }
        answer => Err(unexpected("INFO", answer)),
    }
}

fn command<const N: usize>(words: [&str; N]) -> Cmd {
    // With room for an option and its number.
    let bytes: usize = words.iter().map(|word| word.len()).sum();
    let mut command = Cmd::with_capacity(N + 2, bytes + 16);
    for word in words {
        command.arg(word);
    }
    command
}

/// Read the answers to GET and TTL.
fn entry(values: Vec<Value>) -> Result<Option<CacheEntry>, Error> {
    let (value, ttl) = match <[Value; 2]>::try_from(values) {
        Ok([Value::Nil, _]) => return Ok(None),
        Ok([Value::BulkString(bytes), Value::Int(ttl)]) => (bytes, ttl),
        Ok(answer) => return Err(unexpected("GET and TTL", &answer)),
        Err(answer) => return Err(unexpected("GET and TTL", &answer)),
    };
    let value = String::from_utf8(value)
        .map_err(|error| Error::with_source(Backend::Redis, ErrorKind::NotText, error.utf8_error()))?;
    match ttl {
        -1 => Ok(Some(CacheEntry { value, ttl: None })),
        // It expired between the two commands.
        ..-1 => Ok(None),
        0.. => Ok(Some(CacheEntry { value, ttl: u64::try_from(ttl).ok() })),
    }
}

fn only_text<'a>(what: &'static str, values: &'a [Value]) -> Result<&'a str, Error> {
    match values {
        [value] => text(value).ok_or_else(|| unexpected(what, values)),
        _ => Err(unexpected(what, values)),
    }
}

fn owned_lines(text: &str) -> Vec<(String, String)> {
    lines(text).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::with_source(Backend::Redis, ErrorKind::Failed, cause)
}

/// An answer of another form; only the form is told, since a value may be anybody's.
fn unexpected(what: &'static str, answer: &[Value]) -> Error {
    let forms: Vec<_> = answer.iter().map(form).collect();
    Error::with_source(Backend::Redis, ErrorKind::Failed, format!("{what} was answered by {forms:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(value: Value, ttl: i64) -> Result<Option<CacheEntry>, ErrorKind> {
        entry(vec![value, Value::Int(ttl)]).map_err(|error| error.kind())
    }

    #[test]
    fn an_entry_is_read_from_both_answers() {
        let found = |ttl| Ok(Some(CacheEntry { value: "x".to_owned(), ttl }));
        assert_eq!(answers(Value::BulkString("x".into()), -1), found(None));
        assert_eq!(answers(Value::BulkString("x".into()), 0), found(Some(0)));
        assert_eq!(answers(Value::BulkString("x".into()), 60), found(Some(60)));
        assert_eq!(answers(Value::Nil, -2), Ok(None));
    }

    #[test]
    fn an_entry_that_expired_between_the_two_commands_is_not_there() {
        assert_eq!(answers(Value::BulkString("x".into()), -2), Ok(None));
    }

    #[test]
    fn bytes_that_are_no_text_are_told_from_an_unknown_answer() {
        assert_eq!(answers(Value::BulkString(vec![0xff]), -1), Err(ErrorKind::NotText));
        assert_eq!(answers(Value::Okay, -1), Err(ErrorKind::Failed));
    }

    #[test]
    fn an_unexpected_answer_is_reported_without_its_value() {
        let error = unexpected("GET", &[Value::BulkString("hunter2".into())]);
        assert!(!error.chain().to_string().contains("hunter2"));
    }
}
