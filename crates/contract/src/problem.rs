//! The one table from a failure to its status, error name, sentence and details.

use serde::Serialize;

use crate::backend::Backend;
use crate::field::{FieldError, FieldErrors};

/// Everything that the API answers instead of what was asked for.
///
/// This is the only place that knows status numbers and error names. The cause of a failure is not in it: it
/// goes to the log, never into an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The request cannot be read: 400.
    BadRequest(Unreadable),
    /// The target is too long: 414.
    UriTooLong,
    /// Too many header fields, or too large: 431.
    HeadersTooLarge,
    /// No route has this path: 404.
    RouteNotFound,
    /// The route exists, the thing it names does not: 404.
    ResourceNotFound {
        /// What kind of thing.
        kind: ResourceKind,
        /// Its name as it was asked for, decoded.
        id: String,
    },
    /// The path has other methods: 405.
    MethodNotAllowed {
        /// The route template, from which the header `Allow` is made.
        template: &'static str,
    },
    /// The body did not arrive in time: 408.
    RequestTimeout,
    /// The body is too large: 413.
    PayloadTooLarge,
    /// The body is not declared as JSON: 415.
    UnsupportedMediaType,
    /// Parameters or body are not as the contract asks: 422.
    Validation(FieldErrors),
    /// Too many requests from this address: 429.
    RateLimited {
        /// Whole seconds after which the next request is let through, at least 1.
        retry_after: u64,
    },
    /// The backend could not be reached or did not answer in time: 503.
    BackendUnavailable(Backend),
    /// The backend failed so often that it is not asked for now: 503.
    CircuitOpen {
        /// The backend.
        backend: Backend,
        /// Whole seconds until it is asked again, at least 1.
        retry_after: u64,
    },
    /// Anything else: 500.
    Internal,
}

/// What about the request cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// A path parameter is not percent-encoded UTF-8.
    Path,
    /// The query is not percent-encoded UTF-8.
    Query,
    /// The body is not JSON, or its framing broke.
    Body,
}

/// The kinds of things that can be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// A secret in Vault.
    Secret,
    /// A member of a secret.
    SecretKey,
    /// A node of the Redis Cluster.
    RedisNode,
}

/// The member `details` of the error envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Details {
    /// Of `ResourceNotFoundError`.
    Resource {
        /// What kind of thing is unknown.
        resource_type: ResourceKind,
        /// Its name as it was asked for.
        resource_id: String,
    },
    /// Of `ValidationError`.
    Validation {
        /// Every fault, in the order path, query, body.
        validation_errors: Vec<FieldError>,
    },
    /// Of the 503 errors.
    Service {
        /// The backend's name.
        service: &'static str,
    },
}

