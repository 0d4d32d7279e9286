//! Strict percent-decoding of path segments and queries (RFC 3986, section 2.1).
//!
//! Frameworks decode loosely, each in its own way: some leave a broken escape as it is, some put U+FFFD in
//! place of what is not UTF-8. Here both are refused.

use std::borrow::Cow;

/// The text holds a `%` without two hexadecimal digits, or is not UTF-8 when decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not valid percent-encoded UTF-8")]
pub struct BrokenEncoding;

/// Decodes one path segment, once. `+` stays a plus sign.
///
/// # Errors
/// [`BrokenEncoding`].
pub fn decode_segment(raw: &str) -> Result<Cow<'_, str>, BrokenEncoding> {
    decode(raw, false)
}

/// Names and values of a query, in order.
pub type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Decodes a whole query into names and values, in order.
///
/// `+` is a space; a name without `=` has an empty value; names are decoded too.
///
/// # Errors
/// [`BrokenEncoding`] when any name or value is broken, an unknown one too.
pub fn decode_query(raw: &str) -> Result<Pairs<'_>, BrokenEncoding> {
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name, true)?, decode(value, true)?))
        })
        .collect()
}

fn decode(raw: &str, plus_is_space: bool) -> Result<Cow<'_, str>, BrokenEncoding> {
    let is_encoded = |byte| byte == b'%' || (plus_is_space && byte == b'+');
    if !raw.bytes().any(is_encoded) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex(bytes.next())? << 4 | hex(bytes.next())?,
            b'+' if plus_is_space => b' ',
            other => other,
        });
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| BrokenEncoding)
}

fn hex(digit: Option<u8>) -> Result<u8, BrokenEncoding> {
    match digit {
        Some(digit @ b'0'..=b'9') => Ok(digit - b'0'),
        Some(digit @ b'a'..=b'f') => Ok(digit - b'a' + 10),
        Some(digit @ b'A'..=b'F') => Ok(digit - b'A' + 10),
        _ => Err(BrokenEncoding),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_segment_is_decoded_once_and_strictly() {
        assert_eq!(decode_segment("a%2Fb%20c+d").unwrap(), "a/b c+d");
        assert_eq!(decode_segment("%252F").unwrap(), "%2F");
        assert_eq!(decode_segment("%C3%A9").unwrap(), "é");
        for broken in ["%", "%4", "%zz", "a%", "%FF", "%C3", "%ED%A0%80", "%+1"] {
            assert_eq!(decode_segment(broken), Err(BrokenEncoding), "{broken}");
        }
    }

    #[test]
    fn a_query_is_split_before_it_is_decoded() {
        let pairs = decode_query("a=1&&b&c=x+y%26z&%61=2&=v&d==e").unwrap();
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
        assert_eq!(pairs, [("a", "1"), ("b", ""), ("c", "x y&z"), ("a", "2"), ("", "v"), ("d", "=e")]);
        assert_eq!(decode_query("a=1&unknown=%FF"), Err(BrokenEncoding));
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_back(text in any::<String>()) {
            let mut encoded = String::new();
            for byte in text.bytes() {
                write!(encoded, "%{byte:02X}").unwrap();
            }
            prop_assert_eq!(decode_segment(&encoded).unwrap(), text.as_str());
        }

        #[test]
        fn no_text_makes_the_decoder_panic(text in any::<String>()) {
            let _ = decode_query(&text);
        }
    }
}
