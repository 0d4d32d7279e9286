//! From the raw text of a request to the typed input of an operation, by the newtypes' own rules.
//!
//! A server collects raw path segments, the raw query and the body in its framework's own way and calls the
//! function here that its operation needs. All faults of a request are reported at once, in document order,
//! and that is why the answers of all servers are equal.

use crate::cache::{CacheKey, CacheTtl, CacheValue};
use crate::field::FieldPlace;
use crate::messaging::{Message, QueueName};
use crate::problem::{Problem, Unreadable};
use crate::raw::{self, Query};
use crate::redis::RedisNode;
use crate::secrets::{SecretKey, SecretName};

/// The input of `set_cache`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetCache {
    /// Where to put the value.
    pub key: CacheKey,
    /// What to put there.
    pub value: CacheValue,
    /// How long it lives; without it, until it is deleted.
    pub ttl: Option<CacheTtl>,
}

/// The input of `publish_message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishMessage {
    /// The queue.
    pub queue: QueueName,
    /// The message.
    pub message: Message,
}

/// Reads the path parameter `key` of the cache operations that have no other input.
///
/// # Errors
/// [`Problem::BadRequest`] for broken percent-encoding, [`Problem::Validation`] for an invalid key.
pub fn cache_key(segment: &str) -> Result<CacheKey, Problem> {
    let key = CacheKey::parse(&raw::segment(segment)?);
    match key {
        Ok(key) => Ok(key),
        Err(fault) => Err(raw::refused([(FieldPlace::Path("key"), Some(fault))])),
    }
}

/// Reads the input of `set_cache`.
///
/// # Errors
/// [`Problem::BadRequest`] for broken percent-encoding of the path, then of the query;
/// [`Problem::Validation`] with the faults of key, value and ttl together.
///
/// ```
/// let input = contract::input::set_cache("a", Some("value=x+y&ttl=60")).unwrap();
/// assert_eq!(input.value.as_str(), "x y");
/// ```
pub fn set_cache(segment: &str, query: Option<&str>) -> Result<SetCache, Problem> {
    let key = raw::segment(segment)?;
    let query = Query::read(query)?;
    let key = CacheKey::parse(&key);
    let value = query.required("value").and_then(CacheValue::parse);
    let ttl = query.optional("ttl").map(CacheTtl::parse).transpose();
    match (key, value, ttl) {
        (Ok(key), Ok(value), Ok(ttl)) => Ok(SetCache { key, value, ttl }),
        (key, value, ttl) => Err(raw::refused([
            (FieldPlace::Path("key"), key.err()),
            (FieldPlace::Query("value"), value.err()),
            (FieldPlace::Query("ttl"), ttl.err()),
        ])),
    }
}

/// Reads the input of `publish_message`. The media type and the length of the body were checked before.
///
/// # Errors
/// [`Problem::BadRequest`] for broken percent-encoding of the query; [`Problem::Validation`] with the faults of
/// query and body together; [`Problem::BadRequest`] for a body that is not JSON when the query is in order.
pub fn publish_message(query: Option<&str>, body: &[u8]) -> Result<PublishMessage, Problem> {
    let query = Query::read(query)?;
    let queue = query.required("queue_name").and_then(QueueName::parse);
    match (queue, Message::parse(body)) {
        (Ok(queue), Ok(message)) => Ok(PublishMessage { queue, message }),
        (queue, message) => {
            Err(raw::refused_with_body([(FieldPlace::Query("queue_name"), queue.err())], message.err()))
        }
    }
}

/// Reads the query of `publish_message` alone, for when the body could not be read to its end.
///
/// # Errors
/// As [`publish_message`] for a body that is not JSON.
pub fn publish_without_body(query: Option<&str>) -> Problem {
    match publish_message(query, b"") {
        Err(problem) => problem,
        // An empty body is never a message.
        Ok(_) => Problem::BadRequest(Unreadable::Body),
    }
}

/// Reads the path parameter `queue_name`.
///
/// # Errors
/// [`Problem::BadRequest`] for broken percent-encoding, [`Problem::Validation`] for an invalid name.
pub fn queue_name(segment: &str) -> Result<QueueName, Problem> {
    QueueName::parse(&raw::segment(segment)?)
        .map_err(|fault| raw::refused([(FieldPlace::Path("queue_name"), Some(fault))]))
}

