//! Speaks HTTP on one connection.
//!
//! The contract wants plain ports to speak HTTP/1.1 alone and TLS ports what ALPN chose, ten seconds for a request's
//! head but a minute for a connection between two, and a minute for a client that does not take its answer. hyper's
//! own limit for a head also runs while a connection is idle. So `server::listener` keeps the sockets and their time,
//! and here each is given to hyper.

use std::convert::Infallible;
use std::fmt;
use std::pin::pin;
use std::time::Duration;

use http_body_util::Either;
use hyper::Request;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::graceful::GracefulConnection;
use server::connection::Overdue;
use server::listener::{Connection, Protocol};
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// The most bytes of a request's head. A target or header fields that are too large, but fit, get an answer of ours.
const HEAD_BYTES: u32 = 128 * 1024;

/// How long an overdue connection may take to say its goodbye. One whose head is late never would.
const GOODBYE: Duration = Duration::from_millis(100);

/// Serves one connection until it ends, is overdue, or the server is stopped.
pub(crate) async fn serve(connection: Connection, app: App) {
    let Connection { socket, peer, protocol, activity, stopping } = connection;
    let overdue = activity.overdue();
    let service = service_fn(move |request: Request<_>| {
        let in_flight = activity.begin();
        let app = app.clone();
        async move {
            let _in_flight = in_flight;
            Ok::<_, Infallible>(app.answer(peer, request.map(Either::Left)).await)
        }
    });
    let socket = TokioIo::new(socket);
    match protocol {
        Protocol::Http1 => {
            let mut http = http1::Builder::new();
            // A client may close its side when it has sent its request, and still wait for the answer.
            http.half_close(true).max_buf_size(HEAD_BYTES as usize);
            run(http.serve_connection(socket, service), overdue, stopping).await;
        }
        Protocol::Http2 => {
            let mut http = http2::Builder::new(TokioExecutor::new());
            http.max_header_list_size(HEAD_BYTES);
            run(http.serve_connection(socket, service), overdue, stopping).await;
        }
    }
}

async fn run<C>(connection: C, overdue: Overdue, stopping: CancellationToken)
where
    C: GracefulConnection<Error: fmt::Display>,
{
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = overdue => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(GOODBYE, connection).await.unwrap_or(Ok(()))
        }
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}
