//! What is decided before a handler runs: sizes, rate limit, and the bodies that no handler takes.
//!
//! [`check`] stands before the choice of the method, so that it holds for every path. [`limit`] and
//! [`limit_without_body`] are layers of the methods themselves: the router has answered 404 and 405, which count
//! against no limit, before they are asked.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::HeaderName;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use contract::{Problem, RateLimitClass, limits, request};

use super::{body, path};
use crate::errors::ApiError;
use crate::extract::declared_length;
use crate::state::AppState;

/// Refuses a request whose target or header fields are too large, or whose path is one that only axum's router knows.
pub(crate) async fn check(request: Request, next: Next) -> Response {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let fields = request.headers().iter().map(|(name, value)| (name.as_str().len(), value.len()));
    let checked = match request::check_size(target, fields) {
        Ok(()) if path::has_empty_parameter(&request) => Err(Problem::RouteNotFound),
        checked => checked,
    };
    match checked {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            body::discard(request.into_body());
            ApiError::from(problem).into_response()
        }
    }
}

/// Takes the request out of its client's bucket, and tells the client what is left there.
pub(crate) async fn limit(
    State(state): State<AppState>,
    route: MatchedPath,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    limited(&state, &route, peer, request, |request| next.run(request)).await
}

/// Does what [`limit`] does, and keeps the body from a handler that takes none.
pub(crate) async fn limit_without_body(
    State(state): State<AppState>,
    route: MatchedPath,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    limited(&state, &route, peer, request, |request| leave_body(request, next)).await
}

async fn limited<F: Future<Output = Response>>(
    state: &AppState,
    route: &MatchedPath,
    peer: SocketAddr,
    request: Request,
    go_on: impl FnOnce(Request) -> F,
) -> Response {
    let class = RateLimitClass::of(route.as_str());
    let Some(decision) = state.server().rate_limiter.check(class, peer.ip()) else {
        return go_on(request).await;
    };
    let mut response = match decision.retry_after {
        None => go_on(request).await,
        Some(retry_after) => {
            body::discard(request.into_body());
            ApiError::from(Problem::RateLimited { retry_after }).into_response()
        }
    };
    for (name, value) in decision.headers() {
        response.headers_mut().insert(HeaderName::from_static(name), value.into());
    }
    response
}

/// Refuses a huge body, and throws any other away.
async fn leave_body(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    if let Err(problem) =
        request::check_declared_length(declared_length(&head.headers), limits::MAX_OTHER_BODY_BYTES)
    {
        body::refuse(head.version, body);
        return ApiError::from(problem).into_response();
    }
    body::discard(body);
    next.run(Request::from_parts(head, Body::empty())).await
}
