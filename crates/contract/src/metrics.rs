//! Names, labels and buckets of the metrics that all servers expose alike.

/// Counter of answered requests, by `method`, `endpoint`, `status`.
pub const HTTP_REQUESTS_TOTAL: &str = "http_requests_total";
/// Histogram of request durations in seconds, by `method`, `endpoint`.
pub const HTTP_REQUEST_DURATION_SECONDS: &str = "http_request_duration_seconds";
/// Gauge of requests in flight, by `method`, `endpoint`.
pub const HTTP_REQUESTS_IN_PROGRESS: &str = "http_requests_in_progress";
/// Counter of error answers, by `error` (the name in the envelope) and `endpoint`.
pub const HTTP_ERRORS_TOTAL: &str = "http_errors_total";
/// Histogram of backend calls in seconds, by `backend`, `operation`.
pub const BACKEND_OPERATION_DURATION_SECONDS: &str = "backend_operation_duration_seconds";
/// Gauge by `backend`: 1 when its last call or probe reached it, else 0.
pub const BACKEND_UP: &str = "backend_up";
/// Gauge by `backend`: 0 closed, 1 half-open, 2 open.
pub const CIRCUIT_BREAKER_STATE: &str = "circuit_breaker_state";
/// Counter of answers taken from a cache, by `cache`.
pub const CACHE_HITS_TOTAL: &str = "cache_hits_total";
/// Counter of answers that a cache did not have, by `cache`.
pub const CACHE_MISSES_TOTAL: &str = "cache_misses_total";
/// Gauge, always 1, by `name`, `version`, `framework`, `approach`.
pub const APP_INFO: &str = "app_info";

/// Upper bounds of both histograms' buckets, in seconds.
pub const DURATION_BUCKETS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The label `endpoint` of a request that no route answers.
pub const UNMATCHED: &str = "unmatched";
/// The label `method` of a method that HTTP does not define (RFC 9110 and PATCH).
pub const OTHER_METHOD: &str = "OTHER";
/// The label `cache` of the cache of secrets.
pub const CACHE_SECRETS: &str = "secrets";
/// The label `cache` of the cache of `/health/all`.
pub const CACHE_HEALTH: &str = "health";
