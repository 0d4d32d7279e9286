//! Which node to ask: the slots, and the redirections of the cluster.
//!
//! The driver's own cluster client is not used, for what it does when a node is away.
//! It reads the slots anew and reconnects to all nodes while every other call waits, so that one node which hangs
//! makes the others hang as well; it connects again and again without a pause while none can be reached; and a
//! refused password comes out of it as text inside another error.
//! Its connections to single nodes have none of this, and are what [`node`](super::node) is made of.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use contract::Backend;
use futures_util::StreamExt;
use futures_util::future::select_ok;
use futures_util::stream::FuturesUnordered;
use redis::Value;
use tokio::time::timeout;

use super::node::{Answer, NodeDriver, Request};
use super::slot;
use super::topology::{SlotAssignment, SlotRange, parse_slots};
use crate::config::{Address, RedisConfig};
use crate::context::Context;
use crate::credentials::CredentialSource;
use crate::error::{Error, ErrorKind};
use crate::guard::Guard;
use crate::link::Link;
use crate::runtime::Home;

/// More redirections than a key goes through while its slot moves.
const REDIRECTIONS: usize = 5;

/// The secrets of the configured nodes, in their order.
const SECRETS: [&str; 3] = ["redis-1", "redis-2", "redis-3"];

/// The nodes of the cluster, and which of them serves which slots.
pub(super) struct Cluster {
    /// In the configured order.
    nodes: Vec<Arc<Endpoint>>,
    /// Those that the cluster named and that are not configured.
    others: Mutex<BTreeMap<Address, Arc<Endpoint>>>,
    // A std lock: it is held for a few instructions and never over an await.
    slots: RwLock<Arc<SlotMap>>,
    /// Held while the slots are read, so that one answer serves all who wait for it.
    reading: tokio::sync::Mutex<()>,
    /// Whether the slots are about to be read in the background.
    read_is_due: AtomicBool,
    address_map: BTreeMap<Address, Address>,
    credentials: CredentialSource,
    guard: Arc<Guard>,
    home: Home,
}

/// A node and the way to it.
pub(super) struct Endpoint {
    pub(super) address: Address,
    link: Link<NodeDriver>,
}

/// Sorted by the first slot; empty until the cluster was asked.
type SlotMap = Vec<(SlotRange, Arc<Endpoint>)>;

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("nodes", &self.nodes).finish_non_exhaustive()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.address).finish()
    }
}

impl Endpoint {
    fn start(address: Address, credentials: CredentialSource, guard: &Arc<Guard>, home: &Home) -> Arc<Self> {
        let driver = NodeDriver { address: address.clone(), limit: guard.limit() };
        Arc::new(Self { address, link: Link::start(driver, credentials, Arc::clone(guard), home) })
    }

    async fn send(&self, request: &Request, asking: bool) -> Result<Answer, Error> {
        self.link.with(|node| async move { node.send(request, asking).await }).await
    }

    /// Send what concerns no key. The caller bounds the time.
    pub(super) async fn ask(&self, request: &Request) -> Result<Vec<Value>, Error> {
        match self.send(request, false).await? {
            Answer::Values(values) => Ok(values),
            Answer::Moved(_) | Answer::Ask(_) => Err(failed("a command without a key was redirected")),
        }
    }
}

fn failed(cause: &'static str) -> Error {
    Error::with_source(Backend::Redis, ErrorKind::Failed, cause)
}

impl Cluster {
    pub(super) fn start(config: RedisConfig, guard: &Arc<Guard>, context: &Context) -> Arc<Self> {
        let home = &context.home;
        let nodes = config.nodes.into_iter().zip(SECRETS).map(|(address, secret)| {
            Endpoint::start(address, context.credentials(Backend::Redis, secret), guard, home)
        });
        let cluster = Arc::new(Self {
            nodes: nodes.collect(),
            others: Mutex::default(),
            slots: RwLock::default(),
            reading: tokio::sync::Mutex::new(()),
            read_is_due: AtomicBool::new(false),
            address_map: config.address_map,
            credentials: context.credentials(Backend::Redis, SECRETS[0]),
            guard: Arc::clone(guard),
            home: home.clone(),
        });
        cluster.read_slots_soon();
        cluster
    }

    /// The configured nodes, in their order.
    pub(super) fn nodes(&self) -> &[Arc<Endpoint>] {
        &self.nodes
    }

