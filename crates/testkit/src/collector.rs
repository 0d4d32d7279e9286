//! A receiver of traces: what an operator's OTLP collector is to a server, as far as a case needs one.
//!
//! It takes OTLP as protobuf over HTTP/1.1, answers as the protocol says, and keeps every span as it came.

use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
pub use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::runtime;

/// The most fields in the head of a request that it takes.
const FIELDS: usize = 32;

/// An answer whose message has no members.
const ALL_TAKEN: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";

/// A receiver; it is gone when it is dropped.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    received: Received,
    _connections: JoinSet<()>,
}

/// One span, with its ids in hexadecimal digits.
#[derive(Debug, Clone)]
pub struct Span {
    /// What it is called.
    pub name: String,
    /// On which side of a call it is.
    pub kind: SpanKind,
    /// The trace that it is part of.
    pub trace_id: String,
    /// Its own id.
    pub id: String,
    /// The id of the span that it is below; empty for one that begins its trace.
    pub parent_id: String,
    /// Whether its status is an error.
    pub has_failed: bool,
    /// Sorted by name, as `name=value`.
    pub attributes: Vec<String>,
    /// What the process says of itself, in the same way.
    pub resource: Vec<String>,
}

type Received = Arc<Mutex<Result<Vec<Span>, String>>>;

impl Collector {
    /// Listen on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> io::Result<Self> {
        let runtime = runtime::handle()?;
        let bound = runtime.spawn(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).await;
        let listener = bound.map_err(io::Error::other)??;
        let address = listener.local_addr()?;
        let received: Received = Arc::new(Mutex::new(Ok(Vec::new())));
        let mut connections = JoinSet::new();
        let kept = Arc::clone(&received);
        let accept = async move {
            let mut open = JoinSet::new();
            while let Ok((connection, _)) = listener.accept().await {
                open.spawn(serve(connection, Arc::clone(&kept)));
            }
        };
        connections.spawn_on(accept, &runtime);
        Ok(Self { address, received, _connections: connections })
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` is set to.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All spans so far.
    ///
    /// # Errors
    /// What was wrong with a request, when one was no OTLP.
    pub fn spans(&self) -> Result<Vec<Span>, String> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Takes the requests of one connection until it ends or sends what is no OTLP.
async fn serve(mut connection: TcpStream, received: Received) {
    let mut bytes = Vec::new();
    loop {
        match take(&bytes) {
            Ok(Some((length, spans))) => {
                bytes.drain(..length);
                if let Ok(known) = &mut *received.lock().unwrap_or_else(PoisonError::into_inner) {
                    known.extend(spans);
                }
                if connection.write_all(ALL_TAKEN).await.is_err() {
                    return;
                }
            }
            Ok(None) => match connection.read_buf(&mut bytes).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            },
            Err(error) => {
                *received.lock().unwrap_or_else(PoisonError::into_inner) = Err(error);
                return;
            }
        }
    }
}

/// The first whole request in `bytes`: its length and its spans.
fn take(bytes: &[u8]) -> Result<Option<(usize, Vec<Span>)>, String> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let begin = match head.parse(bytes).map_err(|error| error.to_string())? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial => return Ok(None),
    };
    let field = |name: &str| {
        let field = head.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        field.and_then(|field| std::str::from_utf8(field.value).ok())
    };
    let said = (head.method, head.path, field("Content-Type"));
    if said != (Some("POST"), Some("/v1/traces"), Some("application/x-protobuf")) {
        return Err(format!("this is no OTLP over HTTP: {said:?}"));
    }
    let length: usize = field("Content-Length").and_then(|length| length.parse().ok()).ok_or("no length")?;
    let Some(body) = bytes.get(begin..begin + length) else { return Ok(None) };
    let request = ExportTraceServiceRequest::decode(body).map_err(|error| error.to_string())?;
    Ok(Some((begin + length, spans(request))))
}

fn spans(request: ExportTraceServiceRequest) -> Vec<Span> {
    let mut spans = Vec::new();
    for of_resource in request.resource_spans {
        let resource = texts(of_resource.resource.as_ref().map_or(&[], |resource| &resource.attributes));
        for span in of_resource.scope_spans.into_iter().flat_map(|of_scope| of_scope.spans) {
            spans.push(Span {
                kind: span.kind(),
                trace_id: hexadecimal(&span.trace_id),
                id: hexadecimal(&span.span_id),
                parent_id: hexadecimal(&span.parent_span_id),
                has_failed: span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error),
                attributes: texts(&span.attributes),
                resource: resource.clone(),
                name: span.name,
            });
        }
    }
    spans
}

fn texts(attributes: &[KeyValue]) -> Vec<String> {
    let text = |attribute: &KeyValue| {
        let value = attribute.value.as_ref().and_then(|value| value.value.as_ref());
        match value {
            Some(Value::StringValue(text)) => format!("{}={text}", attribute.key),
            Some(Value::IntValue(number)) => format!("{}={number}", attribute.key),
            other => format!("{}={other:?}", attribute.key),
        }
    };
    let mut texts: Vec<String> = attributes.iter().map(text).collect();
    texts.sort();
    texts
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
