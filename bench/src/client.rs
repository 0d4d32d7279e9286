//! One keep-alive connection that sends the same bytes again and again.
//!
//! A client library would cost as much as the servers do; this one writes, reads a head, and skips a body.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::load::{Caller, Outcome};
use crate::operation::Operation;

/// No answer takes longer: a server gives up on its backends long before.
const LIMIT: Duration = Duration::from_secs(15);
/// An answer's head; the contract's are a few hundred bytes.
const LARGEST_HEAD: usize = 64 * 1024;

/// A connection, opened when it is first needed and again after a failure.
#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Whether it tells of a rate limit.
    pub(crate) is_limited: bool,
}

/// Where an answer's head ends and what it says.
struct Head {
    length: usize,
    status: u16,
    body: usize,
    closes: bool,
    is_limited: bool,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, buffer: Vec::with_capacity(16 * 1024) }
    }

    /// Send a request and give the whole answer.
    ///
    /// # Errors
    /// When there is no connection, no answer, or no HTTP; the next call begins a new connection.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        let head = self.exchange(request).await?;
        let body = self.body(&head).to_vec();
        Ok(Answer { status: head.status, body, is_limited: head.is_limited })
    }

    /// The body of the last answer.
    fn body(&self, head: &Head) -> &[u8] {
        self.buffer.get(head.length..head.length + head.body).unwrap_or_default()
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Head> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.address).await?,
        };
        let timed_out = |_| io::Error::new(io::ErrorKind::TimedOut, "no answer in time");
        let head =
            timeout(LIMIT, exchange(&mut stream, request, &mut self.buffer)).await.map_err(timed_out)??;
        if !head.closes {
            self.stream = Some(stream);
        }
        Ok(head)
    }
}

/// A connection on which one operation is asked for again and again.
#[derive(Debug)]
pub struct HttpCaller {
    client: Client,
    request: Vec<u8>,
    /// The status that is an answer as it should be.
    expected: u16,
}

impl HttpCaller {
    /// The connection of this number to a server.
    pub fn new(address: SocketAddr, operation: &Operation, index: u32) -> Self {
        Self::with(address, operation.request(&address.to_string(), index), operation.status)
    }

    /// A connection on which these bytes are sent.
    pub(crate) fn with(address: SocketAddr, request: Vec<u8>, expected: u16) -> Self {
        Self { client: Client::new(address), request, expected }
    }
}

impl Caller for HttpCaller {
    async fn call(&mut self) -> Outcome {
        match self.client.exchange(&self.request).await {
            Ok(head) if head.status == self.expected => Outcome::Answered,
            Ok(head) => Outcome::Refused(described(head.status, self.client.body(&head))),
            Err(error) => Outcome::Failed(error.kind().to_string()),
        }
    }
}

/// What a refusal has alike with others of its kind: the status, and the name of the error in the contract's envelope.
pub(crate) fn described(status: u16, body: &[u8]) -> String {
    let envelope: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let name = envelope.as_ref().and_then(|envelope| envelope["error"].as_str());
    name.map_or_else(|| status.to_string(), |name| format!("{status} {name}"))
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let timed_out = |_| io::Error::new(io::ErrorKind::TimedOut, "no connection in time");
    let stream = timeout(LIMIT, TcpStream::connect(address)).await.map_err(timed_out)??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> io::Result<Head> {
    stream.write_all(request).await?;
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(head) = read_head(buffer)? {
            while buffer.len() < head.length + head.body {
                if stream.read_buf(buffer).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            return Ok(head);
        }
    }
}

/// The head at the beginning of what was read, if it is complete.
fn read_head(read: &[u8]) -> io::Result<Option<Head>> {
    let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(read).map_err(|error| invalid(error.to_string()))?;
    let httparse::Status::Complete(length) = parsed else {
        return if read.len() > LARGEST_HEAD { Err(invalid("an endless head".to_owned())) } else { Ok(None) };
    };
    let value = |name: &str| {
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(header.value).ok()
    };
    // Every answer of the contract has one.
    let body = value("content-length")
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| invalid("an answer without Content-Length".to_owned()))?;
    Ok(Some(Head {
        length,
        status: response.code.unwrap_or_default(),
        body,
        closes: value("connection").is_some_and(|text| text.eq_ignore_ascii_case("close")),
        is_limited: value("x-ratelimit-limit").is_some(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor;

    #[tokio::test]
    async fn the_same_connection_answers_again_and_again() {
        let floor = floor::Floor::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let mut client = Client::new(floor.address());
        let mut ends = std::collections::BTreeSet::new();
        for _ in 0..3 {
            let answer = client.ask(b"GET /health/ HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
            assert_eq!((answer.status, answer.body.as_slice()), (200, br#"{"status":"ok"}"#.as_slice()));
            ends.insert(client.stream.as_ref().unwrap().local_addr().unwrap());
        }
        assert_eq!(ends.len(), 1, "one connection");
    }

    #[test]
    fn a_refusal_is_told_by_its_status_and_the_name_of_its_error() {
        let body = br#"{"error":"CircuitBreakerError","message":"m","status_code":503}"#;
        assert_eq!(described(503, body), "503 CircuitBreakerError");
        assert_eq!((described(502, b"Bad Gateway"), described(404, b"{}")), ("502".into(), "404".into()));
    }

    #[test]
    fn a_head_in_pieces_is_waited_for_and_one_without_a_length_is_refused() {
        let text = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\nconnection: close\r\n\r\nabc";
        assert!(read_head(&text[..40]).unwrap().is_none());
        let head = read_head(text).unwrap().unwrap();
        assert_eq!((head.status, head.body, head.closes), (503, 3, true));
        assert_eq!(text.len(), head.length + head.body);
        assert!(read_head(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
        assert!(read_head(b"SSH-2.0-OpenSSH_9.2\r\n").is_err());
    }
}
