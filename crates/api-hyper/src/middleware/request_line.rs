//! The outermost middleware: refuses what is no request of HTTP/1.1 to begin with.
//!
//! hyper leaves both checks to its caller. The answer is bare, as it is from an HTTP library that makes them by
//! itself: it has no envelope, and is neither counted nor logged.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode, Version};

use super::answer;
use super::body::RequestBody;
use crate::state::AppState;

/// Refuses a request of HTTP/1.1 without `Host`, any request with several, and a target with bytes outside ASCII.
pub(crate) async fn check(
    state: &AppState,
    peer: SocketAddr,
    head: &Parts,
    body: RequestBody,
) -> Response<Full<Bytes>> {
    let is_host_wrong = match head.headers.get_all(header::HOST).iter().count() {
        0 => head.version == Version::HTTP_11,
        1 => false,
        _ => true,
    };
    let is_ascii = head.uri.path_and_query().is_none_or(|target| target.as_str().is_ascii());
    if is_host_wrong || !is_ascii {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::BAD_REQUEST;
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    answer::answer(state, peer, head, body).await
}
