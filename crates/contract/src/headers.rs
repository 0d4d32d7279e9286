//! Header names and the values that every answer carries.

/// The request's id: taken over from the caller or made.
pub const X_REQUEST_ID: &str = "x-request-id";
/// The trace that the caller's request belongs to (W3C Trace Context).
pub const TRACEPARENT: &str = "traceparent";
/// The figure of the rate limit, in requests a minute.
pub const X_RATELIMIT_LIMIT: &str = "x-ratelimit-limit";
/// How many requests are left at once.
pub const X_RATELIMIT_REMAINING: &str = "x-ratelimit-remaining";
/// Whole seconds until the limit is whole again.
pub const X_RATELIMIT_RESET: &str = "x-ratelimit-reset";
/// Whole seconds after which to try again.
pub const RETRY_AFTER: &str = "retry-after";

/// Names and values that stand on every answer of the application.
pub const ON_EVERY_ANSWER: [(&str, &str); 3] =
    [("vary", "Origin"), ("cache-control", "no-store"), ("x-content-type-options", "nosniff")];

/// `Content-Type` of JSON bodies.
pub const JSON: &str = "application/json";
/// `Content-Type` of the Prometheus text format.
pub const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// `Content-Type` of pages.
pub const HTML: &str = "text/html; charset=utf-8";
/// `Content-Type` of the OpenAPI document as YAML (RFC 9512).
pub const YAML: &str = "application/yaml";
