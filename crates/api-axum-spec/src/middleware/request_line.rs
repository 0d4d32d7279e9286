//! The outermost middleware: refuses what is no request of HTTP/1.1 to begin with.
//!
//! hyper leaves both checks to its caller. The answer is bare, as it is from an HTTP library that makes them by
//! itself: it has no envelope, and is neither counted nor logged.

use axum::extract::Request;
use axum::http::{StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Refuses a request of HTTP/1.1 without `Host`, any request with several, and a target with bytes outside ASCII.
pub(crate) async fn check(request: Request, next: Next) -> Response {
    let is_host_wrong = match request.headers().get_all(header::HOST).iter().count() {
        0 => request.version() == Version::HTTP_11,
        1 => false,
        _ => true,
    };
    let is_ascii = request.uri().path_and_query().is_none_or(|target| target.as_str().is_ascii());
    if is_host_wrong || !is_ascii {
        return (StatusCode::BAD_REQUEST, [(header::CONNECTION, "close")]).into_response();
    }
    next.run(request).await
}
