//! The metrics of requests: made once for each route, counted by index.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use contract::metrics as names;
use contract::{Operation, Problem, operation};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

/// Labels of methods; a method that is not among them is the last one, which no method is called.
const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", names::OTHER_METHOD];
const OTHER: usize = METHODS.len() - 1;

/// Statuses that a handle is kept for: those of the contract. Others are looked up by name.
const STATUSES: [u16; 16] = [200, 204, 301, 304, 400, 404, 405, 408, 413, 414, 415, 422, 429, 431, 500, 503];

/// The metrics of one server's requests. Cloning is cheap.
#[derive(Clone)]
pub struct HttpMetrics(Arc<[Endpoint]>);

/// One route: handles by method, made when the method is first used.
struct Endpoint {
    label: &'static str,
    methods: [OnceLock<Series>; METHODS.len()],
}

/// The handles of one route and method.
struct Series {
    endpoint: &'static str,
    method: &'static str,
    in_progress: Gauge,
    duration: Histogram,
    requests: [OnceLock<Counter>; STATUSES.len()],
}

impl HttpMetrics {
    /// Makes the handles of every operation of a server, and of `extra` routes beside them.
    ///
    /// What is made here is in `/metrics` from the start, with the value 0, so that an alert on an increase sees
    /// the first one. Install the registry first.
    pub fn new(operations: &[Operation], extra: &[&'static str]) -> Self {
        let mut labels: Vec<&'static str> = operations
            .iter()
            .map(|operation| operation.path)
            .chain(extra.iter().copied())
            .map(operation::endpoint_label)
            .chain([names::UNMATCHED])
            .collect();
        labels.sort_unstable();
        labels.dedup();
        let metrics = Self(labels.into_iter().map(Endpoint::new).collect());
        for operation in operations {
            metrics
                .endpoint(operation.path)
                .series(method_index(operation.method.as_str()))
                .requests(200)
                .increment(0);
        }
        for Endpoint { label, .. } in metrics.0.iter() {
            errors(Problem::Internal.name(), label).increment(0);
        }
        metrics
    }

    /// Notes that a request has begun.
    ///
    /// `endpoint` is the route's template, or [`contract::metrics::UNMATCHED`]; any text that is neither counts
    /// as unmatched, so that no path of a request ever becomes a label. `method` is as sent.
    pub fn begin(&self, endpoint: &str, method: &str) -> InFlight {
        let in_flight = InFlight {
            endpoints: Arc::clone(&self.0),
            endpoint: self.index(endpoint),
            method: method_index(method),
            begun: Instant::now(),
        };
        in_flight.series().in_progress.increment(1);
        in_flight
    }

    fn endpoint(&self, endpoint: &str) -> &Endpoint {
        &self.0[self.index(endpoint)]
    }

    /// The table is sorted by label, and never empty.
    fn index(&self, endpoint: &str) -> usize {
        let find = |wanted| self.0.binary_search_by(|endpoint| endpoint.label.cmp(wanted));
        let wanted = if endpoint == "/health" { operation::endpoint_label("/health") } else { endpoint };
        find(wanted).or_else(|_| find(names::UNMATCHED)).unwrap_or_default()
    }
}

impl fmt::Debug for HttpMetrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.iter().map(|endpoint| endpoint.label)).finish()
    }
}

impl Endpoint {
    fn new(label: &'static str) -> Self {
        Self { label, methods: [const { OnceLock::new() }; METHODS.len()] }
    }

    fn series(&self, method: usize) -> &Series {
        self.methods[method].get_or_init(|| Series::new(self.label, METHODS[method]))
    }
}

impl Series {
    fn new(endpoint: &'static str, method: &'static str) -> Self {
        Self {
            endpoint,
            method,
            in_progress: gauge!(names::HTTP_REQUESTS_IN_PROGRESS, "method" => method, "endpoint" => endpoint),
            duration: histogram!(names::HTTP_REQUEST_DURATION_SECONDS, "method" => method, "endpoint" => endpoint),
            requests: [const { OnceLock::new() }; STATUSES.len()],
        }
    }

