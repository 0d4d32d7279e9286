//! Extractors: actix-web hands over the request, `contract` says what it means.
//!
//! Each collects raw text and calls one parser; a refusal is an [`ApiError`], so no answer here is the
//! framework's own.

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use contract::input::{self, PublishMessage, SetCache};
use contract::{CacheKey, Problem, QueueName, RedisNode, SecretKey, SecretName, limits, request};
use futures_util::StreamExt as _;

use crate::errors::ApiError;
use crate::middleware::{body, path};

/// Defines an extractor of what a synchronous parser makes of the request.
macro_rules! extractors {
    ($($(#[$meta:meta])* $name:ident($inner:ty) = |$request:ident| $parse:expr;)+) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub(crate) struct $name(pub(crate) $inner);

        impl FromRequest for $name {
            type Error = ApiError;
            type Future = Ready<Result<Self, ApiError>>;

            fn from_request($request: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready($parse.map(Self).map_err(ApiError::from))
            }
        }
    )+};
}

extractors! {
    /// The path parameter `key` of the cache operations.
    CacheKeyPath(CacheKey) = |request| input::cache_key(&path::segment(request, "key"));

    /// Path and query of `set_cache`.
    SetCacheInput(SetCache) = |request| input::set_cache(&path::segment(request, "key"), request.uri().query());

    /// The path parameter `queue_name`.
    QueueNamePath(QueueName) = |request| input::queue_name(&path::segment(request, "queue_name"));

    /// The path parameter `service_name`.
    SecretNamePath(SecretName) = |request| input::secret_name(&path::segment(request, "service_name"));

    /// The path parameters `service_name` and `key`.
    SecretKeyPath((SecretName, SecretKey)) = |request| {
        input::secret_key(&path::segment(request, "service_name"), &path::segment(request, "key"))
    };

    /// The path parameter `node_name`.
    RedisNodePath(RedisNode) = |request| input::redis_node(&path::segment(request, "node_name"));
}

/// Query and body of `publish_message`.
///
/// The media type and the declared length are checked before a byte of the body is read.
#[derive(Debug)]
pub(crate) struct PublishInput(pub(crate) PublishMessage);

impl FromRequest for PublishInput {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            if let Err(problem) = check_declarations(&request) {
                body::discard(request.head().version, payload);
                return Err(problem.into());
            }
            let query = request.uri().query();
            match read_message(&mut payload).await {
                Ok(Some(body)) => Ok(Self(input::publish_message(query, &body)?)),
                Ok(None) => Err(input::publish_without_body(query).into()),
                Err(problem) => {
                    body::give_up(&request, payload);
                    Err(problem.into())
                }
            }
        })
    }
}

fn check_declarations(request: &HttpRequest) -> Result<(), Problem> {
    let headers = request.headers();
    let values = |name| headers.get_all(name).map(header::HeaderValue::as_bytes);
    request::check_media_type(values(header::CONTENT_TYPE), values(header::CONTENT_ENCODING))?;
    request::check_declared_length(declared_length(request), limits::MAX_MESSAGE_BYTES as u64)
}

/// What `Content-Length` says; actix-web has refused values that are no number.
pub(crate) fn declared_length(request: &HttpRequest) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads a body of at most [`limits::MAX_MESSAGE_BYTES`]; `None` when its framing broke or the client went away.
///
/// # Errors
/// [`Problem::PayloadTooLarge`] as soon as the limit is passed, [`Problem::RequestTimeout`] when it is not
/// complete in time.
async fn read_message(payload: &mut Payload) -> Result<Option<Bytes>, Problem> {
    let read = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let Ok(chunk) = chunk else { return Ok(None) };
            if body.len() + chunk.len() > limits::MAX_MESSAGE_BYTES {
                return Err(Problem::PayloadTooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(body.freeze()))
    };
    tokio::time::timeout(limits::BODY_TIMEOUT, read).await.unwrap_or(Err(Problem::RequestTimeout))
}
