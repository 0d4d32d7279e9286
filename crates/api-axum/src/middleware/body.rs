//! Bodies that nobody reads.

use axum::body::{Body, HttpBody as _};
use contract::limits;
use http_body_util::BodyExt as _;

/// Leaves a body unread, without giving up its connection.
///
/// hyper closes a connection whose request body was dropped before its end, and the client may lose the answer
/// over that. So the bytes are thrown away in the background, within the limits that bodies have. A body that is
/// refused for its size or its slowness is dropped instead: its connection is to be closed.
pub(crate) fn discard(body: Body) {
    if !body.is_end_stream() {
        tokio::spawn(async move {
            let _ = tokio::time::timeout(limits::BODY_TIMEOUT, drain(body)).await;
        });
    }
}

async fn drain(mut body: Body) {
    let mut left = limits::MAX_OTHER_BODY_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}
