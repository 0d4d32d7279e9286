//! Bytes that are text most of the time.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bytes that are written as text where they are UTF-8, and as `{ hex: "ff 00" }` where they are not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Written", into = "Written")]
pub struct Bytes(#[schemars(with = "Written")] Vec<u8>);

/// The two ways in which bytes are written down.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Written {
    /// UTF-8, as it is.
    Text(String),
    /// Any bytes.
    Hex(Hex),
}

/// Bytes as hexadecimal digits.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Hex {
    /// Two digits a byte; white space between them does not count.
    hex: String,
}

/// The text is not pairs of hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("hex is to be pairs of hexadecimal digits, with white space between them as you like")]
pub struct NotHex;

impl Bytes {
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, where they are UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The text, with U+FFFD for what is not UTF-8: for people to read.
    pub fn lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<String> for Bytes {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        bytes.0
    }
}

impl From<Bytes> for Written {
    fn from(bytes: Bytes) -> Self {
        match String::from_utf8(bytes.0) {
            Ok(text) => Self::Text(text),
            Err(error) => {
                let pairs: Vec<String> = error.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
                Self::Hex(Hex { hex: pairs.join(" ") })
            }
        }
    }
}

impl TryFrom<Written> for Bytes {
    type Error = NotHex;

    fn try_from(written: Written) -> Result<Self, NotHex> {
        match written {
            Written::Text(text) => Ok(text.into()),
            Written::Hex(Hex { hex }) => {
                let digits: Vec<u8> = hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
                let pairs = digits.chunks(2).map(|pair| {
                    let pair = std::str::from_utf8(pair).ok().filter(|pair| {
                        pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit())
                    });
                    pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or(NotHex)
                });
                pairs.collect::<Result<Vec<u8>, _>>().map(Self)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_text_where_they_are_text() {
        for (bytes, json) in [(&b"a\"b"[..], r#""a\"b""#), (&[0xff, 0], r#"{"hex":"ff 00"}"#), (b"", r#""""#)]
        {
            let bytes = Bytes::from(bytes);
            assert_eq!(serde_json::to_string(&bytes).unwrap(), json);
            assert_eq!(serde_json::from_str::<Bytes>(json).unwrap(), bytes);
        }
    }

    #[test]
    fn what_is_not_hexadecimal_is_refused() {
        for hex in ["f", "fg", "+1", "0x"] {
            let json = format!(r#"{{"hex":"{hex}"}}"#);
            assert!(serde_json::from_str::<Bytes>(&json).is_err(), "{hex}");
        }
    }
}
