//! The names and values of the cache operations.

use crate::field::FieldFault;
use crate::rule::{IntegerRule, TextRule};
use crate::text;

text::restricted_text! {
    /// A cache key: 1 to 200 characters of `[a-zA-Z0-9_:.-]`.
    ///
    /// The set has no brace, so a key cannot choose its slot of the Redis Cluster by a hash tag.
    ///
    /// ```
    /// use contract::CacheKey;
    /// assert!(CacheKey::parse("user:42").is_ok());
    /// assert!(CacheKey::parse("user/42").is_err());
    /// ```
    CacheKey,
    max: 200,
    pattern: "^[a-zA-Z0-9_:.-]+$",
    backend: TextRule::ANY,
}

/// A cache value: 0 to 5,000 Unicode scalar values of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheValue(String);

impl CacheValue {
    /// The most Unicode scalar values that a value may have.
    pub const MAX_LENGTH: usize = 5000;

    /// The contract's rule for it.
    pub const RULE: TextRule = TextRule::ANY.max_length(Self::MAX_LENGTH);

    /// Takes a decoded text as a value by [`Self::RULE`].
    ///
    /// # Errors
    /// [`FieldFault::TooLong`] beyond [`Self::MAX_LENGTH`].
    pub fn parse(raw: &str) -> Result<Self, FieldFault> {
        Self::by(&Self::RULE, raw)
    }

    /// Takes a decoded text as a value by a rule that comes from a document.
    ///
    /// # Errors
    /// As [`TextRule::check`].
    pub fn by(rule: &TextRule, raw: &str) -> Result<Self, FieldFault> {
        rule.text(raw).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl serde::Serialize for CacheValue {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(feature = "utoipa")]
impl utoipa::PartialSchema for CacheValue {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .max_length(Some(Self::MAX_LENGTH))
            .into()
    }
}

#[cfg(feature = "utoipa")]
impl utoipa::ToSchema for CacheValue {}

/// How long a cache value lives: 1 to 86,400 whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheTtl(u32);

impl CacheTtl {
    /// The shortest life, in seconds.
    pub const MIN: u32 = 1;
    /// The longest life, in seconds: one day.
    pub const MAX: u32 = 86_400;

    /// The contract's rule for it.
    pub const RULE: IntegerRule = IntegerRule::ANY.minimum(Self::MIN as i64).maximum(Self::MAX as i64);

    /// Reads a number of seconds, written as `-?(0|[1-9][0-9]*)`, by [`Self::RULE`].
    ///
    /// # Errors
    /// As [`IntegerRule::integer`].
    ///
    /// ```
    /// use contract::{CacheTtl, FieldFault};
    /// assert_eq!(CacheTtl::parse("60").unwrap().seconds(), 60);
    /// assert_eq!(CacheTtl::parse("007"), Err(FieldFault::NotAnInteger));
    /// assert_eq!(CacheTtl::parse("99999999999999999999"), Err(FieldFault::TooLarge(86_400)));
    /// ```
    pub fn parse(raw: &str) -> Result<Self, FieldFault> {
        Self::by(&Self::RULE, raw)
    }

    /// Reads a number of seconds by a rule that comes from a document.
    ///
    /// # Errors
    /// As [`IntegerRule::integer`]; where the rule is wider than a life can be, by that: 1 to 4,294,967,295.
    pub fn by(rule: &IntegerRule, raw: &str) -> Result<Self, FieldFault> {
        let seconds = rule.integer(raw)?;
        if seconds < 1 {
            return Err(FieldFault::TooSmall(1));
        }
        u32::try_from(seconds).map(Self).map_err(|_| FieldFault::TooLarge(i64::from(u32::MAX)))
    }

    /// Whole seconds, at least 1; by [`Self::RULE`], at most [`Self::MAX`].
    pub const fn seconds(self) -> u32 {
        self.0
    }
}

#[cfg(feature = "utoipa")]
impl utoipa::PartialSchema for CacheTtl {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Integer)
            .minimum(Some(Self::MIN))
            .maximum(Some(Self::MAX))
            .into()
    }
}

