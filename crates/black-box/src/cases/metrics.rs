//! What a server counts of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::expected::{Expected, JSON};
use crate::problem::Problem;
use crate::rows::Rows;
use crate::server::Server;
use crate::suite::{Suite, cases};
use crate::wire::Request;
use crate::{BoxError, Outcome};
use testkit::BACKENDS;

cases![
    every_metric_of_the_contract_has_its_type_help_and_labels,
    what_was_asked_is_counted_under_its_template,
    caches_and_backends_are_counted,
];

const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Name, type and labels.
const METRICS: [(&str, &str, &[&str]); 10] = [
    ("http_requests_total", "counter", &["endpoint", "method", "status"]),
    ("http_request_duration_seconds", "histogram", &["endpoint", "method"]),
    ("http_requests_in_progress", "gauge", &["endpoint", "method"]),
    ("http_errors_total", "counter", &["endpoint", "error"]),
    ("backend_operation_duration_seconds", "histogram", &["backend", "operation"]),
    ("backend_up", "gauge", &["backend"]),
    ("circuit_breaker_state", "gauge", &["backend"]),
    ("cache_hits_total", "counter", &["cache"]),
    ("cache_misses_total", "counter", &["cache"]),
    ("app_info", "gauge", &["approach", "framework", "name", "version"]),
];

const BUCKETS: [&str; 14] = [
    "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf",
];

/// One line that is no comment.
#[derive(Debug, Clone, PartialEq)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// A scrape in Prometheus' text format 0.0.4.
#[derive(Debug, Default)]
struct Scrape {
    types: BTreeMap<String, String>,
    helps: BTreeSet<String>,
    samples: Vec<Sample>,
}

impl Scrape {
    async fn of(server: &Server) -> Result<Self, BoxError> {
        let answer = server.expect(&Request::get("/metrics"), Expected::media(MEDIA_TYPE)).await?;
        let mut scrape = Self::default();
        for line in answer.text().lines().filter(|line| !line.is_empty()) {
            let unread = || format!("a line that is none of the format: {line:?}");
            if let Some(comment) = line.strip_prefix("# ") {
                let (kind, rest) = comment.split_once(' ').ok_or_else(unread)?;
                let (name, text) = rest.split_once(' ').ok_or_else(unread)?;
                let is_first = match kind {
                    "TYPE" => scrape.types.insert(name.to_owned(), text.to_owned()).is_none(),
                    "HELP" => scrape.helps.insert(name.to_owned()),
                    _ => return Err(unread().into()),
                };
                if !is_first {
                    return Err(format!("a second {kind} of {name}").into());
                }
            } else {
                scrape.samples.push(sample(line).ok_or_else(unread)?);
            }
        }
        Ok(scrape)
    }

    /// The value of the one sample with exactly these labels; 0 where there is none yet.
    fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let found = self.samples.iter().find(|sample| sample.name == name && sample.labels == labels);
        found.map_or(0.0, |sample| sample.value)
    }
}

fn sample(line: &str) -> Option<Sample> {
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let mut rest = labels.strip_suffix('}')?;
    let mut labels = BTreeMap::new();
    while !rest.is_empty() {
        let (label, after) = rest.split_once("=\"")?;
        // No label of ours holds a quote.
        let (text, after) = after.split_once('"')?;
        labels.insert(label.to_owned(), text.to_owned());
        rest = after.strip_prefix(',').unwrap_or(after);
    }
    Some(Sample { name: name.to_owned(), labels, value: value.parse().ok()? })
}

