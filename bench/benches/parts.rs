//! The parts of a request that run inside one process and touch no backend: reading and refusing input, masking a secret,
//! and the bytes of every kind of answer. All servers share them, so what is gained here is gained five times.
//!
//! `cargo bench -p bench --bench parts`; with `-- --test`, and by `cargo test`, each runs once and nothing is judged.

#![expect(clippy::unwrap_used, reason = "what a bench cannot set up is a failed bench")]

use std::hint::black_box;
use std::sync::Arc;

use chrono::DateTime;
use contract::problem::ResourceKind;
use contract::{Backend, Problem, RequestId, SecretName, input, mask};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde::Serialize;
use serde_json::{Map, Value, json};
use service::{
    AllHealth, MaskedSecret, NodeDetails, NodeProbe, RedisHealth, RedisProbe, VaultDetails, VaultProbe,
};
use wire_code::{CacheEntry, ErrorEnvelope, HealthResponse, PostgresQueryResponse, SecretResponse};

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read");
    group.bench_function("cache key", |bencher| bencher.iter(|| input::cache_key(black_box("user:42"))));
    group.bench_function("cache key, percent-encoded", |bencher| {
        bencher.iter(|| input::cache_key(black_box("user%3A42")));
    });
    group.bench_function("cache value and ttl", |bencher| {
        bencher.iter(|| input::set_cache(black_box("user:42"), black_box(Some("value=a+value&ttl=60"))));
    });
    group.bench_function("request id", |bencher| {
        bencher.iter(|| RequestId::from_header(black_box([&b"9b2f6a54-8f0e-4c39-9d62-0c5d7be1a0f3"[..]])));
    });
    group.finish();

    let mut group = criterion.benchmark_group("read message");
    for size in [100_usize, 10_000, 1_000_000] {
        let body = format!(r#"{{"event":"measured","text":"{}"}}"#, "x".repeat(size));
        group.throughput(Throughput::Bytes(u64::try_from(body.len()).unwrap()));
        group.bench_function(format!("{size} characters"), |bencher| {
            bencher.iter(|| input::publish_message(Some("queue_name=orders"), black_box(body.as_bytes())));
        });
    }
    group.finish();
}

fn refusing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("refuse");
    group.bench_function("three faults at once", |bencher| {
        bencher.iter(|| input::set_cache(black_box("a b"), black_box(Some("ttl=soon"))).unwrap_err());
    });
    group.bench_function("broken percent-encoding", |bencher| {
        bencher.iter(|| input::cache_key(black_box("%zz")).unwrap_err());
    });
    group.bench_function("no JSON", |bencher| {
        bencher
            .iter(|| input::publish_message(Some("queue_name=orders"), black_box(b"{\"a\":")).unwrap_err());
    });
    group.finish();
}

fn envelopes(criterion: &mut Criterion) {
    let id = RequestId::from_header([&b"9b2f6a54-8f0e-4c39-9d62-0c5d7be1a0f3"[..]]);
    let mut group = criterion.benchmark_group("envelope");
    for (name, problem) in [
        ("404 route", Problem::RouteNotFound),
        (
            "404 key",
            Problem::ResourceNotFound { kind: ResourceKind::SecretKey, id: "postgres/nosuch".to_owned() },
        ),
        ("422", input::set_cache("a b", Some("ttl=soon")).unwrap_err()),
        ("503", Problem::BackendUnavailable(Backend::Redis)),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| serde_json::to_vec(&ErrorEnvelope::new(black_box(&problem), &id)).unwrap());
        });
    }
    group.finish();
}

fn answers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("answer");
    let mut answer = |name: &str, body: &dyn Fn() -> Vec<u8>| {
        group.bench_function(name, |bencher| bencher.iter(body));
    };
    let key = input::cache_key("user:42").unwrap();
    let at = DateTime::from_timestamp_micros(1_795_253_400_123_456).unwrap();
    let secret = Arc::new(secret());
    let health = health();
    answer("health", &|| bytes(HealthResponse::OK));
    answer("cache, nothing there", &|| bytes(CacheEntry::new(key.clone(), None)));
    answer("postgres", &|| bytes(PostgresQueryResponse::new(black_box(at))));
    answer("secret", &|| {
        bytes(SecretResponse::new(SecretName::parse("postgres").unwrap(), Arc::clone(&secret)))
    });
    answer("health of all", &|| bytes(wire_code::AllHealth::from(black_box(&health))));
    group.finish();
}

fn masks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mask");
    let flat =
        json!({"user": "devstack", "password": "never shown", "database": "devstack", "tls_enabled": false});
    let deep = (0..20)
        .fold(flat.clone(), |inner, _| json!({"inner": inner, "api_key": "never shown", "list": [1, 2, 3]}));
    for (name, value) in [("flat", flat), ("twenty deep", deep)] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(|| value.clone(), mask::mask, criterion::BatchSize::SmallInput);
        });
    }
    group.finish();
}

fn bytes(body: impl Serialize) -> Vec<u8> {
    serde_json::to_vec(&body).unwrap()
}

fn secret() -> MaskedSecret {
    let member = |name: &str, value: Value| (name.to_owned(), value);
    MaskedSecret::new(Map::from_iter([
        member("user", json!("devstack")),
        member("password", json!("never shown")),
        member("tls_enabled", json!(false)),
    ]))
}

fn health() -> AllHealth {
    let node = |port| NodeProbe {
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
            nodes: [6379, 6380, 6381].map(node).into(),
        }),
        rabbitmq: Ok("3.10.8".to_owned()),
    }
}

criterion_group!(parts, reading, refusing, envelopes, answers, masks);
criterion_main!(parts);
