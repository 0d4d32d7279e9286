//! The extractor of an operation's input; what it reads by is generated (see `generated::params`).
//!
//! actix-web hands over raw text, the generated reader says what it means, and a refusal is an
//! [`ApiError`](crate::errors::ApiError), so no answer here is the framework's own.

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use contract::{Problem, limits, request};
use futures_util::StreamExt as _;

use crate::middleware::body;

/// What an operation is asked with: path, query and body, read by the rules of the document.
#[derive(Debug)]
pub(crate) struct Input<T>(pub(crate) T);

/// Reads the body of an operation that takes one, of at most [`limits::MAX_MESSAGE_BYTES`].
///
/// The media type and the declared length are checked before a byte of it is read. A body whose framing broke is
/// empty here: neither of them is JSON.
///
/// # Errors
/// [`Problem::UnsupportedMediaType`]; [`Problem::PayloadTooLarge`] as soon as the limit is passed;
/// [`Problem::RequestTimeout`] when it is not complete in time.
pub(crate) async fn body(request: &HttpRequest, mut payload: Payload) -> Result<Bytes, Problem> {
    if let Err(problem) = check_declarations(request) {
        body::discard(request.head().version, payload);
        return Err(problem);
    }
    let read = read(&mut payload).await;
    if read.is_err() {
        body::give_up(request, payload);
    }
    read
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

async fn read(payload: &mut Payload) -> Result<Bytes, Problem> {
    let read = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let Ok(chunk) = chunk else { return Ok(Bytes::new()) };
            if body.len() + chunk.len() > limits::MAX_MESSAGE_BYTES {
                return Err(Problem::PayloadTooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    tokio::time::timeout(limits::BODY_TIMEOUT, read).await.unwrap_or(Err(Problem::RequestTimeout))
}
