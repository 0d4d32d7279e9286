//! The bodies of requests, and what becomes of those that nobody reads.

use bytes::Bytes;
use contract::limits;
use http_body_util::{BodyExt as _, Either, Full};
use hyper::Version;
use hyper::body::{Body as _, Incoming};

/// The body of a request: as it comes from a connection, or whole, from a caller in the same process.
pub type RequestBody = Either<Incoming, Full<Bytes>>;

/// Leaves a body unread, without giving up its connection.
///
/// hyper closes a connection whose request body was dropped before its end, and resets such a stream of HTTP/2; a
/// client may lose the answer over that. So the bytes are thrown away in the background, within the limits that
/// bodies have.
pub(crate) fn discard(body: RequestBody) {
    let is_hopeless = body.size_hint().lower() > limits::MAX_OTHER_BODY_BYTES;
    if !body.is_end_stream() && !is_hopeless {
        tokio::spawn(async move {
            let _ = tokio::time::timeout(limits::BODY_TIMEOUT, drain(body)).await;
        });
    }
}

/// Gives up a body that is too large or too slow, and with it the connection.
///
/// On HTTP/2 the connection is not the body's alone: the rest is thrown away like any other.
pub(crate) fn refuse(version: Version, body: RequestBody) {
    if version == Version::HTTP_2 {
        discard(body);
    }
}

async fn drain(mut body: RequestBody) {
    let mut left = limits::MAX_OTHER_BODY_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}