    fn requests(&self, status: u16) -> Counter {
        let of_status = || {
            counter!(names::HTTP_REQUESTS_TOTAL,
                "method" => self.method, "endpoint" => self.endpoint, "status" => status.to_string())
        };
        match STATUSES.binary_search(&status) {
            Ok(index) => self.requests[index].get_or_init(of_status).clone(),
            Err(_) => of_status(),
        }
    }
}

fn method_index(method: &str) -> usize {
    METHODS.iter().position(|known| *known == method).unwrap_or(OTHER)
}

fn errors(error: &'static str, endpoint: &'static str) -> Counter {
    counter!(names::HTTP_ERRORS_TOTAL, "error" => error, "endpoint" => endpoint)
}

/// A request that is being handled.
///
/// Dropped without [`InFlight::finish`], when the client went away in the middle, it only leaves the count of
/// requests in progress.
#[must_use = "dropping it says that the request is over"]
pub struct InFlight {
    endpoints: Arc<[Endpoint]>,
    endpoint: usize,
    method: usize,
    begun: Instant,
}

impl InFlight {
    /// Counts the answer, and gives the time since the request began.
    ///
    /// `error` is the name in the error envelope, where the answer is one.
    pub fn finish(self, status: u16, error: Option<&'static str>) -> Duration {
        let elapsed = self.begun.elapsed();
        let series = self.series();
        series.requests(status).increment(1);
        series.duration.record(elapsed);
        if let Some(error) = error {
            errors(error, series.endpoint).increment(1);
        }
        elapsed
    }

