//! What every answer has, whoever made it.
//!
//! This middleware gives the request its id, measures it, writes the envelope of errors, adds the headers that
//! stand on every answer and writes the log line.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use contract::{Problem, RequestId, headers};
use server::{Exchange, logs};
use tracing::Instrument as _;
use wire_spec::ErrorEnvelope;

use super::{admit, path, request_line};
use crate::errors::ApiError;
use crate::state::AppState;

/// Gives every request an id, a measure, a log line and the headers of every answer.
pub(crate) async fn answer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if let Some(refusal) = request_line::refusal(&request) {
        return refusal;
    }
    let exchange = Exchange::begin(
        &state.server().http_metrics,
        path::template(&request),
        request.method().as_str(),
        |name| request.headers().get_all(name).into_iter().map(HeaderValue::as_bytes),
    );
    let origin = request.headers().get(header::ORIGIN).cloned();
    let version = request.version();

    let mut response = admit::check(request, next).instrument(exchange.span().clone()).await;
    let error = exchange.span().in_scope(|| error_of(&mut response));
    let problem = error.as_ref().map(ApiError::problem);
    if let Some(problem) = problem {
        write_envelope(&mut response, problem, exchange.request_id(), version);
    }
    let origin = origin.as_ref().and_then(|origin| origin.to_str().ok());
    let response_headers = response.headers_mut();
    for (name, value) in headers::ON_EVERY_ANSWER {
        response_headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    insert_all(response_headers, [(headers::X_REQUEST_ID, exchange.request_id().as_str())]);
    insert_all(response_headers, state.server().cors.response_headers(origin));

    exchange.finish(response.status().as_u16(), problem);
    response
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

/// The error that became this response, if one did; its cause is logged, once, here.
fn error_of(response: &mut Response) -> Option<ApiError> {
    let error = response.extensions_mut().remove::<ApiError>();
    // Every refusal of ours carries its error; what is left is the framework's, such as JSON that cannot be written.
    let status = response.status();
    if error.is_none() && (status.is_client_error() || status == StatusCode::INTERNAL_SERVER_ERROR) {
        tracing::error!(%status, "the framework answered with an error of its own");
        return Some(Problem::Internal.into());
    }
    if let Some(error) = &error
        && let Some(cause) = error.cause()
    {
        logs::log_cause(error.problem(), cause);
    }
    error
}

/// Puts the envelope in place of the body.
fn write_envelope(response: &mut Response, problem: &Problem, request_id: &RequestId, version: Version) {
    let (envelope, body) = Json(ErrorEnvelope::new(problem, request_id)).into_response().into_parts();
    *response.status_mut() =
        StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().extend(envelope.headers);
    *response.body_mut() = body;
    // HTTP/2 knows no such header, and its connection is not this request's alone.
    if problem.closes_connection() && version < Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}
