//! An example for every answer that the document describes, made with the very types that are sent.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use contract::field::{FieldErrors, FieldFault, FieldPlace};
use contract::problem::{ResourceKind, Unreadable};
use contract::{Backend, CacheKey, CacheTtl, CacheValue, Message, Problem, QueueName, RedisNode, RequestId};
use contract::{SecretKey, SecretName};
use serde_json::{Map, Value, json};
use service::{
    AllHealth, ClusterNode, ClusterRole, MaskedSecret, NodeDetails, NodeProbe, ProbeFailure, RedisHealth,
    RedisProbe, SlotAssignment, SlotMap, SlotOwner, SlotRange, VaultDetails, VaultProbe,
};

use crate::{
    CacheDelete, CacheEntry, CacheSet, DatabaseHealth, ErrorEnvelope, HealthResponse, MongodbQueryResponse,
    MysqlQueryResponse, PostgresQueryResponse, PublishResponse, QueueInfo, RabbitmqHealth, RedisInfo,
    RedisNodeInfo, RedisNodes, RedisSlots, RootResponse, SecretKeyResponse, SecretResponse, VaultHealth,
};

/// The example for the answer `status` of the operation `id`; `None` for an answer that it does not give.
pub(crate) fn of_answer(id: &str, status: &str, root: &RootResponse) -> Option<Value> {
    match (id, status) {
        ("get_health_ready", "503") => {
            let mut health = health();
            health.postgres = Err(ProbeFailure::Unreachable);
            to_json(crate::AllHealth::from(&health))
        }
        (_, "200") => success(id, root),
        _ => {
            let problem = problem(id, status)?;
            let request_id = RequestId::from_header([&b"9b2f6a54-8f0e-4c39-9d62-0c5d7be1a0f3"[..]]);
            to_json(ErrorEnvelope::new(&problem, &request_id))
        }
    }
}

fn to_json(body: impl serde::Serialize) -> Option<Value> {
    serde_json::to_value(body).ok()
}

fn success(id: &str, root: &RootResponse) -> Option<Value> {
    match id {
        "get_root" => to_json(root),
        "get_health" | "get_health_bare" => to_json(HealthResponse::OK),
        "get_health_ready" | "get_health_all" => to_json(crate::AllHealth::from(&health())),
        "get_health_vault" => to_json(VaultHealth::from(&health().vault)),
        "get_health_postgres" => to_json(DatabaseHealth::from(&health().postgres)),
        "get_health_mysql" => to_json(DatabaseHealth::from(&health().mysql)),
        "get_health_mongodb" => to_json(DatabaseHealth::from(&health().mongodb)),
        "get_health_redis" => to_json(crate::RedisHealth::from(&health().redis)),
        "get_health_rabbitmq" => to_json(RabbitmqHealth::from(&health().rabbitmq)),
        "get_secret" => to_json(SecretResponse::new(secret_name()?, Arc::new(secret()))),
        "get_secret_key" => {
            let key = SecretKey::parse("user").ok()?;
            to_json(SecretKeyResponse::new(secret_name()?, key, json!("devstack")))
        }
        "query_postgres" => to_json(PostgresQueryResponse::new(time()?)),
        "query_mysql" => to_json(MysqlQueryResponse::new(time()?)),
        "query_mongodb" => to_json(MongodbQueryResponse::new(vec!["orders".to_owned(), "users".to_owned()])),
        "get_cache" => {
            let entry = service::CacheEntry { value: "Ada".to_owned(), ttl: Some(3599) };
            to_json(CacheEntry::new(cache_key()?, Some(entry)))
        }
        "set_cache" => {
            let (value, ttl) = (CacheValue::parse("Ada").ok()?, CacheTtl::parse("3600").ok()?);
            to_json(CacheSet::new(cache_key()?, value, Some(ttl)))
        }
        "delete_cache" => to_json(CacheDelete::new(cache_key()?, true)),
        "publish_message" => {
            let message = Message::parse(br#"{"order":17,"items":["book","pen"]}"#).ok()?;
            to_json(PublishResponse::new(queue_name()?, message))
        }
        "get_queue_info" => {
            let found = service::QueueInfo { message_count: 3, consumer_count: 0 };
            to_json(QueueInfo::new(queue_name()?, Some(found)))
        }
        "get_redis_nodes" => to_json(RedisNodes::from(nodes())),
        "get_redis_slots" => to_json(RedisSlots::from(slots())),
        "get_redis_info" => to_json(RedisInfo::from(lines([("cluster_state", "ok"), ("cluster_size", "3")]))),
        "get_redis_node_info" => {
            let info = lines([("redis_version", "7.0.15"), ("connected_clients", "3"), ("role", "master")]);
            to_json(RedisNodeInfo::new(RedisNode::One, info))
        }
        "get_metrics" => Some(json!("# TYPE http_requests_total counter\n")),
        "get_openapi_json" | "get_openapi_yaml" => Some(json!({
            "openapi": "3.1.0",
            "info": { "title": "DevStack Rust reference API", "version": "0.1.0" },
            "paths": {},
            "components": {},
        })),
        "get_docs" | "get_redoc" => Some(json!("<!DOCTYPE html>\n<html lang=\"en\">…</html>\n")),
        _ => None,
    }
}

fn problem(id: &str, status: &str) -> Option<Problem> {
    Some(match status {
        "400" if id == "publish_message" => Problem::BadRequest(Unreadable::Body),
        "400" => Problem::BadRequest(Unreadable::Path),
        "404" => match id {
            "get_secret" => unknown(ResourceKind::Secret, "nosuch"),
            "get_secret_key" => unknown(ResourceKind::SecretKey, "postgres/nosuch"),
            _ => unknown(ResourceKind::RedisNode, "redis-9"),
        },
        "408" => Problem::RequestTimeout,
        "413" => Problem::PayloadTooLarge,
        "414" => Problem::UriTooLong,
        "415" => Problem::UnsupportedMediaType,
        "422" => Problem::Validation(fault(id)?),
        "429" => Problem::RateLimited { retry_after: 1 },
        "431" => Problem::HeadersTooLarge,
        "500" => Problem::Internal,
        "503" => Problem::BackendUnavailable(backend(id)),
        _ => return None,
    })
}

fn unknown(kind: ResourceKind, id: &str) -> Problem {
    Problem::ResourceNotFound { kind, id: id.to_owned() }
}

/// A fault that the operation can really find.
fn fault(id: &str) -> Option<FieldErrors> {
    let (place, fault) = match id {
        "publish_message" => (FieldPlace::Body, FieldFault::EmptyObject),
        "set_cache" => (FieldPlace::Query("value"), FieldFault::Missing),
        "get_queue_info" => (FieldPlace::Path("queue_name"), FieldFault::TooLong(QueueName::MAX_LENGTH)),
        "get_secret" | "get_secret_key" => {
            (FieldPlace::Path("service_name"), FieldFault::Pattern(SecretName::PATTERN))
        }
        _ => (FieldPlace::Path("key"), FieldFault::Pattern(CacheKey::PATTERN)),
    };
    FieldErrors::collect([(place, Some(fault))])
}

fn backend(id: &str) -> Backend {
    match id {
        "get_secret" | "get_secret_key" => Backend::Vault,
        "query_postgres" => Backend::Postgres,
        "query_mysql" => Backend::Mysql,
        "query_mongodb" => Backend::Mongodb,
        "publish_message" | "get_queue_info" => Backend::Rabbitmq,
        _ => Backend::Redis,
    }
}

fn cache_key() -> Option<CacheKey> {
    CacheKey::parse("user:42").ok()
}

fn queue_name() -> Option<QueueName> {
    QueueName::parse("orders").ok()
}

fn secret_name() -> Option<SecretName> {
    SecretName::parse("postgres").ok()
}

fn secret() -> MaskedSecret {
    MaskedSecret::new(Map::from_iter([
        ("user".to_owned(), json!("devstack")),
        ("password".to_owned(), json!("never shown")),
        ("tls_enabled".to_owned(), json!(false)),
    ]))
}

fn time() -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(1_795_253_400_123_456)
}

