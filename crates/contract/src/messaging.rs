//! Queue names and the JSON messages that are published.

use serde_json::value::RawValue;

use crate::field::FieldFault;
use crate::rule::TextRule;
use crate::text;

text::restricted_text! {
    /// A queue name: 1 to 100 characters of `[a-zA-Z0-9_.-]`, not beginning with `amq.`.
    ///
    /// The broker keeps names that begin with `amq.` for itself (AMQP 0-9-1, section 1.2, queue-name).
    ///
    /// ```
    /// use contract::QueueName;
    /// assert!(QueueName::parse("orders").is_ok());
    /// assert!(QueueName::parse("amq.rabbitmq.trace").is_err());
    /// ```
    QueueName,
    max: 100,
    pattern: "^[a-zA-Z0-9_.-]+$",
    refused: r"^amq\.",
    // A name is a short string of AMQP, and an empty one would let the broker choose.
    backend: TextRule::ANY.min_length(1).max_length(255).pattern("^[ -~]+$").refusing(r"^amq\."),
}

/// A message: the text of one JSON object with at least one member, byte for byte as it was sent, without
/// the white space around it.
///
/// It is never parsed into a tree: duplicate names, numbers of any size and lone surrogates pass through.
#[derive(Debug, Clone)]
pub struct Message(Box<RawValue>);

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Message {}

impl serde::Serialize for Message {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Why a body is not a [`Message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageFault {
    /// The body cannot be read as JSON at all.
    NotJson,
    /// The body is JSON, but not the JSON that is asked for.
    Invalid(FieldFault),
}

impl Message {
    /// The most objects and arrays that may stand inside each other, the outermost included.
    pub const MAX_DEPTH: usize = 127;

    /// Reads a request body: UTF-8 without a byte order mark, the grammar of RFC 8259, at most
    /// [`Self::MAX_DEPTH`] nested containers, nothing but white space around the value.
    ///
    /// # Errors
    /// [`MessageFault::NotJson`] when the text is not such JSON; [`MessageFault::Invalid`] with
    /// [`FieldFault::NotAnObject`] or [`FieldFault::EmptyObject`] when it is.
    ///
    /// ```
    /// use contract::Message;
    /// let message = Message::parse(br#" {"b": 1, "a": 1e400} "#).unwrap();
    /// assert_eq!(message.as_str(), r#"{"b": 1, "a": 1e400}"#);
    /// ```
    pub fn parse(body: &[u8]) -> Result<Self, MessageFault> {
        let text = std::str::from_utf8(body).map_err(|_| MessageFault::NotJson)?;
        if exceeds_depth(text, Self::MAX_DEPTH) {
            return Err(MessageFault::NotJson);
        }
        // RawValue checks the grammar without building a value, and drops the white space around it.
        let raw: &RawValue = serde_json::from_str(text).map_err(|_| MessageFault::NotJson)?;
        let Some(members) = raw.get().strip_prefix('{') else {
            return Err(MessageFault::Invalid(FieldFault::NotAnObject));
        };
        if members.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('}') {
            return Err(MessageFault::Invalid(FieldFault::EmptyObject));
        }
        Ok(Self(raw.to_owned()))
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

/// Whether more than `limit` containers stand inside each other.
///
/// The grammar checker of `serde_json` sets no limit of its own where it builds no value. Text that is no
/// JSON may be counted wrongly here; the grammar check refuses it in any case.
fn exceeds_depth(text: &str, limit: usize) -> bool {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                bytes.next();
            }
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nested(depth: usize) -> String {
        format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth))
    }

    #[test]
    fn a_message_is_kept_byte_for_byte() {
        for text in [
            r#"{"b":1,"a":2,"b":3}"#,
            r#"{"big":123456789012345678901234567890,"huge":1e400}"#,
            r#"{"lone":"\ud800"}"#,
            "{\"white\"\t:\n [ 1 , 2 ] }",
            r#"{"é":"\u0000"}"#,
        ] {
            assert_eq!(Message::parse(format!(" \r\n{text}\t").as_bytes()).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_is_not_json_is_told_from_what_is_not_an_object() {
        let too_deep = nested(128);
        for (body, why) in [
            (&b""[..], "empty"),
            (b"  ", "white space alone"),
            (b"\xef\xbb\xbf{\"a\":1}", "byte order mark"),
            (b"{\"a\":\"\xff\"}", "not UTF-8"),
            (b"{\"a\":1} x", "text after the value"),
            (b"{\"a\":NaN}", "NaN"),
            (b"{\"a\":01}", "leading zero"),
            (b"{\"a\":1,}", "trailing comma"),
            (b"{'a':1}", "single quotes"),
            (b"{\"a\":\"\x01\"}", "a control character in a string"),
            (b"{\"a\":1", "truncated"),
            (b"\x0b{\"a\":1}", "a vertical tab is no JSON white space"),
            (too_deep.as_bytes(), "128 nested containers"),
        ] {
            assert_eq!(Message::parse(body), Err(MessageFault::NotJson), "{why}");
        }
        for body in [&b"1"[..], b"null", b"[]", b"[{\"a\":1}]", b"\"{}\"", b"true"] {
            assert_eq!(Message::parse(body), Err(MessageFault::Invalid(FieldFault::NotAnObject)));
        }
        for body in [&b"{}"[..], b"{ \n}", b" {}\r"] {
            assert_eq!(Message::parse(body), Err(MessageFault::Invalid(FieldFault::EmptyObject)));
        }
    }

    #[test]
    fn brackets_inside_strings_are_not_nesting() {
        let text = format!(r#"{{"a":"\"{}"}}"#, "[".repeat(500));
        assert_eq!(Message::parse(text.as_bytes()).unwrap().as_str(), text);
        assert!(Message::parse(nested(127).as_bytes()).is_ok());
    }

    #[test]
    fn names_that_the_broker_keeps_are_refused() {
        let fault = QueueName::parse("amq.gen-1").unwrap_err();
        assert_eq!(fault.message(), r"String should match pattern '^(?!amq\.)[a-zA-Z0-9_.-]+$'");
        assert_eq!(fault.kind(), "string_pattern_mismatch");
        assert!(QueueName::by(&TextRule::ANY, "amq.gen-1").is_err(), "whatever the document says");
        assert!(QueueName::parse("amqp").is_ok());
        assert!(QueueName::parse("AMQ.x").is_ok());
    }

    proptest! {
        #[test]
        fn no_body_makes_the_parser_panic(body in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Message::parse(&body);
        }

        #[test]
        fn a_message_is_what_serde_json_calls_an_object(text in r#"[\{\}\[\]"a:,1 \\]{0,12}"#) {
            let expected = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text);
            prop_assert_eq!(Message::parse(text.as_bytes()).is_ok(), expected.is_ok_and(|map| !map.is_empty()));
        }
    }
}
