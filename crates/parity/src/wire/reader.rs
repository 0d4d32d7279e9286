//! Reads answers off a connection.

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::model::{Answer, Ending, Header};

/// No answer has more headers.
const MOST_HEADERS: usize = 256;
/// No head is longer, and no longer body is read: a server that never ends an answer must not fill the memory.
const LONGEST: usize = 64 * 1024 * 1024;

/// Reads answers, one after another.
pub(crate) struct Reader<S> {
    pub(crate) stream: S,
    /// Read and not yet used.
    pub(crate) buffer: Vec<u8>,
}

/// An answer, and whether the server closes or has closed after it.
pub(crate) struct Read {
    pub(crate) answer: Answer,
    pub(crate) closes: bool,
}

struct Head {
    status: u16,
    is_http_1_0: bool,
    headers: Vec<Header>,
}

impl<S: AsyncRead + Unpin> Reader<S> {
    /// The next final answer to a request of this method.
    pub(crate) async fn answer(&mut self, method: &str) -> Result<Read, Ending> {
        loop {
            let head = self.head().await?;
            // Whether and when there is an interim answer says nothing of the final one.
            if !(100..200).contains(&head.status) || head.status == 101 {
                return self.rest_of(head, method).await;
            }
        }
    }

    /// Whether the server closes, which is awaited.
    pub(super) async fn is_closed(&mut self) -> bool {
        loop {
            match self.more().await {
                Ok(()) => {}
                Err(Ending::Early) => return true,
                Err(_) => return false,
            }
        }
    }

    async fn head(&mut self) -> Result<Head, Ending> {
        loop {
            if let Some((head, length)) = parse(&self.buffer)? {
                self.buffer.drain(..length);
                return Ok(head);
            }
            self.more().await?;
        }
    }

    async fn rest_of(&mut self, head: Head, method: &str) -> Result<Read, Ending> {
        let mut answer = Answer { status: head.status, headers: head.headers, body: Vec::new().into() };
        let says = |name: &str, word: &str| {
            let mut values = answer.values(name).filter_map(|value| value.text());
            values.any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
        };
        let is_chunked = says("transfer-encoding", "chunked");
        let mut closes =
            says("connection", "close") || (head.is_http_1_0 && !says("connection", "keep-alive"));
        let has_body = method != "HEAD" && !matches!(answer.status, 101 | 204 | 304);
        let length =
            answer.values("content-length").next().map(|value| value.text().map(str::parse::<usize>));
        let body = match length {
            _ if !has_body => Vec::new(),
            _ if is_chunked => self.chunked().await?,
            Some(Some(Ok(length))) => self.take(length).await?,
            Some(_) => return Err(Ending::Malformed("Content-Length is no number".to_owned())),
            None => {
                closes = true;
                while self.more().await.is_ok() {}
                std::mem::take(&mut self.buffer)
            }
        };
        answer.body = body.into();
        Ok(Read { answer, closes })
    }

    async fn chunked(&mut self) -> Result<Vec<u8>, Ending> {
        let mut body = Vec::new();
        loop {
            let (start, length) = loop {
                match httparse::parse_chunk_size(&self.buffer) {
                    Ok(httparse::Status::Complete(found)) => break found,
                    Ok(httparse::Status::Partial) => self.more().await?,
                    Err(_) => return Err(Ending::Malformed("a chunk without a size".to_owned())),
                }
            };
            self.take(start).await?;
            if length == 0 {
                return self.trailers().await.map(|()| body);
            }
            let length = usize::try_from(length).ok().filter(|length| *length <= LONGEST);
            let length = length.ok_or_else(|| Ending::Malformed("a chunk too large".to_owned()))?;
            body.extend(self.take(length).await?);
            self.take(2).await?;
        }
    }

    /// The lines after the last chunk, up to the empty one.
    async fn trailers(&mut self) -> Result<(), Ending> {
        loop {
            let end = loop {
                match self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                    Some(end) => break end,
                    None => self.more().await?,
                }
            };
            self.take(end + 2).await?;
            if end == 0 {
                return Ok(());
            }
        }
    }

    async fn take(&mut self, length: usize) -> Result<Vec<u8>, Ending> {
        while self.buffer.len() < length {
            self.more().await?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    async fn more(&mut self) -> Result<(), Ending> {
        if self.buffer.len() > LONGEST {
            return Err(Ending::Malformed(format!("more than {LONGEST} bytes")));
        }
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) | Err(_) => Err(Ending::Early),
            Ok(_) => Ok(()),
        }
    }
}

/// The head at the beginning of the bytes and its length, when it is there as a whole.
///
/// No future may hold the table of fields: it is large.
fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, Ending> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut head = httparse::Response::new(&mut fields);
    match head.parse(bytes) {
        Err(error) => Err(Ending::Malformed(error.to_string())),
        Ok(httparse::Status::Partial) => Ok(None),
        Ok(httparse::Status::Complete(length)) => {
            let headers = head.headers.iter().map(|field| Header::new(field.name, field.value)).collect();
            let status = head.code.ok_or_else(|| Ending::Malformed("no status".to_owned()))?;
            Ok(Some((Head { status, is_http_1_0: head.version == Some(0), headers }, length)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8], method: &str) -> (Result<Read, Ending>, Vec<u8>) {
        let mut reader = Reader { stream: bytes, buffer: Vec::new() };
        let read = reader.answer(method).await;
        (read, reader.buffer)
    }

    #[tokio::test]
    async fn the_body_ends_where_the_answer_says() {
        for (bytes, method, body, closes, rest) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", "GET", "ab", false, "c"),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\nT: u\r\n\r\n!",
                "GET",
                "abc",
                false,
                "!",
            ),
            ("HTTP/1.1 200 OK\r\n\r\nabc", "GET", "abc", true, ""),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n", "HEAD", "", true, ""),
            ("HTTP/1.1 204 No Content\r\n\r\n", "GET", "", false, ""),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
                "GET",
                "a",
                false,
                "",
            ),
        ] {
            let (read, buffer) = read(bytes.as_bytes(), method).await;
            let Ok(read) = read else { panic!("{bytes}") };
            assert_eq!(read.answer.body.text(), Some(body), "{bytes}");
            assert_eq!((read.closes, buffer.as_slice()), (closes, rest.as_bytes()), "{bytes}");
        }
    }

    #[tokio::test]
    async fn what_is_no_answer_is_told_apart() {
        for (bytes, ending) in [
            ("", Ending::Early),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", Ending::Early),
            ("SSH-2.0\r\n\r\n", Ending::Malformed("invalid HTTP version".to_owned())),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
                Ending::Malformed("Content-Length is no number".to_owned()),
            ),
        ] {
            assert_eq!(read(bytes.as_bytes(), "GET").await.0.err(), Some(ending), "{bytes}");
        }
    }
}
