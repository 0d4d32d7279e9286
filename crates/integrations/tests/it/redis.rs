//! The Redis Cluster.

use std::collections::BTreeMap;

use contract::{CacheKey, CacheTtl, CacheValue, RedisNode};
use futures_util::FutureExt;
use futures_util::future::try_join_all;
use integrations::{
    BreakerSettings, CacheEntry, ClusterNode, ClusterRole, Config, ErrorKind, Integrations, ProbeFailure,
    Redis,
};
use redis::aio::MultiplexedConnection;
use redis::{Client, IntoConnectionInfo, RedisConnectionInfo};
use secrecy::ExposeSecret;
use testkit::{Namespace, Proxy, Service, Stack, eventually, private_stack};
use tokio::runtime::Handle;

use crate::failures::Subject;
use crate::setup::{BoxError, LIMIT, config, config_of};
use crate::vault_admin::VaultAdmin;

/// Enough keys that each master has some: none of three has one of these with a probability of one in 10^8.
const KEYS: usize = 48;

fn key(text: &str) -> Result<CacheKey, BoxError> {
    CacheKey::parse(text).map_err(|fault| format!("{text}: {fault:?}").into())
}

fn value(text: &str) -> Result<CacheValue, BoxError> {
    CacheValue::parse(text).map_err(|fault| format!("{fault:?}").into())
}

fn ttl(text: &str) -> Result<CacheTtl, BoxError> {
    CacheTtl::parse(text).map_err(|fault| format!("{fault:?}").into())
}

fn keys(namespace: &Namespace) -> Result<Vec<CacheKey>, BoxError> {
    (0..KEYS).map(|number| key(&namespace.key(&number.to_string()))).collect()
}

/// `config` with a proxy before each node.
async fn behind_proxies(stack: &Stack, mut config: Config) -> Result<(Config, Vec<Proxy>), BoxError> {
    let mut proxies = Vec::new();
    for (node, service) in config.redis.nodes.iter_mut().zip(Service::REDIS) {
        let announced = stack.address(service);
        let proxy = Proxy::to(announced).await?;
        *node = proxy.address().into();
        config.redis.address_map.insert(announced.into(), proxy.address().into());
        proxies.push(proxy);
    }
    Ok((config, proxies))
}

pub(crate) async fn subject() -> Result<Subject, BoxError> {
    let (config, proxies) = behind_proxies(testkit::stack().await?, config().await?).await?;
    Ok(Subject {
        config,
        proxies,
        call: |integrations| {
            async {
                let Ok(key) = CacheKey::parse("t-nobody-writes-this") else {
                    unreachable!("the key keeps the rules")
                };
                integrations.redis.get(&key).await.map(drop)
            }
            .boxed()
        },
        breaker: |integrations| integrations.redis.breaker(),
    })
}

/// A connection to one node, as its operator has one.
async fn operator(stack: &Stack, service: Service) -> Result<MultiplexedConnection, BoxError> {
    let login = stack.credentials(service).await?;
    let address = stack.address(service);
    let info = (address.ip().to_string(), address.port()).into_connection_info()?.set_redis_settings(
        RedisConnectionInfo::default().set_username(&login.user).set_password(login.password.expose_secret()),
    );
    Ok(Client::open(info)?.get_multiplexed_async_connection().await?)
}

async fn run(connection: &mut MultiplexedConnection, line: &str) -> Result<redis::Value, BoxError> {
    let mut words = line.split(' ');
    let mut command = redis::cmd(words.next().unwrap_or_default());
    for word in words {
        command.arg(word);
    }
    Ok(command.query_async(connection).await?)
}

