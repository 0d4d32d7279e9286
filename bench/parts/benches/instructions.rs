//! The parts of a request, counted in instructions by valgrind: figures that noise does not move.
//!
//! `cargo run -p bench --release -- instructions` runs it where valgrind and the runner are there, and tells what changed
//! against the stored figures. What is counted is what `parts` measures in time.

#![expect(clippy::unwrap_used, reason = "what a bench cannot set up is a failed bench")]
#![expect(missing_docs, reason = "the macros make public modules that nobody reads")]
#![expect(clippy::exit, reason = "gungraun's `main!` ends the process itself")]

use std::hint::black_box;

use bench_parts as fixtures;
use contract::{Problem, input, mask};
use gungraun::{library_benchmark, library_benchmark_group, main};
use serde_json::Value;
use wire_code::ErrorEnvelope;

#[library_benchmark]
#[bench::plain("user:42")]
#[bench::encoded("user%3A42")]
fn read_cache_key(text: &str) -> bool {
    black_box(input::cache_key(black_box(text))).is_ok()
}

#[library_benchmark]
#[bench::value_and_ttl("value=a+value&ttl=60")]
#[bench::two_faults("ttl=soon")]
fn read_set_cache(query: &str) -> bool {
    black_box(input::set_cache(black_box("user:42"), black_box(Some(query)))).is_ok()
}

#[library_benchmark]
#[bench::of_100(fixtures::message(100))]
#[bench::of_10_000(fixtures::message(10_000))]
fn read_message(body: Vec<u8>) -> bool {
    black_box(input::publish_message(Some("queue_name=orders"), black_box(&body))).is_ok()
}

#[library_benchmark]
#[bench::taken_over(fixtures::ID)]
fn read_request_id(header: &[u8]) -> contract::RequestId {
    black_box(contract::RequestId::from_header(black_box([header])))
}

/// A problem by its place among the fixtures.
fn problem(index: usize) -> Problem {
    fixtures::problems().into_iter().nth(index).unwrap().1
}

#[library_benchmark]
#[bench::route_404(problem(0))]
#[bench::key_404(problem(1))]
#[bench::input_422(problem(2))]
#[bench::backend_503(problem(3))]
fn write_envelope(problem: Problem) -> Vec<u8> {
    black_box(fixtures::bytes(ErrorEnvelope::new(black_box(&problem), &fixtures::request_id())))
}

/// An answer by its name.
fn answer(name: &str) -> fixtures::Answer {
    fixtures::answers().into_iter().find(|(known, _)| *known == name).unwrap().1
}

#[library_benchmark]
#[bench::root(answer("root"))]
#[bench::health(answer("health"))]
#[bench::health_of_all(answer("health of all"))]
#[bench::secret(answer("secret"))]
#[bench::secret_member(answer("secret's member"))]
#[bench::postgres(answer("postgres"))]
#[bench::mysql(answer("mysql"))]
#[bench::mongodb(answer("mongodb"))]
#[bench::cache_nothing(answer("cache, nothing there"))]
#[bench::cache_entry(answer("cache, an entry"))]
#[bench::cache_set(answer("cache, set"))]
#[bench::cache_deleted(answer("cache, deleted"))]
#[bench::published(answer("published"))]
#[bench::queue(answer("queue"))]
#[bench::cluster_nodes(answer("cluster's nodes"))]
#[bench::cluster_slots(answer("cluster's slots"))]
#[bench::cluster_info(answer("cluster's info"))]
fn write_answer(answer: fixtures::Answer) -> Vec<u8> {
    black_box(answer())
}

#[library_benchmark]
#[bench::flat(fixtures::flat())]
#[bench::deep(fixtures::deep())]
fn mask_secret(mut value: Value) -> Value {
    mask::mask(black_box(&mut value));
    black_box(value)
}

library_benchmark_group!(
    name = parts,
    benchmarks = [
        read_cache_key,
        read_set_cache,
        read_message,
        read_request_id,
        write_envelope,
        write_answer,
        mask_secret
    ]
);
main!(library_benchmark_groups = parts);
