//! What is sent: a request whose every byte the case decides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bytes::Bytes;

/// A header field, with its name as it is on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The name.
    pub name: String,
    /// The value, without the white space around it.
    pub value: Bytes,
}

impl Header {
    /// A field of text.
    pub fn new(name: impl Into<String>, value: impl Into<Bytes>) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    /// Whether the field has this name, in whatever case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// One thing to send.
///
/// `{{name}}` in the text of a message stands for a variable: `ns` is the target's namespace, the others come from
/// the case, its captures and the target. A name that no variable has is sent as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// A request of HTTP/1.1, or one that is nearly so.
    Request(Request),
    /// Exactly these bytes.
    Exact {
        /// The bytes; `{{host}}` in them is the target's host and port.
        bytes: Bytes,
        /// How many answers are awaited before the connection is given up; more than one for pipelined requests.
        #[serde(default = "one")]
        answers: u32,
    },
}

const fn one() -> u32 {
    1
}

impl Message {
    /// The method that decides whether an answer has a body: that of the request line.
    pub fn method(&self) -> &str {
        match self {
            Self::Request(request) => &request.method,
            Self::Exact { bytes, .. } => {
                let line = bytes.as_slice().split(|byte| *byte == b' ').next().unwrap_or_default();
                std::str::from_utf8(line).unwrap_or_default()
            }
        }
    }

    /// The target of the request line: path and query.
    pub fn target(&self) -> &str {
        match self {
            Self::Request(request) => &request.target,
            Self::Exact { bytes, .. } => {
                let word = bytes.as_slice().split(|byte| *byte == b' ').nth(1).unwrap_or_default();
                std::str::from_utf8(word).unwrap_or_default()
            }
        }
    }

    /// The path of the target, without scheme, host and query: what a server routes by.
    pub fn path(&self) -> &str {
        let target = self.target();
        let target = match target.split_once("://") {
            Some((scheme, rest)) if !scheme.contains('/') => rest.find('/').map_or("/", |at| &rest[at..]),
            _ => target,
        };
        target.split('?').next().unwrap_or_default()
    }

    /// Whether it may change something: any method but `GET`, `HEAD` and `OPTIONS`, and all exact bytes.
    pub fn is_write(&self) -> bool {
        match self {
            Self::Request(request) => !matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS"),
            Self::Exact { .. } => true,
        }
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

/// A request whose parts are sent as they are written here, without any repair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Any text.
    pub method: String,
    /// The request target as it stands in the request line, not encoded any further.
    pub target: String,
    /// The version as it stands in the request line.
    #[serde(default = "http_1_1")]
    pub version: String,
    /// Whether `Host` is sent, with the host and port of the target's URL, before the other headers.
    #[serde(default = "yes")]
    pub host: bool,
    /// The other headers in order; those that declare the body are not among them, unless the case wants that.
    #[serde(default)]
    pub headers: Vec<Header>,
    /// What follows the head.
    #[serde(default)]
    pub body: Body,
}

fn http_1_1() -> String {
    "HTTP/1.1".to_owned()
}

const fn yes() -> bool {
    true
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            target: target.into(),
            version: http_1_1(),
            host: true,
            headers: Vec::new(),
            body: Body::None,
        }
    }

    /// The same request with one header more.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Bytes>) -> Self {
        self.headers.push(Header::new(name, value));
        self
    }

    /// The same request with this body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
}

/// What follows the head of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Nothing, and nothing is said of it.
    #[default]
    None,
    /// These bytes, with their length declared.
    Whole(Bytes),
    /// A text again and again, with its length declared: for bodies that are too long to be written out.
    Fill {
        /// Stands before the repeated text.
        #[serde(default)]
        before: String,
        /// The text that is repeated.
        text: String,
        /// How often.
        times: u32,
        /// Stands after the repeated text.
        #[serde(default)]
        after: String,
    },
    /// These pieces, chunked; the last chunk, which has no length, is sent only when the body is complete.
    Chunked {
        /// One chunk each.
        pieces: Vec<Bytes>,
        /// Whether the body is ended.
        #[serde(default = "yes")]
        complete: bool,
    },
    /// These bytes as they are, declared by nothing, or by the headers of the case.
    Verbatim(Bytes),
}
