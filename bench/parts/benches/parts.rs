//! The parts of a request that run inside one process and touch no backend: reading and refusing input, masking a secret,
//! and the bytes of every kind of answer. All servers share them, so what is gained here is gained five times.
//!
//! `cargo bench -p bench-parts`; with `-- --test`, and by `cargo test`, each runs once and nothing is judged.

#![expect(clippy::unwrap_used, reason = "what a bench cannot set up is a failed bench")]

use std::hint::black_box;

use bench_parts::{self as fixtures, bytes};
use contract::{RequestId, input, mask};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wire_code::ErrorEnvelope;

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
        bencher.iter(|| RequestId::from_header(black_box([fixtures::ID])));
    });
    group.finish();

    let mut group = criterion.benchmark_group("read message");
    for size in [100_usize, 10_000, 1_000_000] {
        let body = fixtures::message(size);
        group.throughput(Throughput::Bytes(u64::try_from(body.len()).unwrap()));
        group.bench_function(format!("{size} characters"), |bencher| {
            bencher.iter(|| input::publish_message(Some("queue_name=orders"), black_box(&body)));
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
    let id = fixtures::request_id();
    let mut group = criterion.benchmark_group("envelope");
    for (name, problem) in fixtures::problems() {
        group.bench_function(name, |bencher| {
            bencher.iter(|| bytes(ErrorEnvelope::new(black_box(&problem), &id)));
        });
    }
    group.finish();
}

fn answers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("answer");
    for (name, body) in fixtures::answers() {
        group.bench_function(name, |bencher| bencher.iter(&body));
    }
    group.finish();
}

fn masks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mask");
    for (name, value) in [("flat", fixtures::flat()), ("twenty deep", fixtures::deep())] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(|| value.clone(), mask::mask, criterion::BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(parts, reading, refusing, envelopes, answers, masks);
criterion_main!(parts);