/// Which keys each node owns, by its port.
async fn owners(
    redis: &Redis,
    stack: &Stack,
    keys: &[CacheKey],
) -> Result<BTreeMap<u16, Vec<CacheKey>>, BoxError> {
    let mut operator = operator(stack, Service::Redis1).await?;
    let slots = redis.cluster_slots().await?;
    let mut owners: BTreeMap<u16, Vec<CacheKey>> = BTreeMap::new();
    for key in keys {
        let slot: u16 =
            redis::cmd("CLUSTER").arg("KEYSLOT").arg(key.as_str()).query_async(&mut operator).await?;
        let assignment = slots
            .iter()
            .find(|assignment| (assignment.range.start..=assignment.range.end).contains(&slot))
            .ok_or("a slot that nobody serves")?;
        owners.entry(assignment.master.port).or_default().push(key.clone());
    }
    Ok(owners)
}

/// The nodes, once each is known by its own id alone: while two of them meet they have another besides, for a moment.
async fn nodes_that_have_met(redis: &Redis) -> Result<Vec<ClusterNode>, BoxError> {
    let nodes = eventually(LIMIT, "three masters that know each other", async || {
        let nodes = redis.cluster_nodes().await.map_err(|error| error.chain().to_string())?;
        let met = nodes.len() == 3 && nodes.iter().all(|node| node.flags == ["master"]);
        if met { Ok(nodes) } else { Err(format!("{nodes:?}")) }
    });
    Ok(nodes.await?)
}

async fn write_all(redis: &Redis, keys: &[CacheKey]) -> Result<(), BoxError> {
    let value = value("x")?;
    let ttl = ttl("300")?;
    try_join_all(keys.iter().map(|key| redis.set(key, &value, Some(ttl)))).await?;
    Ok(())
}

async fn delete_all(redis: &Redis, keys: &[CacheKey]) -> Result<(), BoxError> {
    try_join_all(keys.iter().map(|key| redis.delete(key))).await?;
    Ok(())
}

