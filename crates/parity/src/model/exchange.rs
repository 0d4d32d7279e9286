//! What was on the wire.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::bytes::Bytes;
use super::message::Header;

/// One message and all that came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The bytes sent, or as many of them as the server took.
    pub sent: Bytes,
    /// The final answers in order: one, unless the message was several requests or nothing came.
    pub answers: Vec<Answer>,
    /// Bytes that came after the last awaited answer, or that are no answer.
    pub rest: Bytes,
    /// How it ended.
    pub ending: Ending,
    /// From before the connection was opened until the end was known.
    pub elapsed: Duration,
    /// When the end was known, to which times in the answer are held.
    pub ended: DateTime<Utc>,
}

impl Exchange {
    /// The last answer.
    pub fn answer(&self) -> Option<&Answer> {
        self.answers.last()
    }
}

/// A final answer as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers in order, names as sent.
    pub headers: Vec<Header>,
    /// The body, without its chunks.
    pub body: Bytes,
}

impl Answer {
    /// All values of a header.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Bytes> {
        self.headers.iter().filter(move |header| header.is(name)).map(|header| &header.value)
    }

    /// The value of a header that is there exactly once, and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|header| header.is(name));
        match (named.next(), named.next()) {
            (Some(header), None) => header.value.text(),
            _ => None,
        }
    }
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// All awaited answers came, and the connection was still open.
    Open,
    /// All awaited answers came, and the server closed, or said that it would.
    Closed,
    /// The server closed before the answer, or in the middle of it.
    Early,
    /// What came is no answer of HTTP/1.1; with the reason.
    Malformed(String),
    /// Nothing more came for as long as an answer may take.
    TimedOut,
    /// No connection could be opened; with the reason.
    NoConnection(String),
}

impl Ending {
    /// Whether all awaited answers came.
    pub const fn is_complete(&self) -> bool {
        matches!(self, Self::Open | Self::Closed)
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open => f.write_str("the connection stayed open"),
            Self::Closed => f.write_str("the server closed after its answer"),
            Self::Early => f.write_str("the server closed before its answer was complete"),
            Self::Malformed(reason) => write!(f, "what came is no answer of HTTP/1.1: {reason}"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::NoConnection(reason) => write!(f, "no connection: {reason}"),
        }
    }
}