impl Problem {
    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::BadRequest(_) => 400,
            Self::RouteNotFound | Self::ResourceNotFound { .. } => 404,
            Self::MethodNotAllowed { .. } => 405,
            Self::RequestTimeout => 408,
            Self::PayloadTooLarge => 413,
            Self::UriTooLong => 414,
            Self::UnsupportedMediaType => 415,
            Self::Validation(_) => 422,
            Self::RateLimited { .. } => 429,
            Self::HeadersTooLarge => 431,
            Self::Internal => 500,
            Self::BackendUnavailable(_) | Self::CircuitOpen { .. } => 503,
        }
    }

    /// The name: `error` in the envelope and the label `error` of the metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "BadRequest",
            Self::UriTooLong => "UriTooLong",
            Self::HeadersTooLarge => "HeadersTooLarge",
            Self::RouteNotFound => "NotFound",
            Self::ResourceNotFound { .. } => "ResourceNotFoundError",
            Self::MethodNotAllowed { .. } => "MethodNotAllowed",
            Self::RequestTimeout => "RequestTimeout",
            Self::PayloadTooLarge => "PayloadTooLarge",
            Self::UnsupportedMediaType => "UnsupportedMediaType",
            Self::Validation(_) => "ValidationError",
            Self::RateLimited { .. } => "RateLimitError",
            Self::BackendUnavailable(backend) => match backend {
                Backend::Vault => "VaultUnavailableError",
                Backend::Postgres | Backend::Mysql | Backend::Mongodb => "DatabaseConnectionError",
                Backend::Redis => "CacheConnectionError",
                Backend::Rabbitmq => "MessageQueueError",
            },
            Self::CircuitOpen { .. } => "CircuitBreakerError",
            Self::Internal => "InternalServerError",
        }
    }

    /// The sentence for a person. A fixed text: it never echoes what was sent.
    pub const fn message(&self) -> &'static str {
        match self {
            Self::BadRequest(Unreadable::Path) => "The path is not valid percent-encoded UTF-8.",
            Self::BadRequest(Unreadable::Query) => "The query is not valid percent-encoded UTF-8.",
            Self::BadRequest(Unreadable::Body) => {
                "The body is not valid JSON. Send one JSON object in UTF-8."
            }
            Self::UriTooLong => "The request target is longer than 64000 bytes.",
            Self::HeadersTooLarge => {
                "The request has more than 64 header fields, or more than 32768 bytes of them."
            }
            Self::RouteNotFound => "Nothing is served at this path. GET / lists what is.",
            Self::ResourceNotFound { kind: ResourceKind::Secret, .. } => "There is no secret of this name.",
            Self::ResourceNotFound { kind: ResourceKind::SecretKey, .. } => {
                "There is no such secret, or it has no such key."
            }
            Self::ResourceNotFound { kind: ResourceKind::RedisNode, .. } => {
                "There is no Redis node of this name. Use redis-1, redis-2 or redis-3."
            }
            Self::MethodNotAllowed { .. } => {
                "This path does not answer this method. The Allow header lists those it does."
            }
            Self::RequestTimeout => "The request body was not complete in time. Send it without pauses.",
            Self::PayloadTooLarge => {
                "The request body is too large. A message may have 1 MiB, any other body 10 MiB."
            }
            Self::UnsupportedMediaType => {
                "Send the body with Content-Type: application/json and without Content-Encoding."
            }
            Self::Validation(_) => {
                "The request does not meet the contract. details.validation_errors lists every fault."
            }
            Self::RateLimited { .. } => "Too many requests. Try again after the time in Retry-After.",
            Self::BackendUnavailable(backend) => match backend {
                Backend::Vault => "Vault could not be reached. Try again in a moment.",
                Backend::Postgres => "PostgreSQL could not be reached. Try again in a moment.",
                Backend::Mysql => "MySQL could not be reached. Try again in a moment.",
                Backend::Mongodb => "MongoDB could not be reached. Try again in a moment.",
                Backend::Redis => "The Redis Cluster could not be reached. Try again in a moment.",
                Backend::Rabbitmq => "RabbitMQ could not be reached. Try again in a moment.",
            },
            Self::CircuitOpen { .. } => {
                "The backend failed several times in a row and is not asked for now. Try again after the time in Retry-After."
            }
            Self::Internal => {
                "Something went wrong on the server. The log has the cause under this request id."
            }
        }
    }

    /// The member `details`, left out of the envelope when `None`.
    pub fn details(&self) -> Option<Details> {
        match self {
            Self::ResourceNotFound { kind, id } => {
                Some(Details::Resource { resource_type: *kind, resource_id: id.clone() })
            }
            Self::Validation(errors) => {
                Some(Details::Validation { validation_errors: errors.as_slice().to_vec() })
            }
            Self::BackendUnavailable(backend) | Self::CircuitOpen { backend, .. } => {
                Some(Details::Service { service: backend.as_str() })
            }
            Self::BadRequest(_)
            | Self::UriTooLong
            | Self::HeadersTooLarge
            | Self::RouteNotFound
            | Self::MethodNotAllowed { .. }
            | Self::RequestTimeout
            | Self::PayloadTooLarge
            | Self::UnsupportedMediaType
            | Self::RateLimited { .. }
            | Self::Internal => None,
        }
    }

    /// The value of `Retry-After` in whole seconds, where the answer has one.
    pub const fn retry_after(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after } | Self::CircuitOpen { retry_after, .. } => Some(*retry_after),
            Self::BackendUnavailable(_) => Some(1),
            _ => None,
        }
    }

    /// Whether the connection must be closed after the answer, because the rest of the request is not read.
    pub const fn closes_connection(&self) -> bool {
        matches!(self, Self::PayloadTooLarge | Self::RequestTimeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{FieldFault, FieldPlace};

    #[test]
    fn every_problem_has_its_status_and_name() {
        let errors = FieldErrors::collect([(FieldPlace::Query("value"), Some(FieldFault::Missing))]).unwrap();
        let unknown = |kind| Problem::ResourceNotFound { kind, id: "x".into() };
        for (problem, status, name) in [
            (Problem::BadRequest(Unreadable::Body), 400, "BadRequest"),
            (Problem::RouteNotFound, 404, "NotFound"),
            (unknown(ResourceKind::Secret), 404, "ResourceNotFoundError"),
            (Problem::MethodNotAllowed { template: "/" }, 405, "MethodNotAllowed"),
            (Problem::RequestTimeout, 408, "RequestTimeout"),
            (Problem::PayloadTooLarge, 413, "PayloadTooLarge"),
            (Problem::UriTooLong, 414, "UriTooLong"),
            (Problem::UnsupportedMediaType, 415, "UnsupportedMediaType"),
            (Problem::Validation(errors), 422, "ValidationError"),
            (Problem::RateLimited { retry_after: 1 }, 429, "RateLimitError"),
            (Problem::HeadersTooLarge, 431, "HeadersTooLarge"),
            (Problem::Internal, 500, "InternalServerError"),
            (Problem::BackendUnavailable(Backend::Vault), 503, "VaultUnavailableError"),
            (Problem::BackendUnavailable(Backend::Postgres), 503, "DatabaseConnectionError"),
            (Problem::BackendUnavailable(Backend::Mysql), 503, "DatabaseConnectionError"),
            (Problem::BackendUnavailable(Backend::Mongodb), 503, "DatabaseConnectionError"),
            (Problem::BackendUnavailable(Backend::Redis), 503, "CacheConnectionError"),
            (Problem::BackendUnavailable(Backend::Rabbitmq), 503, "MessageQueueError"),
            (Problem::CircuitOpen { backend: Backend::Redis, retry_after: 9 }, 503, "CircuitBreakerError"),
        ] {
            assert_eq!((problem.status(), problem.name()), (status, name));
            assert_eq!(problem.retry_after().is_some(), matches!(status, 429 | 503), "{name}");
            assert!(problem.message().ends_with('.'), "{name}");
        }
    }

    #[test]
    fn details_name_what_a_client_can_act_on() {
        let errors = FieldErrors::collect([
            (FieldPlace::Path("key"), Some(FieldFault::Pattern("^x$"))),
            (FieldPlace::Query("value"), None),
            (FieldPlace::Body, Some(FieldFault::EmptyObject)),
        ])
        .unwrap();
        let json = |problem: Problem| serde_json::to_string(&problem.details().unwrap()).unwrap();
        assert_eq!(
            json(Problem::Validation(errors)),
            concat!(
                r#"{"validation_errors":[{"loc":["path","key"],"msg":"String should match pattern '^x$'","#,
                r#""type":"string_pattern_mismatch"},{"loc":["body"],"#,
                r#""msg":"Object should have at least 1 property","type":"object_empty"}]}"#
            )
        );
        assert_eq!(
            json(Problem::ResourceNotFound { kind: ResourceKind::SecretKey, id: "postgres/nosuch".into() }),
            r#"{"resource_type":"secret_key","resource_id":"postgres/nosuch"}"#
        );
        assert_eq!(json(Problem::BackendUnavailable(Backend::Rabbitmq)), r#"{"service":"rabbitmq"}"#);
    }
}
