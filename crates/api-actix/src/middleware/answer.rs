//! The outermost middleware: what every answer has, whoever made it.
//!
//! It gives the request its id, measures it, turns errors and panics into the envelope, adds the headers that
//! stand on every answer and writes the log line.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse, web};
use contract::{Problem, RequestId, headers, operation};
use futures_util::FutureExt as _;
use server::limits::Decision;
use server::{Exchange, logs};
use tracing::Instrument as _;

use super::{body, path};
use crate::errors::{ApiError, problem_response};
use crate::state::AppState;

/// The template of the route that the path of the request has, whatever its method.
#[derive(Debug, Clone, Copy)]
struct Endpoint(&'static str);

/// Where [`super::admit`] leaves what the rate limit said.
///
/// It is shared, and not only with the request, because a panic takes the request with it.
#[derive(Debug, Clone, Default)]
struct Counted(Rc<Cell<Option<Decision>>>);

/// Notes what the rate limit said of `request`, for the headers of its answer.
pub(crate) fn note(request: &HttpRequest, decision: Decision) {
    if let Some(counted) = request.extensions().get::<Counted>() {
        counted.0.set(Some(decision));
    }
}

/// The template of the route whose path `request` has, if there is one.
pub(crate) fn endpoint(request: &HttpRequest) -> Option<&'static str> {
    request.extensions().get::<Endpoint>().map(|endpoint| endpoint.0)
}

/// Gives every request an id, a measure, a log line and the headers of every answer.
pub(crate) async fn answer(
    state: web::Data<AppState>,
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    path::keep_as_sent(&mut request);
    // Not by `match_pattern`, which searches the path with the regular expressions of all routes, and the router does so
    // once more.
    let endpoint = operation::template_of(request.path());
    if let Some(template) = endpoint {
        request.extensions_mut().insert(Endpoint(template));
    }
    let counted = Counted::default();
    request.extensions_mut().insert(counted.clone());
    let exchange = Exchange::begin(&state.server.http_metrics, endpoint, request.method().as_str(), |name| {
        request.headers().get_all(name).map(HeaderValue::as_bytes)
    });
    let (request_id, span) = (exchange.request_id(), exchange.span());
    let origin = request.headers().get(header::ORIGIN).cloned();

    let result = AssertUnwindSafe(next.call(request)).catch_unwind().instrument(span.clone()).await;
    let in_span = span.enter();
    // A panic has consumed the request, so its answer leaves as an error that carries the response.
    let (request, mut response, problem) = match result {
        Ok(Ok(answered)) => {
            let (request, response) = answered.into_parts();
            let (response, problem) = with_envelope(response, request_id);
            let response = body::hold(&request, response);
            (Some(request), response, problem)
        }
        Ok(Err(error)) => {
            let problem = problem_of(&error);
            (None, problem_response(&problem, request_id), Some(problem))
        }
        Err(_panic) => (None, problem_response(&Problem::Internal, request_id), Some(Problem::Internal)),
    };
    let origin = origin.as_ref().and_then(|origin| origin.to_str().ok());
    add_headers(response.headers_mut(), &state, request_id, origin, counted.0.get());

    drop(in_span);
    exchange.finish(response.status().as_u16(), problem.as_ref());
    match request {
        Some(request) => Ok(ServiceResponse::new(request, response)),
        None => Err(InternalError::from_response("answered in full", response).into()),
    }
}

/// Puts the envelope in place of the body of an error, and logs what the client is not told.
fn with_envelope(response: HttpResponse, request_id: &RequestId) -> (HttpResponse, Option<Problem>) {
    match response.error().map(problem_of) {
        Some(problem) => (problem_response(&problem, request_id), Some(problem)),
        None => (response, None),
    }
}

/// What the client is told of an error; its cause is logged, once, here.
fn problem_of(error: &Error) -> Problem {
    let Some(error) = error.as_error::<ApiError>() else {
        tracing::error!(error = %error, "the framework answered with an error of its own");
        return Problem::Internal;
    };
    if let Some(cause) = error.cause() {
        logs::log_cause(error.problem(), cause);
    }
    error.problem().clone()
}

fn add_headers(
    headers: &mut HeaderMap,
    state: &AppState,
    request_id: &RequestId,
    origin: Option<&str>,
    decision: Option<Decision>,
) {
    for (name, value) in headers::ON_EVERY_ANSWER {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(request_id.as_str()) {
        headers.insert(HeaderName::from_static(headers::X_REQUEST_ID), value);
    }
    for (name, value) in state.server.cors.response_headers(origin) {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    if let Some(decision) = decision {
        for (name, value) in decision.headers() {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}
