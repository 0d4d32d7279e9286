//! What is no request of HTTP/1.1 to begin with.
//!
//! hyper leaves both checks to its caller. The answer is bare, as it is from an HTTP library that makes them by
//! itself: it has no envelope, and is neither counted nor logged.

use axum::extract::Request;
use axum::http::{StatusCode, Version, header};
use axum::response::{IntoResponse as _, Response};

/// The answer to a request of HTTP/1.1 without `Host`, to any with several, and to a target with bytes outside ASCII.
pub(crate) fn refusal(request: &Request) -> Option<Response> {
    let is_host_wrong = match request.headers().get_all(header::HOST).iter().count() {
        0 => request.version() == Version::HTTP_11,
        1 => false,
        _ => true,
    };
    let is_ascii = request.uri().path_and_query().is_none_or(|target| target.as_str().is_ascii());
    (is_host_wrong || !is_ascii)
        .then(|| (StatusCode::BAD_REQUEST, [(header::CONNECTION, "close")]).into_response())
}
