//! What is decided before a handler runs: sizes, the route, the rate limit, and the bodies that no handler takes.
//!
//! Each function is one step and calls the next, in the order of the contract.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;

use contract::{Problem, limits, request};
use futures_util::FutureExt as _;
use hyper::header::HeaderName;
use hyper::http::request::Parts;

use super::body::{self, RequestBody};
use crate::errors::{Answer, ApiError, ApiResult};
use crate::extract::{Call, declared_length};
use crate::handlers::{documentation, unrouted};
use crate::interpreter::{Found, Reply, Route, Target};
use crate::state::AppState;

/// Refuses a request whose target or header fields are too large, whatever its path.
pub(crate) async fn check(
    state: &AppState,
    peer: SocketAddr,
    found: Found<'_>,
    head: &Parts,
    body: RequestBody,
) -> Answer {
    let target = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let fields = head.headers.iter().map(|(name, value)| (name.as_str().len(), value.len()));
    match request::check_size(target, fields) {
        Ok(()) => route(state, peer, found, head, body).await,
        Err(problem) => {
            body::discard(body);
            ApiError::from(problem).into()
        }
    }
}

/// Answers what has no handler, which counts against no limit, and lets the rest go on.
async fn route(
    state: &AppState,
    peer: SocketAddr,
    found: Found<'_>,
    head: &Parts,
    body: RequestBody,
) -> Answer {
    match found {
        Found::Target(route, target) => limit(state, peer, route, target, head, body).await,
        Found::Options(route) => unrouted::options(state, route, head, body),
        Found::OtherMethod(route) => unrouted::other_method(route, body),
        Found::Nothing => unrouted::unknown_path(body),
    }
}

/// Takes the request out of its client's bucket, and tells the client what is left there.
async fn limit(
    state: &AppState,
    peer: SocketAddr,
    route: &Route,
    target: &Target,
    head: &Parts,
    body: RequestBody,
) -> Answer {
    let Some(decision) = state.server().rate_limiter.check(route.class(), peer.ip()) else {
        return take_body(state, target, head, body).await;
    };
    let mut answer = match decision.retry_after {
        None => take_body(state, target, head, body).await,
        Some(retry_after) => {
            body::discard(body);
            ApiError::from(Problem::RateLimited { retry_after }).into()
        }
    };
    for (name, value) in decision.headers() {
        answer.headers_mut().insert(HeaderName::from_static(name), value.into());
    }
    answer
}

/// Keeps the body from a handler that takes none: a huge one is refused, any other thrown away.
async fn take_body(state: &AppState, target: &Target, head: &Parts, body: RequestBody) -> Answer {
    if target.takes_message() {
        return handle(state, target, head, Some(body)).await;
    }
    match request::check_declared_length(declared_length(&head.headers), limits::MAX_OTHER_BODY_BYTES) {
        Ok(()) => {
            body::discard(body);
            handle(state, target, head, None).await
        }
        Err(problem) => {
            body::refuse(head.version, body);
            ApiError::from(problem).into()
        }
    }
}

/// Calls the handler; a panic, which the log has from its hook, is a fault of ours like any other.
async fn handle(state: &AppState, target: &Target, head: &Parts, body: Option<RequestBody>) -> Answer {
    let handled = AssertUnwindSafe(call(state, target, head, body)).catch_unwind().await;
    let handled = handled.unwrap_or_else(|_panic| Err(Problem::Internal.into()));
    handled.unwrap_or_else(Answer::from)
}

async fn call(
    state: &AppState,
    target: &Target,
    head: &Parts,
    body: Option<RequestBody>,
) -> ApiResult<Answer> {
    match target {
        Target::File(file) => documentation::get_file(*file, head.uri.path()),
        Target::Operation(operation) => match operation.call(Call { state, operation, head, body }) {
            Reply::Now(answer) => answer,
            Reply::Later(answer) => answer.await,
        },
    }
}
