//! The answers by the generated types are those by the types that are written by hand, byte for byte.

use std::error::Error;

use chrono::{DateTime, Utc};
use contract::{CacheKey, Message, QueueName, RedisNode, SecretKey, SecretName};
use serde::Serialize;
use serde_json::json;
use service::{
    AllHealth, CacheEntry, ClusterNode, ClusterRole, NodeDetails, NodeProbe, ProbeFailure, QueueInfo,
    RedisHealth, RedisProbe, SlotRange, VaultDetails, VaultProbe,
};
use wire_spec::{inputs, types};

type TestResult = Result<(), Box<dyn Error>>;

/// Compares the JSON of both, and that it says something.
fn same(by_hand: &impl Serialize, generated: &impl Serialize) -> TestResult {
    let by_hand = serde_json::to_string(by_hand)?;
    assert_eq!(by_hand, serde_json::to_string(generated)?);
    assert!(by_hand.len() > 2, "{by_hand}");
    Ok(())
}

fn fault(fault: impl std::fmt::Debug) -> Box<dyn Error> {
    format!("{fault:?}").into()
}

#[test]
fn cache_entries_are_the_same() -> TestResult {
    let key = CacheKey::parse("user:42").map_err(fault)?;
    for found in [
        None,
        Some(CacheEntry { value: "\u{1f980} \"x\"".to_owned(), ttl: None }),
        Some(CacheEntry { value: String::new(), ttl: Some(3600) }),
    ] {
        same(
            &wire_code::CacheEntry::new(key.clone(), found.clone()),
            &types::CacheEntry::new(key.clone(), found),
        )?;
    }
    for query in ["value=Ada", "value=&ttl=86400"] {
        let input = contract::input::set_cache("user:42", Some(query)).map_err(fault)?;
        let generated: types::CacheSet =
            inputs::SetCache::read("user:42", Some(query)).map_err(fault)?.into();
        same(&wire_code::CacheSet::new(input.key, input.value, input.ttl), &generated)?;
    }
    same(&wire_code::CacheDelete::new(key.clone(), true), &types::CacheDelete::new(key, true))
}

#[test]
fn messages_and_queues_are_the_same() -> TestResult {
    let body = br#" {"b":1,"a":1e400,"b":"\ud800"} "#;
    let queue = QueueName::parse("orders").map_err(fault)?;
    let generated: types::PublishResponse =
        inputs::PublishMessage::read(Some("queue_name=orders"), body).map_err(fault)?.into();
    same(&wire_code::PublishResponse::new(queue.clone(), Message::parse(body).map_err(fault)?), &generated)?;
    for found in [None, Some(QueueInfo { message_count: 3, consumer_count: 0 })] {
        same(&wire_code::QueueInfo::new(queue.clone(), found), &types::QueueInfo::new(queue.clone(), found))?;
    }
    Ok(())
}

#[test]
fn answers_of_databases_and_secrets_are_the_same() -> TestResult {
    let time: DateTime<Utc> = "2026-01-02T03:04:05.6Z".parse()?;
    same(&wire_code::PostgresQueryResponse::new(time), &types::PostgresQueryResponse::new(time))?;
    same(&wire_code::MysqlQueryResponse::new(time), &types::MysqlQueryResponse::new(time))?;
    let names = vec!["a".to_owned(), "b".to_owned()];
    same(&wire_code::MongodbQueryResponse::new(names.clone()), &types::MongodbQueryResponse::new(names))?;
    let (name, key) =
        (SecretName::parse("postgres").map_err(fault)?, SecretKey::parse("port").map_err(fault)?);
    let value = json!({"z": [1.5, null], "a": "***"});
    same(
        &wire_code::SecretKeyResponse::new(name.clone(), key.clone(), value.clone()),
        &types::SecretKeyResponse::new(name, key, value),
    )
}

fn node(outcome: Result<NodeDetails, ProbeFailure>) -> NodeProbe {
    NodeProbe { host: "127.0.0.1".to_owned(), port: 6379, outcome }
}

/// How the backends are, in every way that a page shows.
fn health() -> [AllHealth; 2] {
    let details =
        VaultDetails { initialized: true, sealed: false, standby: false, version: "1.21.1".to_owned() };
    let of_node = |role: &str| NodeDetails {
        version: "7.0.15".to_owned(),
        role: role.to_owned(),
        connected_clients: 9,
        used_memory_human: "1.05M".to_owned(),
    };
    let well = AllHealth {
        vault: VaultProbe { details: Some(details.clone()), failure: None },
        postgres: Ok("15.1".to_owned()),
        mysql: Ok("10.11".to_owned()),
        mongodb: Ok("7.0".to_owned()),
        redis: RedisHealth::new(RedisProbe {
            cluster_enabled: Some(true),
            cluster_state: Some("ok".to_owned()),
            nodes: vec![node(Ok(of_node("master"))), node(Ok(of_node("slave")))],
        }),
        rabbitmq: Ok("3.10".to_owned()),
    };
    let ill = AllHealth {
        vault: VaultProbe {
            details: Some(VaultDetails { sealed: true, ..details }),
            failure: Some(ProbeFailure::Sealed),
        },
        postgres: Err(ProbeFailure::Unreachable),
        mysql: Err(ProbeFailure::TimedOut),
        mongodb: Err(ProbeFailure::RefusedCredentials),
        redis: RedisHealth::new(RedisProbe {
            cluster_enabled: None,
            cluster_state: None,
            nodes: vec![node(Err(ProbeFailure::NotInitialized))],
        }),
        rabbitmq: Err(ProbeFailure::Failed),
    };
    [well, ill]
}

#[test]
fn health_is_the_same() -> TestResult {
    same(&wire_code::HealthResponse::OK, &types::HealthResponse::ok())?;
    for health in health() {
        same(&wire_code::AllHealth::from(&health), &types::AllHealth::from(&health))?;
        same(&wire_code::VaultHealth::from(&health.vault), &types::VaultHealth::from(&health.vault))?;
        same(&wire_code::RabbitmqHealth::from(&health.mysql), &types::RabbitmqHealth::from(&health.mysql))?;
    }
    Ok(())
}

#[test]
fn the_redis_cluster_is_the_same() -> TestResult {
    let node = |role, link_state: &str| ClusterNode {
        node_id: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        host: "127.0.0.1".to_owned(),
        port: 6379,
        role,
        flags: vec!["master".to_owned(), "fail?".to_owned()],
        master_id: None,
        ping_sent: 0,
        pong_recv: 1_700_000_000_000,
        config_epoch: 3,
        link_state: link_state.to_owned(),
        slot_ranges: vec![SlotRange { start: 0, end: 5460 }],
    };
    let nodes = vec![node(ClusterRole::Master, "connected"), node(ClusterRole::Replica, "disconnected")];
    same(&wire_code::RedisNodes::from(nodes.clone()), &types::RedisNodes::from(nodes))?;
    let lines = json!({"b": 1, "a": "7.0.15"}).as_object().cloned().unwrap_or_default();
    same(&wire_code::RedisInfo::from(lines.clone()), &types::RedisInfo::from(lines.clone()))?;
    for name in RedisNode::ALL {
        same(
            &wire_code::RedisNodeInfo::new(name, lines.clone()),
            &types::RedisNodeInfo::new(name, lines.clone()),
        )?;
    }
    Ok(())
}

#[test]
fn the_front_page_is_the_same() -> TestResult {
    same(&wire_code::RootResponse::new("n", "v", "f", "a"), &types::RootResponse::new("n", "v", "f", "a"))
}