async fn every_metric_of_the_contract_has_its_type_help_and_labels(suite: Arc<Suite>) -> Outcome {
    let server = suite.launch().ready().await?;
    // One of each, so that none is left out for want of a value.
    for target in ["/", "/nosuch", "/examples/vault/secret/postgres", "/health/all"] {
        server.ask(&Request::get(target)).await?;
    }
    let scrape = Scrape::of(&server).await?;
    let mut rows = Rows::new(&server);
    for (name, kind, labels) in METRICS {
        let found = scrape.types.get(name);
        let outcome = if found.is_some_and(|found| found == kind) && scrape.helps.contains(name) {
            Ok(())
        } else {
            Err(BoxError::from(format!("expected HELP and the type {kind}, got the type {found:?}")))
        };
        rows.note(name, outcome);
        let suffixes: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
        for suffix in suffixes {
            let series = format!("{name}{suffix}");
            let mut expected: BTreeSet<&str> = labels.iter().copied().collect();
            if *suffix == "_bucket" {
                expected.insert("le");
            }
            let samples: Vec<&Sample> =
                scrape.samples.iter().filter(|sample| sample.name == series).collect();
            let others: Vec<&&Sample> = samples
                .iter()
                .filter(|sample| {
                    sample.labels.keys().map(String::as_str).collect::<BTreeSet<_>>() != expected
                })
                .collect();
            let outcome = if samples.is_empty() || !others.is_empty() {
                Err(BoxError::from(format!(
                    "expected the labels {expected:?}, got {others:?} of {}",
                    samples.len()
                )))
            } else {
                Ok(())
            };
            rows.note(&series, outcome);
        }
    }
    let known = |name: &str| name.starts_with("process_") || METRICS.iter().any(|(known, ..)| *known == name);
    let unknown: Vec<&String> = scrape.types.keys().filter(|name| !known(name)).collect();
    rows.note("no others", if unknown.is_empty() { Ok(()) } else { Err(format!("{unknown:?}").into()) });
    for name in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_open_fds",
    ] {
        let is_there = scrape.samples.iter().any(|sample| sample.name == name);
        rows.note(name, if is_there { Ok(()) } else { Err("it is not there".into()) });
    }
    let of_root: Vec<&str> = scrape
        .samples
        .iter()
        .filter(|sample| {
            sample.name == "http_request_duration_seconds_bucket"
                && sample.labels["endpoint"] == "/"
                && sample.labels["method"] == "GET"
        })
        .map(|sample| sample.labels["le"].as_str())
        .collect();
    rows.note("the buckets", if of_root == BUCKETS { Ok(()) } else { Err(format!("{of_root:?}").into()) });
    let target = suite.target;
    let labels = [
        ("name", target.name),
        ("version", target.version),
        ("framework", target.framework),
        ("approach", target.approach),
    ];
    let is_one = is(scrape.value("app_info", &labels), 1.0);
    rows.note("app_info says who it is", is_one);
    rows.outcome()?;
    server.stop().await
}

fn is(found: f64, expected: f64) -> Outcome {
    // Counts are whole, and exact far beyond what a case does.
    if (found - expected).abs() < 0.5 {
        Ok(())
    } else {
        Err(format!("expected {expected}, got {found}").into())
    }
}

