//! A connection that sends bytes and reads answers.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::answer::Answer;
use super::request::Request;
use crate::BoxError;

/// No answer takes longer: the slowest is the 408 after ten seconds.
const LIMIT: Duration = Duration::from_secs(30);
const MOST_HEADERS: usize = 64;

/// What bytes go through: TCP, or TLS over it.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection to a server.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    host: String,
    /// Read and not yet used.
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = within(TcpStream::connect(address)).await?;
        stream.set_nodelay(true)?;
        Ok(Self::over(stream, address.to_string()))
    }

    /// A connection over a stream that is open already; `host` is what requests say as theirs.
    pub(crate) fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, host: String) -> Self {
        Self { stream: Box::new(stream), host, buffer: Vec::new() }
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn exchange(&mut self, request: &Request) -> io::Result<Answer> {
        let bytes = request.bytes(&self.host);
        let (reading, mut writing) = tokio::io::split(&mut self.stream);
        // A server may answer before it has read all, so the answer is awaited while sending.
        let mut reader = Reader { stream: reading, buffer: std::mem::take(&mut self.buffer) };
        let send = async {
            // A server that has answered may close; the answer tells what became of the request.
            let _ = writing.write_all(&bytes).await;
            let _ = writing.flush().await;
        };
        let read = within(reader.answer(&request.method));
        let (answer, ()) = {
            let mut send = std::pin::pin!(send);
            let mut read = std::pin::pin!(read);
            tokio::select! {
                answer = &mut read => (answer, ()),
                () = &mut send => (read.await, ()),
            }
        };
        self.buffer = reader.buffer;
        answer
    }

    /// Sends bytes and waits for nothing.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        within(async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        })
        .await
    }

    /// Reads the answer to a request of that method that was sent before.
    pub(crate) async fn answer(&mut self, method: &str) -> io::Result<Answer> {
        let mut reader = Reader { stream: &mut self.stream, buffer: std::mem::take(&mut self.buffer) };
        let answer = within(reader.answer(method)).await;
        self.buffer = reader.buffer;
        answer
    }

    /// Reads until the server closes, and gives what came; an error after the answer is a close, too.
    pub(crate) async fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut rest = std::mem::take(&mut self.buffer);
        match within(self.stream.read_to_end(&mut rest)).await {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(error),
            _closed => Ok(rest),
        }
    }
}

async fn within<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(LIMIT, work).await.unwrap_or_else(|_elapsed| {
        Err(io::Error::new(io::ErrorKind::TimedOut, format!("nothing came for {LIMIT:?}")))
    })
}

struct Reader<S> {
    stream: S,
    buffer: Vec<u8>,
}

impl<S: AsyncRead + Unpin> Reader<S> {
    async fn answer(&mut self, method: &str) -> io::Result<Answer> {
        loop {
            let (status, headers) = self.head().await?;
            if (100..200).contains(&status) {
                // Whether and when there is one is left to the libraries.
                continue;
            }
            let mut answer = Answer { status, headers, body: Vec::new() };
            if method != "HEAD" && status != 204 && status != 304 {
                answer.body = self.body(&answer).await?;
            }
            return Ok(answer);
        }
    }

    async fn head(&mut self) -> io::Result<(u16, Vec<(String, String)>)> {
        loop {
            let mut fields = [httparse::EMPTY_HEADER; MOST_HEADERS];
            let mut head = httparse::Response::new(&mut fields);
            if let httparse::Status::Complete(length) = head.parse(&self.buffer).map_err(invalid)? {
                let headers = head
                    .headers
                    .iter()
                    .map(|field| (field.name.to_owned(), String::from_utf8_lossy(field.value).into_owned()))
                    .collect();
                let status = head.code.ok_or_else(|| invalid("no status"))?;
                self.buffer.drain(..length);
                return Ok((status, headers));
            }
            self.more().await?;
        }
    }

    async fn body(&mut self, answer: &Answer) -> io::Result<Vec<u8>> {
        if answer.values("transfer-encoding").iter().any(|value| value.eq_ignore_ascii_case("chunked")) {
            return self.chunked().await;
        }
        let Some(length) = answer.values("content-length").first().copied() else {
            while self.more().await.is_ok() {}
            return Ok(std::mem::take(&mut self.buffer));
        };
        let length = length.parse().map_err(invalid)?;
        self.take(length).await
    }

    async fn chunked(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let (start, length) = loop {
                match httparse::parse_chunk_size(&self.buffer).map_err(|_| invalid("a chunk without size"))? {
                    httparse::Status::Complete(found) => break found,
                    httparse::Status::Partial => self.more().await?,
                }
            };
            self.take(start).await?;
            let length = usize::try_from(length).map_err(invalid)?;
            body.extend(self.take(length).await?);
            self.take(2).await?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.more().await?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => {
                let got = String::from_utf8_lossy(&self.buffer).into_owned();
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("the server closed after {got:?}")))
            }
            _ => Ok(()),
        }
    }
}

fn invalid(error: impl Into<BoxError>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
