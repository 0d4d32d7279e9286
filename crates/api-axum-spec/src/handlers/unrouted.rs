//! What no operation answers: unknown paths, other methods, and `OPTIONS` on every path.

use axum::body::Body;
use axum::extract::{MatchedPath, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::cors::CorsPolicy;
use contract::{Problem, operation};

use crate::errors::ApiError;
use crate::middleware::answer::insert_all;
use crate::middleware::body;
use crate::state::AppState;

/// Answers a path that no route has.
pub(crate) async fn unknown_path(body: Body) -> ApiError {
    body::discard(body);
    Problem::RouteNotFound.into()
}

/// Answers a method that the path does not have.
pub(crate) async fn other_method(path: MatchedPath, body: Body) -> ApiError {
    body::discard(body);
    // Every path that is registered is the contract's.
    operation::known_template(path.as_str())
        .map_or(Problem::Internal, |template| Problem::MethodNotAllowed { template })
        .into()
}

/// Answers `OPTIONS`: a preflight by its origin, any other with `Allow`.
pub(crate) async fn options(
    State(state): State<AppState>,
    path: MatchedPath,
    headers: HeaderMap,
    body: Body,
) -> Response {
    body::discard(body);
    let allow = operation::allow(path.as_str());
    let origin = headers.get(header::ORIGIN);
    let is_preflight = CorsPolicy::is_preflight(
        origin.is_some(),
        headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD),
    );
    if !is_preflight {
        return (StatusCode::NO_CONTENT, [(header::ALLOW, allow)]).into_response();
    }
    let origin = origin.and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    let mut response = StatusCode::NO_CONTENT.into_response();
    insert_all(response.headers_mut(), state.server().cors.preflight_headers(origin, &allow));
    response
}