fn lines<const N: usize>(lines: [(&str, &str); N]) -> Map<String, Value> {
    lines.into_iter().map(|(name, text)| (name.to_owned(), contract::redis::text_to_json(text))).collect()
}

const NODES: [(&str, u16, SlotRange); 3] = [
    ("07c37dfeb235213a872192d90877d0cd55635b91", 6379, SlotRange { start: 0, end: 5460 }),
    ("67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1", 6380, SlotRange { start: 5461, end: 10_922 }),
    ("e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca", 6381, SlotRange { start: 10_923, end: 16_383 }),
];

fn nodes() -> Vec<ClusterNode> {
    let node = |(index, (id, port, range)): (usize, (&str, u16, SlotRange))| ClusterNode {
        node_id: id.to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
        role: ClusterRole::Master,
        flags: vec!["master".to_owned()],
        master_id: None,
        ping_sent: 0,
        pong_recv: 1_795_253_400_124,
        config_epoch: index as u64 + 1,
        link_state: "connected".to_owned(),
        slot_ranges: vec![range],
    };
    NODES.into_iter().enumerate().map(node).collect()
}

fn slots() -> SlotMap {
    let assignment = |(id, port, range): (&str, u16, SlotRange)| SlotAssignment {
        range,
        master: SlotOwner { host: "127.0.0.1".to_owned(), port, node_id: id.to_owned() },
        replicas: Vec::new(),
    };
    SlotMap { assignments: NODES.into_iter().map(assignment).collect(), assigned: SlotMap::MAX_SLOTS }
}

fn health() -> AllHealth {
    let node = |(_, port, _): (&str, u16, SlotRange)| NodeProbe {
        host: "127.0.0.1".to_owned(),
        port,
        outcome: Ok(NodeDetails {
            version: "7.0.15".to_owned(),
            role: "master".to_owned(),
            connected_clients: 3,
            used_memory_human: "1.95M".to_owned(),
        }),
    };
    AllHealth {
        vault: VaultProbe {
            details: Some(VaultDetails {
                initialized: true,
                sealed: false,
                standby: false,
                version: "1.21.1".to_owned(),
            }),
            failure: None,
        },
        postgres: Ok("15.14".to_owned()),
        mysql: Ok("10.11.14-MariaDB".to_owned()),
        mongodb: Ok("7.0.42".to_owned()),
        redis: RedisHealth::new(RedisProbe {
            cluster_enabled: Some(true),
            cluster_state: Some("ok".to_owned()),
            nodes: NODES.into_iter().map(node).collect(),
        }),
        rabbitmq: Ok("3.10.8".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use contract::OPERATIONS;

    use super::*;

    #[test]
    fn every_answer_of_every_operation_has_an_example() {
        let root = RootResponse::new("api", "0.1.0", "none", "code-first");
        for operation in OPERATIONS {
            for status in operation.statuses {
                let example = of_answer(operation.id, &status.to_string(), &root);
                assert!(example.is_some(), "{} {status}", operation.id);
            }
        }
    }

    #[test]
    fn no_example_shows_a_password() {
        let example = success("get_secret", &RootResponse::new("api", "0.1.0", "none", "code-first"));
        assert!(!example.map(|example| example.to_string()).unwrap_or_default().contains("never shown"));
    }
}
