//! The nodes of the Redis Cluster by name, and how Redis' texts become JSON.

use serde_json::{Number, Value};

use crate::problem::{Problem, ResourceKind};

/// A node of the Redis Cluster, by the name that the API gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RedisNode {
    /// `redis-1`
    One,
    /// `redis-2`
    Two,
    /// `redis-3`
    Three,
}

impl RedisNode {
    /// All three, in configured order.
    pub const ALL: [Self; 3] = [Self::One, Self::Two, Self::Three];

    /// The node of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|node| node.as_str() == name)
    }

    /// The node that a request names.
    ///
    /// # Errors
    /// [`Problem::ResourceNotFound`] for any other name than those of the three nodes.
    pub fn named(name: &str) -> Result<Self, Problem> {
        Self::from_name(name)
            .ok_or_else(|| Problem::ResourceNotFound { kind: ResourceKind::RedisNode, id: name.to_owned() })
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::One => "redis-1",
            Self::Two => "redis-2",
            Self::Three => "redis-3",
        }
    }

    /// The place in the configured list of nodes, from 0.
    pub const fn index(self) -> usize {
        match self {
            Self::One => 0,
            Self::Two => 1,
            Self::Three => 2,
        }
    }
}

/// A value of `INFO` or `CLUSTER INFO` as JSON.
///
/// A number when it is `-?(0|[1-9][0-9]*)(\.[0-9]+)?` and fits a 64-bit integer or a finite double, else text
/// (`7.0.15`, `00000000`, `1.05M`).
///
/// ```
/// use contract::redis::text_to_json;
/// assert_eq!(text_to_json("16384"), 16384);
/// assert_eq!(text_to_json("7.0.15"), "7.0.15");
/// ```
pub fn text_to_json(text: &str) -> Value {
    number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

fn number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || (whole.len() > 1 && whole.starts_with('0')) || !fraction.is_none_or(is_digits) {
        return None;
    }
    if fraction.is_some() {
        return text.parse().ok().and_then(Number::from_f64);
    }
    text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_decimal_numbers_that_fit_become_numbers() {
        for (text, json) in [
            ("0", "0"),
            ("-1", "-1"),
            ("18446744073709551615", "18446744073709551615"),
            ("1.25", "1.25"),
            ("0.00", "0.0"),
            ("7.0.15", "\"7.0.15\""),
            ("00000000", "\"00000000\""),
            ("1.05M", "\"1.05M\""),
            ("1e5", "\"1e5\""),
            (".5", "\".5\""),
            ("5.", "\"5.\""),
            ("+5", "\"+5\""),
            ("", "\"\""),
            ("-", "\"-\""),
            ("99999999999999999999", "\"99999999999999999999\""),
            ("keys=1,expires=0", "\"keys=1,expires=0\""),
        ] {
            assert_eq!(text_to_json(text).to_string(), json, "{text}");
        }
    }

    #[test]
    fn nodes_are_found_by_their_exact_name() {
        assert_eq!(RedisNode::from_name("redis-2"), Some(RedisNode::Two));
        assert_eq!(RedisNode::from_name("Redis-2"), None);
        assert_eq!(RedisNode::from_name("redis-4"), None);
    }
}