#[cfg(feature = "utoipa")]
impl utoipa::ToSchema for CacheTtl {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_has_one_fault_and_length_comes_first() {
        assert_eq!(CacheKey::parse(""), Err(FieldFault::TooShort(1)));
        assert_eq!(CacheKey::parse(&"é".repeat(201)), Err(FieldFault::TooLong(200)));
        assert_eq!(CacheKey::parse(&"é".repeat(200)), Err(FieldFault::Pattern(CacheKey::PATTERN)));
        assert!(CacheKey::parse(&"k".repeat(200)).is_ok());
        for hostile in ["..%2f", "a\0", "a\r\nSET b c", "a b", "a{b}", "\u{ff41}", "a/b", "\u{202e}a"] {
            assert_eq!(CacheKey::parse(hostile), Err(FieldFault::Pattern(CacheKey::PATTERN)), "{hostile:?}");
        }
    }

    #[test]
    fn a_value_is_measured_in_scalar_values() {
        assert!(CacheValue::parse("").is_ok());
        assert!(CacheValue::parse(&"\u{1f980}".repeat(5000)).is_ok());
        assert_eq!(CacheValue::parse(&"a".repeat(5001)), Err(FieldFault::TooLong(5000)));
    }

    #[test]
    fn a_ttl_is_a_plain_decimal_number_in_range() {
        for (raw, fault) in [
            ("", FieldFault::NotAnInteger),
            ("007", FieldFault::NotAnInteger),
            ("+5", FieldFault::NotAnInteger),
            ("1.0", FieldFault::NotAnInteger),
            (" 5", FieldFault::NotAnInteger),
            ("-", FieldFault::NotAnInteger),
            ("\u{0665}", FieldFault::NotAnInteger),
            ("0", FieldFault::TooSmall(1)),
            ("-0", FieldFault::TooSmall(1)),
            ("-99999999999999999999", FieldFault::TooSmall(1)),
            ("86401", FieldFault::TooLarge(86_400)),
            ("99999999999999999999", FieldFault::TooLarge(86_400)),
        ] {
            assert_eq!(CacheTtl::parse(raw), Err(fault), "{raw:?}");
        }
        assert_eq!(CacheTtl::parse("1").map(CacheTtl::seconds), Ok(1));
        assert_eq!(CacheTtl::parse("86400").map(CacheTtl::seconds), Ok(86_400));
    }

    #[test]
    fn a_document_may_say_other_bounds() {
        let ttl = |rule: IntegerRule, raw: &str| CacheTtl::by(&rule, raw).map(CacheTtl::seconds);
        assert_eq!(ttl(IntegerRule::ANY.minimum(1).maximum(60), "61"), Err(FieldFault::TooLarge(60)));
        assert_eq!(ttl(IntegerRule::ANY.minimum(1).maximum(100_000), "100000"), Ok(100_000));
        assert_eq!(ttl(IntegerRule::ANY, "0"), Err(FieldFault::TooSmall(1)), "Redis takes no such life");
        assert_eq!(ttl(IntegerRule::ANY, "4294967296"), Err(FieldFault::TooLarge(4_294_967_295)));
        assert_eq!(CacheKey::by(&TextRule::ANY.max_length(2), "abc"), Err(FieldFault::TooLong(2)));
        assert!(CacheKey::by(&TextRule::ANY.pattern("^[/]+$"), "/").is_ok());
        assert_eq!(CacheValue::by(&TextRule::ANY.min_length(1), ""), Err(FieldFault::TooShort(1)));
    }

    proptest! {
        #[test]
        fn the_parser_takes_what_the_pattern_describes(text in "[a-zA-Z0-9_:.-]{1,200}") {
            prop_assert!(CacheKey::parse(&text).is_ok());
        }

        #[test]
        fn every_number_in_range_is_taken(seconds in 1_u32..=86_400) {
            prop_assert_eq!(CacheTtl::parse(&seconds.to_string()).map(CacheTtl::seconds), Ok(seconds));
        }
    }
}
