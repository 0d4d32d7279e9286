//! A request, as it will be sent.

use std::fmt::Write as _;

/// The longest body that a curl line shows.
const SHOWN: usize = 400;

/// A request whose every byte the case decides.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As it stands in the request line: path and query, not encoded any further.
    pub(crate) target: String,
    version: &'static str,
    has_host: bool,
    headers: Vec<(String, String)>,
    body: Body,
}

/// What follows the head.
#[derive(Debug, Clone)]
enum Body {
    /// Nothing, and nothing is said of it.
    None,
    /// These bytes, with their length declared.
    Whole(Vec<u8>),
    /// These pieces, chunked; the last chunk of no length is sent only when the body is complete.
    Chunked { pieces: Vec<Vec<u8>>, complete: bool },
    /// These bytes as they are, declared by nothing or by the headers.
    Verbatim(Vec<u8>),
}

impl Request {
    pub(crate) fn new(method: &str, target: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            target: target.into(),
            version: "HTTP/1.1",
            has_host: true,
            headers: Vec::new(),
            body: Body::None,
        }
    }

    pub(crate) fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn head(target: impl Into<String>) -> Self {
        Self::new("HEAD", target)
    }

    pub(crate) fn post(target: impl Into<String>) -> Self {
        Self::new("POST", target)
    }

    pub(crate) fn delete(target: impl Into<String>) -> Self {
        Self::new("DELETE", target)
    }

    pub(crate) fn options(target: impl Into<String>) -> Self {
        Self::new("OPTIONS", target)
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same request with another body, which is declared by its length.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Whole(body.into());
        self
    }

    /// A body with the media type of JSON.
    pub(crate) fn json(self, body: impl Into<Vec<u8>>) -> Self {
        self.header("Content-Type", "application/json").body(body)
    }

    /// A body in chunks of these sizes.
    pub(crate) fn chunked(mut self, pieces: &[&[u8]]) -> Self {
        self.body =
            Body::Chunked { pieces: pieces.iter().map(|piece| piece.to_vec()).collect(), complete: true };
        self
    }

    /// A body in chunks whose end is never sent.
    pub(crate) fn endless(mut self, pieces: &[&[u8]]) -> Self {
        self.body =
            Body::Chunked { pieces: pieces.iter().map(|piece| piece.to_vec()).collect(), complete: false };
        self
    }

    /// A body that is declared with this length, and of which only `sent` is sent.
    pub(crate) fn declaring(mut self, length: u64, sent: &[u8]) -> Self {
        self.headers.push(("Content-Length".to_owned(), length.to_string()));
        self.body = Body::Verbatim(sent.to_vec());
        self
    }

    /// Bytes after the head, which declares nothing of them but what the headers say.
    pub(crate) fn verbatim(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Verbatim(body.into());
        self
    }

    pub(crate) fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    pub(crate) fn without_host(mut self) -> Self {
        self.has_host = false;
        self
    }

    /// The path of the target without scheme, host and query: what a server routes by.
    pub(crate) fn path(&self) -> &str {
        let target = match self.target.split_once("://") {
            Some((scheme, rest)) if !scheme.contains('/') => rest.find('/').map_or("/", |at| &rest[at..]),
            _ => &self.target,
        };
        target.split('?').next().unwrap_or_default()
    }

    /// All values of a header.
    pub(crate) fn header_values(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn bytes(&self, host: &str) -> Vec<u8> {
        let mut bytes = format!("{} {} {}\r\n", self.method, self.target, self.version).into_bytes();
        let mut field = |name: &str, value: &str| {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        };
        if self.has_host {
            field("Host", host);
        }
        for (name, value) in &self.headers {
            field(name, value);
        }
        match &self.body {
            Body::None | Body::Verbatim(_) => {}
            Body::Whole(body) => field("Content-Length", &body.len().to_string()),
            Body::Chunked { .. } => field("Transfer-Encoding", "chunked"),
        }
        bytes.extend_from_slice(b"\r\n");
        match &self.body {
            Body::None => {}
            Body::Whole(body) | Body::Verbatim(body) => bytes.extend_from_slice(body),
            Body::Chunked { pieces, complete } => {
                for piece in pieces {
                    bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                    bytes.extend_from_slice(piece);
                    bytes.extend_from_slice(b"\r\n");
                }
                if *complete {
                    bytes.extend_from_slice(b"0\r\n\r\n");
                }
            }
        }
        bytes
    }

    /// The request as a line for a shell, or as near to it as curl can come.
    pub(crate) fn curl(&self, host: &str) -> String {
        let mut line = format!("curl -i --path-as-is -X {} {}", self.method, quoted(&self.url(host)));
        if self.method == "HEAD" {
            line = format!("curl -i --path-as-is --head {}", quoted(&self.url(host)));
        }
        if self.version == "HTTP/1.0" {
            line.push_str(" --http1.0");
        }
        if !self.has_host {
            line.push_str(" -H 'Host;'");
        }
        for (name, value) in &self.headers {
            let _ = write!(line, " -H {}", quoted(&format!("{name}: {value}")));
        }
        let (declared, body) = match &self.body {
            Body::None => return line,
            Body::Whole(body) => ("", body.clone()),
            Body::Verbatim(body) => ("; sent as it is", body.clone()),
            Body::Chunked { pieces, complete } => {
                line.push_str(" -H 'Transfer-Encoding: chunked'");
                (if *complete { "" } else { "; its end is never sent" }, pieces.concat())
            }
        };
        if body.len() > SHOWN || !declared.is_empty() {
            let shown = String::from_utf8_lossy(&body[..body.len().min(SHOWN)]).into_owned();
            let _ = write!(line, " --data-binary @-   # {} bytes{declared}: {shown:?}", body.len());
        } else {
            let _ = write!(line, " --data-binary {}", quoted(&String::from_utf8_lossy(&body)));
        }
        line
    }

    fn url(&self, host: &str) -> String {
        let target = if self.target.len() > SHOWN {
            format!("{}…", &self.target[..SHOWN])
        } else {
            self.target.clone()
        };
        if target.starts_with('/') { format!("http://{host}{target}") } else { target }
    }
}

/// Every byte of a text, percent-encoded.
pub(crate) fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len() * 3), |mut encoded, byte| {
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}

/// Text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_sent_as_it_was_written() {
        let request = Request::post("/a%2Fb?c=%zz").header("X-A", "b").chunked(&[b"12345", b"6"]);
        assert_eq!(
            String::from_utf8(request.bytes("h:1")).unwrap(),
            "POST /a%2Fb?c=%zz HTTP/1.1\r\nHost: h:1\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n\
             5\r\n12345\r\n1\r\n6\r\n0\r\n\r\n"
        );
        assert_eq!(request.path(), "/a%2Fb");
    }

    #[test]
    fn the_path_of_an_absolute_target_is_its_path() {
        assert_eq!(Request::get("http://elsewhere/a?b=c://d").path(), "/a");
        assert_eq!(Request::get("http://elsewhere").path(), "/");
        assert_eq!(Request::get("/a?b=http://c/d").path(), "/a");
    }

    #[test]
    fn a_curl_line_can_be_pasted() {
        let request = Request::post("/a?b='").json(r#"{"c":1}"#);
        assert_eq!(
            request.curl("h:1"),
            r#"curl -i --path-as-is -X POST 'http://h:1/a?b='\''' -H 'Content-Type: application/json' --data-binary '{"c":1}'"#
        );
    }
}
