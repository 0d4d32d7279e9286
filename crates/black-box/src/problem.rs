//! The error answers of the API, typed a second time.
//!
//! These texts are not taken from the crate that the servers take them from: a suite that did would agree with any
//! mistake in it.

use serde_json::json;

/// An error answer, as the contract words it.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    message: String,
    /// JSON text.
    details: Option<String>,
    pub(crate) retry_after: Option<RetryAfter>,
}

/// What `Retry-After` may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    /// One second.
    One,
    /// At least 1 and at most this.
    UpTo(u64),
}

impl Problem {
    fn new(status: u16, error: &'static str, message: impl Into<String>) -> Self {
        Self { status, error, message: message.into(), details: None, retry_after: None }
    }

    fn with_details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    /// The whole body, with `<request_id>` where the id belongs.
    pub(crate) fn body(&self) -> String {
        let details =
            self.details.as_ref().map(|details| format!(r#""details":{details},"#)).unwrap_or_default();
        format!(
            r#"{{"error":"{}","message":"{}","status_code":{},{details}"request_id":"<request_id>"}}"#,
            self.error, self.message, self.status
        )
    }

    /// Whether the limiter lets the request pass uncounted, so that the answer has no `X-RateLimit-*`.
    pub(crate) fn is_before_the_limiter(&self) -> bool {
        matches!(self.error, "UriTooLong" | "HeadersTooLarge" | "NotFound" | "MethodNotAllowed")
    }

    pub(crate) fn unreadable_path() -> Self {
        Self::new(400, "BadRequest", "The path is not valid percent-encoded UTF-8.")
    }

    pub(crate) fn unreadable_query() -> Self {
        Self::new(400, "BadRequest", "The query is not valid percent-encoded UTF-8.")
    }

    pub(crate) fn unreadable_body() -> Self {
        Self::new(400, "BadRequest", "The body is not valid JSON. Send one JSON object in UTF-8.")
    }

    pub(crate) fn no_route() -> Self {
        Self::new(404, "NotFound", "Nothing is served at this path. GET / lists what is.")
    }

    pub(crate) fn no_secret(name: &str) -> Self {
        Self::resource("secret", name, "There is no secret of this name.")
    }

    pub(crate) fn no_secret_key(id: &str) -> Self {
        Self::resource("secret_key", id, "There is no such secret, or it has no such key.")
    }

    pub(crate) fn no_redis_node(name: &str) -> Self {
        let message = "There is no Redis node of this name. Use redis-1, redis-2 or redis-3.";
        Self::resource("redis_node", name, message)
    }

    fn resource(kind: &str, id: &str, message: &str) -> Self {
        // serde_json writes the id, because it may hold anything that was asked for.
        let details = format!(r#"{{"resource_type":"{kind}","resource_id":{}}}"#, json!(id));
        Self::new(404, "ResourceNotFoundError", message).with_details(details)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "This path does not answer this method. The Allow header lists those it does.";
        Self::new(405, "MethodNotAllowed", message)
    }

    pub(crate) fn body_timeout() -> Self {
        let message = "The request body was not complete in time. Send it without pauses.";
        Self::new(408, "RequestTimeout", message)
    }

    pub(crate) fn body_too_large() -> Self {
        let message = "The request body is too large. A message may have 1 MiB, any other body 10 MiB.";
        Self::new(413, "PayloadTooLarge", message)
    }

    pub(crate) fn target_too_long() -> Self {
        Self::new(414, "UriTooLong", "The request target is longer than 64000 bytes.")
    }

    pub(crate) fn media_type() -> Self {
        let message = "Send the body with Content-Type: application/json and without Content-Encoding.";
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// All of a request's faults, in order.
    pub(crate) fn invalid(faults: &[Fault]) -> Self {
        let faults: Vec<String> = faults.iter().map(Fault::json).collect();
        let message = "The request does not meet the contract. details.validation_errors lists every fault.";
        let details = format!(r#"{{"validation_errors":[{}]}}"#, faults.join(","));
        Self::new(422, "ValidationError", message).with_details(details)
    }

    pub(crate) fn rate_limited(at_most: u64) -> Self {
        let message = "Too many requests. Try again after the time in Retry-After.";
        let problem = Self::new(429, "RateLimitError", message);
        Self { retry_after: Some(RetryAfter::UpTo(at_most)), ..problem }
    }

    pub(crate) fn headers_too_large() -> Self {
        let message = "The request has more than 64 header fields, or more than 32768 bytes of them.";
        Self::new(431, "HeadersTooLarge", message)
    }

    pub(crate) fn internal() -> Self {
        let message = "Something went wrong on the server. The log has the cause under this request id.";
        Self::new(500, "InternalServerError", message)
    }

    /// A backend, by its name on the wire, that cannot be reached.
    pub(crate) fn unavailable(service: &str) -> Self {
        let (error, name) = match service {
            "vault" => ("VaultUnavailableError", "Vault"),
            "postgres" => ("DatabaseConnectionError", "PostgreSQL"),
            "mysql" => ("DatabaseConnectionError", "MySQL"),
            "mongodb" => ("DatabaseConnectionError", "MongoDB"),
            "redis" => ("CacheConnectionError", "The Redis Cluster"),
            _ => ("MessageQueueError", "RabbitMQ"),
        };
        let problem = Self::new(503, error, format!("{name} could not be reached. Try again in a moment."));
        Self { retry_after: Some(RetryAfter::One), ..problem }.with_details(Self::service(service))
    }

    /// A backend whose breaker is open for at most that many seconds more.
    pub(crate) fn circuit_open(service: &str, at_most: u64) -> Self {
        let message = "The backend failed several times in a row and is not asked for now. Try again after the time in Retry-After.";
        let problem = Self::new(503, "CircuitBreakerError", message);
        Self { retry_after: Some(RetryAfter::UpTo(at_most)), ..problem }.with_details(Self::service(service))
    }

    fn service(service: &str) -> String {
        format!(r#"{{"service":"{service}"}}"#)
    }
}

/// One entry of `validation_errors`.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// `path`, `query` or `body`, and the name.
    place: (&'static str, &'static str),
    message: String,
    kind: &'static str,
}

/// A parameter of the path.
pub(crate) const fn path(name: &'static str) -> (&'static str, &'static str) {
    ("path", name)
}

/// A parameter of the query.
pub(crate) const fn query(name: &'static str) -> (&'static str, &'static str) {
    ("query", name)
}

/// The whole body.
pub(crate) const BODY: (&str, &str) = ("body", "");

impl Fault {
    fn new(place: (&'static str, &'static str), kind: &'static str, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), kind }
    }

    pub(crate) fn missing(place: (&'static str, &'static str)) -> Self {
        Self::new(place, "missing", "Field required")
    }

    pub(crate) fn too_short(place: (&'static str, &'static str)) -> Self {
        Self::new(place, "string_too_short", "String should have at least 1 character")
    }

    pub(crate) fn too_long(place: (&'static str, &'static str), limit: usize) -> Self {
        Self::new(place, "string_too_long", format!("String should have at most {limit} characters"))
    }

    pub(crate) fn pattern(place: (&'static str, &'static str), pattern: &str) -> Self {
        Self::new(place, "string_pattern_mismatch", format!("String should match pattern '{pattern}'"))
    }

    pub(crate) fn not_an_integer(place: (&'static str, &'static str)) -> Self {
        Self::new(place, "int_parsing", "Input should be a valid integer")
    }

    pub(crate) fn too_small(place: (&'static str, &'static str), limit: i64) -> Self {
        Self::new(place, "greater_than_equal", format!("Input should be greater than or equal to {limit}"))
    }

    pub(crate) fn too_large(place: (&'static str, &'static str), limit: i64) -> Self {
        Self::new(place, "less_than_equal", format!("Input should be less than or equal to {limit}"))
    }

    pub(crate) fn not_an_object() -> Self {
        Self::new(BODY, "object_type", "Input should be a valid object")
    }

    pub(crate) fn empty_object() -> Self {
        Self::new(BODY, "object_empty", "Object should have at least 1 property")
    }

    fn json(&self) -> String {
        let place = match self.place {
            (place, "") => json!([place]),
            (place, name) => json!([place, name]),
        };
        // The members' order is the contract's; serde_json writes the texts, which hold backslashes.
        format!(r#"{{"loc":{place},"msg":{},"type":"{}"}}"#, json!(self.message), self.kind)
    }
}
