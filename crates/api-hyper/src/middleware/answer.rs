//! What every answer has, whoever made it.
//!
//! This middleware gives the request its id, measures it, writes the envelope of errors, adds the headers that
//! stand on every answer and writes the log line. It also holds answers to the document: a status or media type that
//! the document does not list for the operation is not sent.

use std::net::SocketAddr;

use bytes::Bytes;
use contract::{Problem, RequestId, headers};
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode, Version};
use server::{Exchange, logs};
use tracing::Instrument as _;
use wire_spec::ErrorEnvelope;

use super::admit;
use super::body::RequestBody;
use crate::errors::{Answer, ApiError};
use crate::interpreter::{Found, Target};
use crate::state::AppState;

const X_REQUEST_ID: HeaderName = HeaderName::from_static(headers::X_REQUEST_ID);
const JSON: HeaderValue = HeaderValue::from_static(headers::JSON);
/// [`headers::ON_EVERY_ANSWER`], which need not be read again for every answer.
const ON_EVERY_ANSWER: [(HeaderName, HeaderValue); headers::ON_EVERY_ANSWER.len()] =
    [fixed(0), fixed(1), fixed(2)];

const fn fixed(index: usize) -> (HeaderName, HeaderValue) {
    let (name, value) = headers::ON_EVERY_ANSWER[index];
    (HeaderName::from_static(name), HeaderValue::from_static(value))
}

/// Gives every request an id, a measure, a log line and the headers of every answer.
pub(crate) async fn answer(
    state: &AppState,
    peer: SocketAddr,
    head: &Parts,
    body: RequestBody,
) -> Response<Full<Bytes>> {
    let found = state.table().find(&head.method, head.uri.path());
    let exchange =
        Exchange::begin(&state.server().http_metrics, found.template(), head.method.as_str(), |name| {
            head.headers.get_all(name).into_iter().map(HeaderValue::as_bytes)
        });

    let answer = admit::check(state, peer, found, head, body).instrument(exchange.span().clone()).await;
    let Answer { mut response, error } = exchange.span().in_scope(|| hold_to_document(found, answer));
    let problem = error.as_ref().map(ApiError::problem);
    if let Some(problem) = problem {
        write_envelope(&mut response, problem, exchange.request_id(), head.version);
    }
    let origin = head.headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let response_headers = response.headers_mut();
    for (name, value) in ON_EVERY_ANSWER {
        response_headers.insert(name, value);
    }
    if let Ok(request_id) = HeaderValue::from_str(exchange.request_id().as_str()) {
        response_headers.insert(X_REQUEST_ID, request_id);
    }
    insert_all(response_headers, state.server().cors.response_headers(origin));

    exchange.finish(response.status().as_u16(), problem);
    if head.method == Method::HEAD { without_body(response) } else { response.map(Full::new) }
}

/// Inserts headers whose names are the contract's; a value that no header can have is left out.
pub(crate) fn insert_all<'a>(
    headers: &mut HeaderMap,
    values: impl IntoIterator<Item = (&'static str, &'a str)>,
) {
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// The answer itself, where the document lists it for the operation; else a fault of ours.
///
/// The cause of an error is logged, once, here.
fn hold_to_document(found: Found<'_>, answer: Answer) -> Answer {
    if let Some(error) = &answer.error
        && let Some(cause) = error.cause()
    {
        logs::log_cause(error.problem(), cause);
    }
    let Found::Target(_, Target::Operation(operation)) = found else { return answer };
    let media_type = if answer.error.is_some() {
        Some(&JSON)
    } else {
        answer.response.headers().get(header::CONTENT_TYPE)
    };
    let status = answer.response.status();
    if operation.lists(status, media_type) {
        return answer;
    }
    tracing::error!(operation = operation.id(), %status, ?media_type, "the document does not list this answer");
    let mut refused = Answer::from(ApiError::from(Problem::Internal));
    for (name, value) in answer.response.headers() {
        if name.as_str().starts_with("x-ratelimit-") {
            refused.headers_mut().insert(name, value.clone());
        }
    }
    refused
}

/// Puts the envelope in place of the body.
fn write_envelope(
    response: &mut Response<Bytes>,
    problem: &Problem,
    request_id: &RequestId,
    version: Version,
) {
    match serde_json::to_vec(&ErrorEnvelope::new(problem, request_id)) {
        Ok(envelope) => *response.body_mut() = envelope.into(),
        Err(error) => tracing::error!(%error, "the error envelope cannot be written"),
    }
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    // HTTP/2 knows no such header, and its connection is not this request's alone.
    if problem.closes_connection() && version < Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}

/// The answer to `HEAD`: the length that the body has, and not the body.
fn without_body(response: Response<Bytes>) -> Response<Full<Bytes>> {
    let (mut head, body) = response.into_parts();
    if head.status != StatusCode::NO_CONTENT {
        head.headers.insert(header::CONTENT_LENGTH, body.len().into());
    }
    Response::from_parts(head, Full::default())
}