    /// Send what concerns `key` to the node that serves it, wherever the cluster says that this is.
    pub(super) async fn call(self: &Arc<Self>, key: &str, request: &Request) -> Result<Vec<Value>, Error> {
        let slot = slot::of(key);
        let mut endpoint = self.owner(slot).await?;
        let mut asking = false;
        let mut looked_again = false;
        for _ in 0..=REDIRECTIONS {
            match endpoint.send(request, asking).await {
                Ok(Answer::Values(values)) => return Ok(values),
                Ok(Answer::Moved(to)) => {
                    self.read_slots_soon();
                    endpoint = self.announced(&to, &endpoint)?;
                    asking = false;
                }
                Ok(Answer::Ask(to)) => {
                    endpoint = self.announced(&to, &endpoint)?;
                    asking = true;
                }
                // Another node may have taken over its slots.
                Err(error) if error.kind() == ErrorKind::Unreachable && !looked_again => {
                    looked_again = true;
                    let read = timeout(self.guard.limit() / 4, Box::pin(self.read_slots())).await;
                    match self.known_owner(slot) {
                        Some(owner) if matches!(read, Ok(Ok(()))) && owner.address != endpoint.address => {
                            endpoint = owner;
                            asking = false;
                        }
                        _ => return Err(error),
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(failed("redirected too often"))
    }

    /// Send what any node can answer: to the first of the configured ones, and to the next as well whenever a quarter
    /// of the time limit has passed without an answer.
    pub(super) async fn ask_any(&self, request: &Request) -> Result<(Vec<Value>, &Endpoint), Error> {
        let mut waiting = self.nodes.iter();
        let mut asked = FuturesUnordered::new();
        let mut first_error = None;
        loop {
            match waiting.next() {
                Some(endpoint) => asked.push(async move { (endpoint.ask(request).await, endpoint) }),
                None if asked.is_empty() => {
                    return Err(first_error.unwrap_or_else(|| failed("no node is configured")));
                }
                None => {}
            }
            match timeout(self.guard.limit() / 4, asked.next()).await {
                Ok(Some((Ok(values), endpoint))) => return Ok((values, endpoint)),
                Ok(Some((Err(error), _))) => {
                    first_error.get_or_insert(error);
                }
                Ok(None) | Err(_) => {}
            }
        }
    }

    pub(super) async fn close(&self) {
        let others: Vec<_> = self.others().values().cloned().collect();
        let links = self.nodes.iter().chain(&others).map(|endpoint| endpoint.link.close());
        futures_util::future::join_all(links).await;
    }

    async fn owner(self: &Arc<Self>, slot: u16) -> Result<Arc<Endpoint>, Error> {
        if self.slots().is_empty() {
            // Boxed, here and above: it is rare, and would be part of every call's future otherwise.
            Box::pin(self.read_slots()).await?;
        }
        // A slot that nobody serves: any node says so, in its own words.
        self.known_owner(slot)
            .or_else(|| self.nodes.first().cloned())
            .ok_or_else(|| failed("no node is configured"))
    }

    fn known_owner(&self, slot: u16) -> Option<Arc<Endpoint>> {
        let slots = self.slots();
        let next = slots.partition_point(|(range, _)| range.start <= slot);
        let (range, endpoint) = slots.get(next.checked_sub(1)?)?;
        (slot <= range.end).then(|| Arc::clone(endpoint))
    }

    fn slots(&self) -> Arc<SlotMap> {
        Arc::clone(&self.slots.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn read_slots_soon(self: &Arc<Self>) {
        if self.read_is_due.swap(true, Ordering::AcqRel) {
            return;
        }
        let cluster = Arc::clone(self);
        self.home.detach(async move {
            let read = timeout(cluster.guard.limit(), cluster.read_slots()).await;
            // Whoever is redirected from here on learnt of something newer.
            cluster.read_is_due.store(false, Ordering::Release);
            if let Ok(Err(error)) = read {
                tracing::debug!(cause = %error.chain(), "the slots of the Redis Cluster could not be read");
            }
        });
    }

    /// Read who serves which slots from the first node that answers. The caller bounds the time.
    async fn read_slots(&self) -> Result<(), Error> {
        let before = self.slots();
        let _one_at_a_time = self.reading.lock().await;
        if !Arc::ptr_eq(&before, &self.slots()) {
            return Ok(());
        }
        let mut command = redis::cmd("CLUSTER");
        command.arg("SLOTS");
        let request = Request::repeatable([command]);
        let request = &request;
        let answers = self.nodes.iter().map(|endpoint| {
            Box::pin(async move {
                let values = endpoint.ask(request).await?;
                let answer = values.first().unwrap_or(&Value::Nil);
                parse_slots(answer, endpoint.address.host())
                    .map_err(|form| Error::with_source(Backend::Redis, ErrorKind::Failed, form))
            })
        });
        let (assignments, _others) = pin!(select_ok(answers)).await?;
        self.adopt(assignments);
        Ok(())
    }

    fn adopt(&self, assignments: Vec<SlotAssignment>) {
        let map: SlotMap = assignments
            .into_iter()
            .map(|SlotAssignment { range, master, .. }| {
                (range, self.endpoint(&Address::new(master.host, master.port)))
            })
            .collect();
        self.others().retain(|address, _| map.iter().any(|(_, endpoint)| endpoint.address == *address));
        *self.slots.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(map);
    }

    /// The node that `asked` means by `host:port`; an empty host is its own.
    fn announced(&self, text: &str, asked: &Endpoint) -> Result<Arc<Endpoint>, Error> {
        let (host, port) = text.rsplit_once(':').ok_or_else(|| failed("redirected to no address"))?;
        let port = port.parse().map_err(|_| failed("redirected to no port"))?;
        let host = if host.is_empty() { asked.address.host() } else { host };
        Ok(self.endpoint(&Address::new(host, port)))
    }

    /// The node at an announced address.
    fn endpoint(&self, announced: &Address) -> Arc<Endpoint> {
        let address = self.address_map.get(announced).unwrap_or(announced);
        if let Some(endpoint) = self.nodes.iter().find(|endpoint| endpoint.address == *address) {
            return Arc::clone(endpoint);
        }
        let start = || Endpoint::start(address.clone(), self.credentials.clone(), &self.guard, &self.home);
        self.others().entry(address.clone()).or_insert_with(start).clone()
    }

    fn others(&self) -> std::sync::MutexGuard<'_, BTreeMap<Address, Arc<Endpoint>>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long one node may take when all are asked at once: short enough to tell which of them hangs before the whole
/// call is given up.
pub(super) fn share(limit: Duration) -> Duration {
    limit / 10 * 9
}
