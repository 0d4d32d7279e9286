//! The API contract as types and tables: what is accepted, what is refused, and by which name.
//!
//! Every rule that must give the same bytes from every server stands here once: the parse rules of each
//! parameter and of the message body, the table from a failure to its status and error name, header and
//! metric names, limits, and the operation table generated from `openapi/openapi.yaml`.
//!
//! Deliberately absent: I/O, a runtime, an HTTP library, a web framework. A server collects raw text in its
//! framework's own way, hands it to [`input`], and turns a [`Problem`] into its framework's own response.

pub mod backend;
pub mod cache;
pub mod cors;
pub mod field;
pub mod headers;
pub mod input;
pub mod limits;
pub mod mask;
pub mod messaging;
pub mod metrics;
pub mod operation;
mod operations;
pub mod percent;
pub mod problem;
pub mod raw;
pub mod redis;
pub mod request;
pub mod request_id;
pub mod rule;
pub mod secrets;
mod text;
pub mod texts;
pub mod trace_parent;

pub use backend::Backend;
pub use cache::{CacheKey, CacheTtl, CacheValue};
pub use field::{FieldError, FieldErrors, FieldFault, FieldPlace};
pub use limits::RateLimitClass;
pub use messaging::{Message, QueueName};
pub use operation::{Method, Operation};
pub use operations::OPERATIONS;
pub use problem::Problem;
pub use redis::RedisNode;
pub use request_id::RequestId;
pub use rule::{IntegerRule, TextRule};
pub use secrets::{SecretKey, SecretName};
pub use trace_parent::{TraceId, TraceParent};
