//! What no operation answers: unknown paths, other methods, and `OPTIONS` on every path.

use contract::Problem;
use contract::cors::CorsPolicy;
use hyper::http::request::Parts;
use hyper::{StatusCode, header};

use crate::errors::{Answer, ApiError};
use crate::interpreter::Route;
use crate::middleware::answer::insert_all;
use crate::middleware::body::{self, RequestBody};
use crate::state::AppState;

/// Answers a path that no route has.
pub(crate) fn unknown_path(body: RequestBody) -> Answer {
    body::discard(body);
    ApiError::from(Problem::RouteNotFound).into()
}

/// Answers a method that the path does not have.
pub(crate) fn other_method(route: &Route, body: RequestBody) -> Answer {
    body::discard(body);
    let mut answer = Answer::from(ApiError::from(Problem::MethodNotAllowed { template: route.template() }));
    answer.headers_mut().insert(header::ALLOW, route.allow().clone());
    answer
}

/// Answers `OPTIONS`: a preflight by its origin, any other with `Allow`.
pub(crate) fn options(state: &AppState, route: &Route, head: &Parts, body: RequestBody) -> Answer {
    body::discard(body);
    let origin = head.headers.get(header::ORIGIN);
    let asks_for_method = head.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut answer = Answer::empty(StatusCode::NO_CONTENT);
    if !CorsPolicy::is_preflight(origin.is_some(), asks_for_method) {
        answer.headers_mut().insert(header::ALLOW, route.allow().clone());
        return answer;
    }
    let origin = origin.and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    let allow = route.allow().to_str().unwrap_or_default();
    insert_all(answer.headers_mut(), state.server().cors.preflight_headers(origin, allow));
    answer
}
