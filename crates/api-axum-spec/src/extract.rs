//! Extractors: axum hands over the request, generated code says what it means.
//!
//! [`Input`] is what handlers take; the extraction of each operation's input is in `generated/params`, and asks here for
//! the body. `axum::extract::Path` is not used: it decodes by itself and leaves broken escapes as they are.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use contract::{Problem, limits, request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::middleware::body;
use crate::middleware::path::segment;

/// The input of an operation, read by the rules of the document.
#[derive(Debug)]
pub(crate) struct Input<T>(pub(crate) T);

/// The name of a file of the documentation pages. Anything that is no name of one is unknown as it stands.
#[derive(Debug)]
pub(crate) struct FileName(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for FileName {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(segment(parts, "file").to_owned()))
    }
}

/// Reads the body of an operation that takes a message; `None` when its framing broke or the client went away.
///
/// # Errors
/// [`Problem::UnsupportedMediaType`]; [`Problem::PayloadTooLarge`] by the declared length before a byte is read, or as
/// soon as the limit is passed; [`Problem::RequestTimeout`] when it is not complete in time.
pub(crate) async fn body(parts: &Parts, mut body: Body) -> Result<Option<Bytes>, Problem> {
    if let Err(problem) = check_media_type(&parts.headers) {
        body::discard(body);
        return Err(problem);
    }
    let read = read_message(&parts.headers, &mut body).await;
    if read.is_err() {
        body::refuse(parts.version, body);
    }
    read
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let values = |name| headers.get_all(name).into_iter().map(HeaderValue::as_bytes);
    request::check_media_type(values(header::CONTENT_TYPE), values(header::CONTENT_ENCODING))
}

/// What `Content-Length` says; hyper has refused values that are no number.
pub(crate) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

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
