//! Bodies that nobody reads.

use actix_web::dev::Payload;
use actix_web::http::Version;
use contract::limits;
use futures_util::StreamExt as _;

/// Leaves a body unread, without letting it pile up.
///
/// On HTTP/1.1 actix-web drains or closes by itself. On HTTP/2 nothing takes the frames of a body that nobody
/// reads, and h2 0.3 keeps them (RUSTSEC-2026-0258), so they are thrown away in the background, within the
/// limits that bodies have.
pub(crate) fn discard(version: Version, payload: Payload) {
    if version == Version::HTTP_2 {
        actix_web::rt::spawn(async move {
            let _ = tokio::time::timeout(limits::BODY_TIMEOUT, drain(payload)).await;
        });
    }
}

async fn drain(mut payload: Payload) {
    let mut left = limits::MAX_OTHER_BODY_BYTES;
    while let Some(Ok(chunk)) = payload.next().await {
        match left.checked_sub(chunk.len() as u64) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}
