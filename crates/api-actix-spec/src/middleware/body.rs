//! Bodies that nobody reads, or not to their end.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::http::Version;
use actix_web::web::Bytes;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
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

/// The rest of a body that was given up, left with its request until the answer takes it over.
struct GivenUp(#[expect(dead_code, reason = "it is there to be dropped late")] Payload);

/// Leaves the rest of a body unread, so that the connection is closed after the answer.
///
/// actix-web goes on reading a chunked body whose receiver is gone, for as long as its client goes on sending, and
/// keeps the connection meanwhile. While the receiver is there it closes instead, as it does with a body of
/// declared length; so [`hold`] keeps it until the answer was sent.
pub(crate) fn give_up(request: &HttpRequest, payload: Payload) {
    request.extensions_mut().insert(GivenUp(payload));
}

/// Makes an answer keep what [`give_up`] left, until it was sent.
pub(crate) fn hold(request: &HttpRequest, response: HttpResponse) -> HttpResponse {
    match request.extensions_mut().remove::<GivenUp>() {
        Some(given_up) => response.map_body(|_, body| BoxBody::new(Holding { body, _given_up: given_up })),
        None => response,
    }
}

/// The body of an answer, with the rest of the request's.
struct Holding {
    body: BoxBody,
    _given_up: GivenUp,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