/// Reads the path parameter `service_name`.
///
/// # Errors
/// [`Problem::BadRequest`] for broken percent-encoding, [`Problem::Validation`] for an invalid name.
pub fn secret_name(segment: &str) -> Result<SecretName, Problem> {
    SecretName::parse(&raw::segment(segment)?)
        .map_err(|fault| raw::refused([(FieldPlace::Path("service_name"), Some(fault))]))
}

/// Reads the path parameters `service_name` and `key`.
///
/// # Errors
/// [`Problem::BadRequest`] for broken percent-encoding, [`Problem::Validation`] with the faults of both.
pub fn secret_key(name: &str, key: &str) -> Result<(SecretName, SecretKey), Problem> {
    let (name, key) = (raw::segment(name)?, raw::segment(key)?);
    match (SecretName::parse(&name), SecretKey::parse(&key)) {
        (Ok(name), Ok(key)) => Ok((name, key)),
        (name, key) => Err(raw::refused([
            (FieldPlace::Path("service_name"), name.err()),
            (FieldPlace::Path("key"), key.err()),
        ])),
    }
}

/// Reads the path parameter `node_name`.
///
/// # Errors
/// [`Problem::BadRequest`] for broken percent-encoding, [`Problem::ResourceNotFound`] for any other name than
/// those of the three nodes.
pub fn redis_node(segment: &str) -> Result<RedisNode, Problem> {
    RedisNode::named(&raw::segment(segment)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::ResourceKind;

    fn faults(problem: Problem) -> Vec<(FieldPlace, &'static str)> {
        match problem {
            Problem::Validation(errors) => {
                errors.as_slice().iter().map(|error| (error.place, error.fault.kind())).collect()
            }
            other => panic!("not a validation problem: {other:?}"),
        }
    }

    #[test]
    fn all_faults_of_a_request_are_reported_at_once_in_document_order() {
        assert_eq!(
            faults(set_cache("a%2Fb", Some("ttl=0")).unwrap_err()),
            [
                (FieldPlace::Path("key"), "string_pattern_mismatch"),
                (FieldPlace::Query("value"), "missing"),
                (FieldPlace::Query("ttl"), "greater_than_equal"),
            ]
        );
        assert_eq!(
            faults(publish_message(Some("queue_name="), b"[]").unwrap_err()),
            [(FieldPlace::Query("queue_name"), "string_too_short"), (FieldPlace::Body, "object_type")]
        );
        assert_eq!(
            faults(secret_key("..%2f", &"k".repeat(101)).unwrap_err()),
            [
                (FieldPlace::Path("service_name"), "string_pattern_mismatch"),
                (FieldPlace::Path("key"), "string_too_long"),
            ]
        );
    }

    #[test]
    fn a_body_that_is_not_json_is_told_only_when_the_query_is_in_order() {
        assert_eq!(
            publish_message(Some("queue_name=q"), b"{").unwrap_err(),
            Problem::BadRequest(Unreadable::Body)
        );
        assert_eq!(
            faults(publish_message(None, b"{").unwrap_err()),
            [(FieldPlace::Query("queue_name"), "missing")]
        );
        assert_eq!(publish_without_body(Some("queue_name=q")), Problem::BadRequest(Unreadable::Body));
    }

    #[test]
    fn broken_text_comes_before_every_other_fault() {
        assert_eq!(set_cache("%FF", Some("%FF")).unwrap_err(), Problem::BadRequest(Unreadable::Path));
        assert_eq!(set_cache("%20", Some("x=%F")).unwrap_err(), Problem::BadRequest(Unreadable::Query));
    }

    #[test]
    fn the_last_of_a_repeated_name_counts_and_unknown_names_do_not() {
        let input = set_cache("k", Some("value=1&other=x&value=2&ttl=x&ttl=5")).unwrap();
        assert_eq!(input.value.as_str(), "2");
        assert_eq!(input.ttl.map(CacheTtl::seconds), Some(5));
        assert_eq!(set_cache("k", Some("value")).unwrap().value.as_str(), "");
    }

    #[test]
    fn an_unknown_node_is_named_as_it_was_asked_for() {
        assert_eq!(
            redis_node("redis%2F9").unwrap_err(),
            Problem::ResourceNotFound { kind: ResourceKind::RedisNode, id: "redis/9".into() }
        );
    }
}