async fn what_was_asked_is_counted_under_its_template(suite: Arc<Suite>) -> Outcome {
    let server = suite.launch().ready().await?;
    let before = Scrape::of(&server).await?;
    let telling = "telling-9b2f6a54";
    for (method, target, times) in [
        ("GET", "/health/", 2),
        ("GET", "/health", 1),
        ("HEAD", "/health/", 1),
        ("OPTIONS", "/health/", 1),
        ("DELETE", "/health/", 1),
        ("BREW", "/health/", 2),
        ("get", "/health/", 1),
        ("GET", "/nosuch/telling-9b2f6a54", 2),
        ("GET", "/docs/telling-9b2f6a54", 1),
        ("GET", "/redis/nodes/telling-9b2f6a54/info", 1),
        ("GET", "/examples/cache/telling-9b2f6a54%20", 3),
        ("GET", "/examples/cache/%FF", 1),
    ] {
        for _ in 0..times {
            server.ask(&Request::new(method, target)).await?;
        }
    }
    let after = Scrape::of(&server).await?;
    let mut rows = Rows::new(&server);
    for (method, endpoint, status, times) in [
        ("GET", "/health/", "200", 3.0),
        ("HEAD", "/health/", "200", 1.0),
        ("OPTIONS", "/health/", "204", 1.0),
        ("DELETE", "/health/", "405", 1.0),
        ("OTHER", "/health/", "405", 3.0),
        ("GET", "unmatched", "404", 2.0),
        ("GET", "/docs/{file}", "404", 1.0),
        ("GET", "/redis/nodes/{node_name}/info", "404", 1.0),
        ("GET", "/examples/cache/{key}", "422", 3.0),
        ("GET", "/examples/cache/{key}", "400", 1.0),
        ("GET", "/metrics", "200", 1.0),
    ] {
        let labels = [("method", method), ("endpoint", endpoint), ("status", status)];
        let grown =
            after.value("http_requests_total", &labels) - before.value("http_requests_total", &labels);
        rows.note(&format!("{method} {endpoint} {status}"), is(grown, times));
    }
    for (error, endpoint, times) in [
        ("MethodNotAllowed", "/health/", 4.0),
        ("NotFound", "unmatched", 2.0),
        ("NotFound", "/docs/{file}", 1.0),
        ("ResourceNotFoundError", "/redis/nodes/{node_name}/info", 1.0),
        ("ValidationError", "/examples/cache/{key}", 3.0),
        ("BadRequest", "/examples/cache/{key}", 1.0),
    ] {
        let labels = [("error", error), ("endpoint", endpoint)];
        let grown = after.value("http_errors_total", &labels) - before.value("http_errors_total", &labels);
        rows.note(&format!("{error} {endpoint}"), is(grown, times));
    }
    let labels = [("method", "GET"), ("endpoint", "/health/")];
    let count = "http_request_duration_seconds_count";
    rows.note("durations are counted", is(after.value(count, &labels) - before.value(count, &labels), 3.0));
    rows.note("nothing of health is in progress", is(after.value("http_requests_in_progress", &labels), 0.0));
    let labels = [("method", "GET"), ("endpoint", "/metrics")];
    rows.note("the scrape itself is in progress", is(after.value("http_requests_in_progress", &labels), 1.0));
    let raw = after.samples.iter().find(|sample| sample.labels.values().any(|value| value.contains(telling)));
    rows.note("no path becomes a label", raw.map_or(Ok(()), |sample| Err(format!("{sample:?}").into())));
    rows.outcome()?;
    server.stop().await
}

async fn caches_and_backends_are_counted(suite: Arc<Suite>) -> Outcome {
    let server = suite.launch().ready().await?;
    let before = Scrape::of(&server).await?;
    for _ in 0..3 {
        server.expect(&Request::get("/examples/vault/secret/postgres"), Expected::media(JSON)).await?;
        server.expect(&Request::get("/health/all"), Expected::media(JSON)).await?;
        server.expect(&Request::get("/examples/cache/nosuch"), Expected::media(JSON)).await?;
    }
    let unknown = Request::get("/examples/vault/secret/nosuch");
    server.expect(&unknown, Problem::no_secret("nosuch")).await?;
    let after = Scrape::of(&server).await?;
    let grown = |name: &str, labels: &[(&str, &str)]| after.value(name, labels) - before.value(name, labels);
    let mut rows = Rows::new(&server);
    for (name, cache, times) in [
        ("cache_misses_total", "secrets", 2.0),
        ("cache_hits_total", "secrets", 2.0),
        ("cache_misses_total", "health", 1.0),
        ("cache_hits_total", "health", 2.0),
    ] {
        rows.note(&format!("{name} {cache}"), is(grown(name, &[("cache", cache)]), times));
    }
    for backend in BACKENDS {
        rows.note(backend, is(after.value("backend_up", &[("backend", backend)]), 1.0));
        rows.note(backend, is(after.value("circuit_breaker_state", &[("backend", backend)]), 0.0));
    }
    let get = [("backend", "redis"), ("operation", "get")];
    rows.note("calls are counted", is(grown("backend_operation_duration_seconds_count", &get), 3.0));
    rows.outcome()?;
    server.stop().await
}