#[tokio::test]
async fn entries_are_written_read_and_deleted_on_all_three_masters() -> Result<(), BoxError> {
    let stack = testkit::stack().await?;
    let (config, proxies) = behind_proxies(stack, config().await?).await?;
    let integrations = Integrations::start(config, Handle::current());
    let redis = &integrations.redis;
    let keys = keys(&Namespace::new())?;
    assert_eq!(owners(redis, stack, &keys).await?.len(), 3);

    write_all(redis, &keys).await?;
    // Who reads the slots at the start asks all nodes and leaves when the first has answered, perhaps in the middle
    // of connecting to another; so what was opened up to here is not counted.
    let opened: Vec<_> = proxies.iter().map(Proxy::connections).collect();
    for key in &keys {
        let entry = redis.get(key).await?.ok_or("it was written")?;
        assert_eq!(entry.value, "x");
        assert!(entry.ttl.is_some_and(|ttl| (290..=300).contains(&ttl)), "{entry:?}");
    }
    for key in &keys {
        assert!(redis.delete(key).await?);
        assert!(!redis.delete(key).await?);
        assert_eq!(redis.get(key).await?, None);
    }
    // One connection to each node carries it all: no node is reached by another way.
    assert_eq!(proxies.iter().map(Proxy::connections).collect::<Vec<_>>(), opened);
    assert!(proxies.iter().all(|proxy| proxy.bytes_from_target() > 0));
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn a_value_comes_back_as_it_was_written_with_and_without_a_time_to_live() -> Result<(), BoxError> {
    let integrations = Integrations::start(config().await?, Handle::current());
    let redis = &integrations.redis;
    let key = key(&Namespace::new().key("a"))?;
    for text in ["", "plain", "zwölf Boxkämpfer 🦀", "nul \0, line\r\nends", &"x".repeat(5000)] {
        redis.set(&key, &value(text)?, None).await?;
        assert_eq!(redis.get(&key).await?, Some(CacheEntry { value: text.to_owned(), ttl: None }));
    }
    redis.set(&key, &value("x")?, Some(ttl("86400")?)).await?;
    let entry = redis.get(&key).await?.ok_or("it was written")?;
    assert!(entry.ttl.is_some_and(|ttl| ttl > 86_390 && ttl <= 86_400), "{entry:?}");
    redis.set(&key, &value("x")?, None).await?;
    assert_eq!(redis.get(&key).await?.and_then(|entry| entry.ttl), None);
    delete_all(redis, &[key]).await?;
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn what_is_no_text_is_told_from_a_failure_and_does_not_count_against_the_backend()
-> Result<(), BoxError> {
    let stack = testkit::stack().await?;
    let mut config = config().await?;
    config.breaker.failures = 1;
    let integrations = Integrations::start(config, Handle::current());
    let redis = &integrations.redis;
    let keys = keys(&Namespace::new())?;
    let first = Service::Redis1;
    let owned = owners(redis, stack, &keys).await?;
    let [list, bytes, ..] = owned.get(&stack.address(first).port()).ok_or("no key on the first")?.as_slice()
    else {
        return Err("too few keys on the first node".into());
    };
    let mut operator = operator(stack, first).await?;
    redis::cmd("RPUSH").arg(list.as_str()).arg("x").exec_async(&mut operator).await?;
    redis::cmd("SET").arg(bytes.as_str()).arg(b"\xff\xfe".as_slice()).exec_async(&mut operator).await?;
    for key in [list, bytes] {
        let error = redis.get(key).await.expect_err("it is no text");
        assert_eq!(error.kind(), ErrorKind::NotText, "{}", error.chain());
    }
    // Writing replaces an entry of another type.
    redis.set(list, &value("x")?, None).await?;
    delete_all(redis, &[list.clone(), bytes.clone()]).await?;
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn the_cluster_tells_its_nodes_and_slots() -> Result<(), BoxError> {
    let stack = testkit::stack().await?;
    let integrations = Integrations::start(config().await?, Handle::current());
    let redis = &integrations.redis;
    let ports: Vec<u16> = Service::REDIS.map(|service| stack.address(service).port()).to_vec();

    let nodes = nodes_that_have_met(redis).await?;
    assert_eq!(nodes.iter().map(|node| node.port).collect::<Vec<_>>(), ports);
    assert_eq!(nodes.iter().map(ClusterNode::slots_count).sum::<u32>(), 16384);
    for node in &nodes {
        assert_eq!((node.host.as_str(), node.role), ("127.0.0.1", ClusterRole::Master));
        assert_eq!(node.node_id.len(), 40);
        assert_eq!(node.flags, ["master"]);
        assert_eq!(node.link_state, "connected");
    }

    let slots = redis.cluster_slots().await?;
    assert_eq!(slots.iter().map(|assignment| assignment.range.len()).sum::<u32>(), 16384);
    assert!(slots.is_sorted_by_key(|assignment| assignment.range.start));
    for assignment in &slots {
        let node =
            nodes.iter().find(|node| node.port == assignment.master.port).ok_or("an unknown master")?;
        assert_eq!(assignment.master.node_id, node.node_id);
        assert!(node.slot_ranges.contains(&assignment.range));
    }

    let info = redis.cluster_info().await?;
    assert_eq!(info[0], ("cluster_state".to_owned(), "ok".to_owned()));
    assert!(info.contains(&("cluster_known_nodes".to_owned(), "3".to_owned())), "{info:?}");
    for (node, port) in RedisNode::ALL.into_iter().zip(ports) {
        let info = redis.node_info(node).await?;
        assert!(info.contains(&("tcp_port".to_owned(), port.to_string())), "{}", node.as_str());
        assert!(!info.iter().any(|(name, _)| name.starts_with('#')));
    }
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn a_probe_tells_of_each_node_in_the_configured_order() -> Result<(), BoxError> {
    let (config, proxies) = behind_proxies(testkit::stack().await?, config().await?).await?;
    let integrations = Integrations::start(config, Handle::current());
    let redis = &integrations.redis;
    let probe = redis.probe().await;
    assert_eq!((probe.cluster_enabled, probe.cluster_state.as_deref()), (Some(true), Some("ok")));
    for (node, proxy) in probe.nodes.iter().zip(&proxies) {
        assert_eq!((node.host.as_str(), node.port), ("127.0.0.1", proxy.address().port()));
        let details = node.outcome.as_ref().map_err(ToString::to_string)?;
        assert_eq!(details.role, "master");
        assert!(details.connected_clients >= 1);
    }

    // The first node is away and the second hangs: the third speaks for the cluster.
    proxies[0].cut().await?;
    proxies[1].stall();
    let probe = redis.probe().await;
    assert_eq!(probe.nodes[0].outcome, Err(ProbeFailure::Unreachable));
    assert_eq!(probe.nodes[1].outcome, Err(ProbeFailure::TimedOut));
    assert!(probe.nodes[2].outcome.is_ok());
    assert_eq!((probe.cluster_enabled, probe.cluster_state.as_deref()), (Some(true), Some("ok")));
    redis.cluster_info().await?;

    for proxy in &proxies {
        proxy.cut().await?;
    }
    let probe = redis.probe().await;
    assert!(probe.nodes.iter().all(|node| node.outcome == Err(ProbeFailure::Unreachable)), "{probe:?}");
    assert_eq!((probe.cluster_enabled, probe.cluster_state), (None, None));
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn a_node_that_hangs_holds_up_its_own_keys_only() -> Result<(), BoxError> {
    let stack = testkit::stack().await?;
    let (mut config, proxies) = behind_proxies(stack, config().await?).await?;
    config.breaker = BreakerSettings { failures: u32::MAX, ..config.breaker };
    let integrations = Integrations::start(config, Handle::current());
    let redis = &integrations.redis;
    let keys = keys(&Namespace::new())?;
    let owners = owners(redis, stack, &keys).await?;
    write_all(redis, &keys).await?;

    let hanging = stack.address(Service::Redis2).port();
    proxies[1].stall();
    // Once on the connection that was open, and once on the one that is to replace it.
    for _ in 0..2 {
        let hung = redis.get(&owners[&hanging][0]);
        let others = async {
            for key in owners.iter().filter(|(port, _)| **port != hanging).flat_map(|(_, keys)| keys) {
                redis.get(key).await?.ok_or("it was written")?;
            }
            Ok::<_, BoxError>(())
        };
        let (hung, others) = tokio::join!(hung, others);
        let error = hung.expect_err("its node hangs");
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{}", error.chain());
        others?;
    }

    proxies[1].restore().await?;
    eventually(LIMIT, "the node that hung", async || redis.get(&owners[&hanging][0]).await).await?;
    delete_all(redis, &keys).await?;
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn a_slot_that_is_migrated_is_followed_at_every_step() -> Result<(), BoxError> {
    let private = private_stack(&Service::REDIS).await?;
    let stack = private.stack();
    let integrations = Integrations::start(config_of(stack)?, Handle::current());
    let redis = &integrations.redis;
    let namespace = Namespace::new();
    let owners = owners(redis, stack, &keys(&namespace)?).await?;
    let (from, to) = (stack.address(Service::Redis1), stack.address(Service::Redis2));
    let moving = owners.get(&from.port()).and_then(|keys| keys.first()).ok_or("no key on the first node")?;
    redis.set(moving, &value("x")?, None).await?;
    let found = Some(CacheEntry { value: "x".to_owned(), ttl: None });

    let nodes = nodes_that_have_met(redis).await?;
    let id = |port| nodes.iter().find(|node| node.port == port).map(|node| node.node_id.clone());
    let (from_id, to_id) = (id(from.port()).ok_or("no first node")?, id(to.port()).ok_or("no second node")?);
    let mut source = operator(stack, Service::Redis1).await?;
    let mut target = operator(stack, Service::Redis2).await?;
    let slot: u16 =
        redis::cmd("CLUSTER").arg("KEYSLOT").arg(moving.as_str()).query_async(&mut source).await?;
    run(&mut target, &format!("CLUSTER SETSLOT {slot} IMPORTING {from_id}")).await?;
    run(&mut source, &format!("CLUSTER SETSLOT {slot} MIGRATING {to_id}")).await?;
    // Announced, but not yet moved: the source still answers.
    assert_eq!(redis.get(moving).await?, found);

    let login = stack.credentials(Service::Redis2).await?;
    redis::cmd("MIGRATE")
        .arg(to.ip().to_string())
        .arg(to.port())
        .arg(moving.as_str())
        .arg(0)
        .arg(5000)
        .arg("AUTH2")
        .arg(&login.user)
        .arg(login.password.expose_secret())
        .exec_async(&mut source)
        .await?;
    // Moved, while the slot is not: the source says ASK.
    assert_eq!(redis.get(moving).await?, found);
    assert!(redis.delete(moving).await?);
    redis.set(moving, &value("x")?, None).await?;

    for node in [&mut target, &mut source] {
        run(node, &format!("CLUSTER SETSLOT {slot} NODE {to_id}")).await?;
    }
    // The slot has moved: the source says MOVED.
    assert_eq!(redis.get(moving).await?, found);
    eventually(LIMIT, "the slot's new master", async || {
        let slots = redis.cluster_slots().await.map_err(|error| error.to_string())?;
        let serves = |assignment: &&integrations::SlotAssignment| {
            (assignment.range.start..=assignment.range.end).contains(&slot)
        };
        match slots.iter().find(serves).map(|assignment| assignment.master.port) {
            Some(port) if port == to.port() => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await?;
    assert_eq!(redis.get(moving).await?, found);
    integrations.close().await;
    private.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_node_that_is_killed_fails_its_keys_and_serves_them_again_when_it_is_back() -> Result<(), BoxError>
{
    let private = private_stack(&Service::REDIS).await?;
    let stack = private.stack();
    let mut config = config_of(stack)?;
    config.breaker.failures = u32::MAX;
    let integrations = Integrations::start(config, Handle::current());
    let redis = &integrations.redis;
    let keys = keys(&Namespace::new())?;
    write_all(redis, &keys).await?;
    let owners = owners(redis, stack, &keys).await?;
    let killed = &owners[&stack.address(Service::Redis3).port()];

    stack.kill(Service::Redis3).await?;
    let error = redis.get(&killed[0]).await.expect_err("its node was killed");
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{}", error.chain());
    assert_eq!(redis.probe().await.nodes[2].outcome, Err(ProbeFailure::Unreachable));

    stack.start(&[Service::Redis3], &testkit::Silent).await?;
    eventually(LIMIT, "every key", async || {
        for key in &keys {
            redis.get(key).await.map_err(|error| error.chain().to_string())?;
        }
        Ok::<_, String>(())
    })
    .await?;
    write_all(redis, &keys).await?;
    integrations.close().await;
    private.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_password_that_was_rotated_in_vault_is_read_again_without_a_restart() -> Result<(), BoxError> {
    let private = private_stack(&Service::REDIS).await?;
    let stack = private.stack();
    let (mut config, proxies) = behind_proxies(stack, config_of(stack)?).await?;
    config.breaker.failures = u32::MAX;
    let integrations = Integrations::start(config, Handle::current());
    let redis = &integrations.redis;
    let keys = keys(&Namespace::new())?;
    write_all(redis, &keys).await?;

    for service in Service::REDIS {
        run(&mut operator(stack, service).await?, "CONFIG SET requirepass rotated").await?;
    }
    // Redis asks for the password at the start of a connection only.
    for proxy in &proxies {
        proxy.disconnect().await?;
    }
    let error = redis.get(&keys[0]).await.expect_err("the password in Vault is the old one");
    assert_eq!(error.kind(), ErrorKind::RefusedCredentials, "{}", error.chain());
    let refused = |node: &integrations::NodeProbe| node.outcome == Err(ProbeFailure::RefusedCredentials);
    assert!(redis.probe().await.nodes.iter().all(refused));

    let vault = VaultAdmin::of(stack)?;
    for service in Service::REDIS {
        vault.change_secret(service.name(), "password", "rotated").await?;
    }
    write_all(redis, &keys).await?;
    integrations.close().await;
    private.close().await?;
    Ok(())
}
