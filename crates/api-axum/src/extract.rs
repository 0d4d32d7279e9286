//! Extractors: axum hands over the request, `contract` says what it means.
//!
//! Each collects raw text and calls one parser; a refusal is an [`ApiError`], so no answer here is the
//! framework's own. `axum::extract::Path` is not used: it decodes by itself and leaves broken escapes as they are.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use contract::input::{self, PublishMessage, SetCache};
use contract::{CacheKey, Problem, QueueName, RedisNode, SecretKey, SecretName, limits, request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::errors::ApiError;
use crate::middleware::body;
use crate::middleware::path::segment;

/// Defines an extractor of what a parser makes of the request's head.
macro_rules! extractors {
    ($($(#[$meta:meta])* $name:ident($inner:ty) = |$parts:ident| $parse:expr;)+) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub(crate) struct $name(pub(crate) $inner);

        impl<S: Sync> FromRequestParts<S> for $name {
            type Rejection = ApiError;

            async fn from_request_parts($parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
                Ok(Self($parse?))
            }
        }
    )+};
}

extractors! {
    /// The path parameter `key` of the cache operations.
    CacheKeyPath(CacheKey) = |parts| input::cache_key(segment(parts, "key"));

    /// Path and query of `set_cache`.
    SetCacheInput(SetCache) = |parts| input::set_cache(segment(parts, "key"), parts.uri.query());

    /// The path parameter `queue_name`.
    QueueNamePath(QueueName) = |parts| input::queue_name(segment(parts, "queue_name"));

    /// The path parameter `service_name`.
    SecretNamePath(SecretName) = |parts| input::secret_name(segment(parts, "service_name"));

    /// The path parameters `service_name` and `key`.
    SecretKeyPath((SecretName, SecretKey)) = |parts| {
        input::secret_key(segment(parts, "service_name"), segment(parts, "key"))
    };

    /// The path parameter `node_name`.
    RedisNodePath(RedisNode) = |parts| input::redis_node(segment(parts, "node_name"));

    /// The name of a file of the documentation pages. Anything that is no name of one is unknown as it stands.
    FileName(String) = |parts| Ok::<_, ApiError>(segment(parts, "file").to_owned());
}

/// Query and body of `publish_message`.
///
/// The media type and the declared length are checked before a byte of the body is read.
#[derive(Debug)]
pub(crate) struct PublishInput(pub(crate) PublishMessage);

impl<S: Sync> FromRequest<S> for PublishInput {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, mut body) = request.into_parts();
        if let Err(problem) = check_media_type(&parts.headers) {
            body::discard(body);
            return Err(problem.into());
        }
        let query = parts.uri.query();
        match read_message(&parts.headers, &mut body).await {
            Ok(Some(message)) => Ok(Self(input::publish_message(query, &message)?)),
            Ok(None) => Err(input::publish_without_body(query).into()),
            Err(problem) => {
                body::refuse(parts.version, body);
                Err(problem.into())
            }
        }
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let values = |name| headers.get_all(name).into_iter().map(HeaderValue::as_bytes);
    request::check_media_type(values(header::CONTENT_TYPE), values(header::CONTENT_ENCODING))
}

/// What `Content-Length` says; hyper has refused values that are no number.
pub(crate) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads a body of at most [`limits::MAX_MESSAGE_BYTES`]; `None` when its framing broke or the client went away.
///
/// # Errors
/// [`Problem::PayloadTooLarge`] by the declared length before a byte is read, or as soon as the limit is passed;
/// [`Problem::RequestTimeout`] when it is not complete in time.
async fn read_message(headers: &HeaderMap, body: &mut Body) -> Result<Option<Bytes>, Problem> {
    request::check_declared_length(declared_length(headers), limits::MAX_MESSAGE_BYTES as u64)?;
    let read = Limited::new(body, limits::MAX_MESSAGE_BYTES).collect();
    match tokio::time::timeout(limits::BODY_TIMEOUT, read).await {
        Ok(Ok(message)) => Ok(Some(message.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::PayloadTooLarge),
        Ok(Err(_)) => Ok(None),
        Err(_elapsed) => Err(Problem::RequestTimeout),
    }
}