    /// The label `endpoint` that the request counts under; the log line has the same.
    pub fn endpoint(&self) -> &'static str {
        self.endpoints[self.endpoint].label
    }

    /// The label `method` that the request counts under.
    pub fn method(&self) -> &'static str {
        METHODS[self.method]
    }

    fn series(&self) -> &Series {
        self.endpoints[self.endpoint].series(self.method)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.series().in_progress.decrement(1);
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("InFlight")
            .field("endpoint", &self.endpoint())
            .field("method", &self.method())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use contract::OPERATIONS;

    use super::*;
    use crate::ServerIdentity;
    use crate::metrics::Metrics;

    /// The process has one registry, so each test has routes of its own.
    fn registry() -> Metrics {
        Metrics::install(&ServerIdentity::ACTIX).expect("the only recorder of this process")
    }

    /// The value of the one sample that begins with `name` and has all these labels.
    fn sample(text: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut samples = text.lines().filter(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{'))
                && labels.iter().all(|(label, value)| line.contains(&format!("{label}=\"{value}\"")))
        });
        let sample = samples.next()?;
        assert_eq!(samples.next(), None, "one sample only");
        sample.rsplit_once(' ')?.1.parse().ok()
    }

    #[test]
    fn statuses_are_sorted_for_the_search() {
        assert!(STATUSES.is_sorted());
    }

    #[test]
    fn a_request_is_in_progress_until_it_is_finished_and_then_counted_once() {
        let registry = registry();
        let metrics = HttpMetrics::new(OPERATIONS, &["/finished"]);
        let labels = [("endpoint", "/finished"), ("method", "GET")];
        let request = metrics.begin("/finished", "GET");
        assert_eq!(sample(&registry.render(), "http_requests_in_progress", &labels), Some(1.0));
        request.finish(200, None);
        let text = registry.render();
        assert_eq!(sample(&text, "http_requests_in_progress", &labels), Some(0.0));
        let counted = [labels[0], labels[1], ("status", "200")];
        assert_eq!(sample(&text, "http_requests_total", &counted), Some(1.0));
        assert_eq!(sample(&text, "http_request_duration_seconds_count", &labels), Some(1.0));
    }

    #[test]
    fn an_error_is_counted_by_its_name_and_a_status_out_of_the_contract_too() {
        let registry = registry();
        let metrics = HttpMetrics::new(OPERATIONS, &["/errors"]);
        metrics.begin("/errors", "POST").finish(503, Some("CacheConnectionError"));
        metrics.begin("/errors", "POST").finish(599, None);
        let text = registry.render();
        let errors = [("endpoint", "/errors"), ("error", "CacheConnectionError")];
        assert_eq!(sample(&text, "http_errors_total", &errors), Some(1.0));
        for status in ["503", "599"] {
            let labels = [("endpoint", "/errors"), ("method", "POST"), ("status", status)];
            assert_eq!(sample(&text, "http_requests_total", &labels), Some(1.0), "{status}");
        }
    }

    #[test]
    fn a_request_whose_client_went_away_leaves_only_the_progress() {
        let registry = registry();
        let metrics = HttpMetrics::new(OPERATIONS, &["/dropped"]);
        drop(metrics.begin("/dropped", "GET"));
        let text = registry.render();
        let labels = [("endpoint", "/dropped"), ("method", "GET")];
        assert_eq!(sample(&text, "http_requests_in_progress", &labels), Some(0.0));
        assert_eq!(sample(&text, "http_requests_total", &labels), None);
        assert_eq!(sample(&text, "http_request_duration_seconds_count", &labels), Some(0.0));
    }

    #[test]
    fn neither_a_path_nor_a_made_up_method_becomes_a_label() {
        let metrics = HttpMetrics::new(OPERATIONS, &["/known"]);
        let request = metrics.begin("/known/../etc/passwd", "BREW");
        assert_eq!((request.endpoint(), request.method()), ("unmatched", "OTHER"));
        let request = metrics.begin("/known", "get");
        assert_eq!((request.endpoint(), request.method()), ("/known", "OTHER"), "methods are case-sensitive");
    }

    #[test]
    fn health_without_its_slash_counts_as_health() {
        let metrics = HttpMetrics::new(OPERATIONS, &["/health/"]);
        assert_eq!(metrics.begin("/health", "GET").endpoint(), "/health/");
    }

    #[test]
    fn every_operation_and_every_process_metric_is_there_before_the_first_request() {
        let registry = registry();
        let _metrics = HttpMetrics::new(OPERATIONS, &[]);
        let text = registry.render();
        for operation in OPERATIONS {
            let endpoint = operation::endpoint_label(operation.path);
            let labels = [("endpoint", endpoint), ("method", operation.method.as_str())];
            let name = "http_request_duration_seconds_count";
            assert!(sample(&text, name, &labels).is_some(), "{labels:?}");
        }
        for (name, kind) in [
            ("http_requests_total", "counter"),
            ("http_request_duration_seconds", "histogram"),
            ("http_requests_in_progress", "gauge"),
            ("http_errors_total", "counter"),
            ("app_info", "gauge"),
            ("process_cpu_seconds_total", "counter"),
            ("process_resident_memory_bytes", "gauge"),
            ("process_open_fds", "gauge"),
            ("process_start_time_seconds", "gauge"),
        ] {
            assert!(text.contains(&format!("# HELP {name} ")), "{name}");
            assert!(text.contains(&format!("# TYPE {name} {kind}\n")), "{name}");
        }
        let labels = [("name", "api-actix"), ("framework", "actix-web"), ("approach", "code-first")];
        assert_eq!(sample(&text, "app_info", &labels), Some(1.0));
    }

    #[test]
    fn durations_fall_into_the_contract_s_buckets() {
        let registry = registry();
        HttpMetrics::new(OPERATIONS, &["/buckets"]).begin("/buckets", "GET").finish(200, None);
        let text = registry.render();
        let bounds: Vec<&str> = text
            .lines()
            .filter(|line| {
                line.starts_with("http_request_duration_seconds_bucket") && line.contains("\"/buckets\"")
            })
            .filter_map(|line| line.split_once("le=\"")?.1.split_once('"').map(|(bound, _)| bound))
            .collect();
        let expected: Vec<String> =
            names::DURATION_BUCKETS.iter().map(ToString::to_string).chain(["+Inf".to_owned()]).collect();
        assert_eq!(bounds, expected);
    }
}
