//! The rules that a parameter obeys, as plain values.
//!
//! Who writes a rule differs from server to server: code-first servers take the constants of the newtypes
//! ([`CacheKey::RULE`](crate::CacheKey::RULE)), spec-first servers constants generated from the OpenAPI document, and a server that
//! reads the document when it starts makes its rules then. How a rule is applied, and which fault comes first,
//! is the same for all of them and stands here.

use crate::field::FieldFault;

/// What a text must be like: its length in Unicode scalar values, its characters, how it must not begin.
///
/// ```
/// use contract::rule::TextRule;
/// use contract::FieldFault;
///
/// const KEY: TextRule = TextRule::ANY.min_length(1).max_length(200).pattern("^[a-z:]+$");
/// assert_eq!(KEY.check("user:ada"), Ok(()));
/// assert_eq!(KEY.check("user/ada"), Err(FieldFault::Pattern("^[a-z:]+$")));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextRule {
    min_length: usize,
    max_length: usize,
    characters: Option<Characters>,
    refused: Option<&'static str>,
}

impl TextRule {
    /// Every text; the rule that others are built from.
    pub const ANY: Self = Self { min_length: 0, max_length: usize::MAX, characters: None, refused: None };

    /// With at least `length` Unicode scalar values (`minLength`).
    #[must_use]
    pub const fn min_length(self, length: usize) -> Self {
        Self { min_length: length, ..self }
    }

    /// With at most `length` Unicode scalar values (`maxLength`).
    #[must_use]
    pub const fn max_length(self, length: usize) -> Self {
        Self { max_length: length, ..self }
    }

    /// With the characters of `pattern`, which has the form `^[class]+$`. For constants: see [`Self::try_pattern`].
    ///
    /// # Panics
    /// For any other form. In a constant, that is an error of the build.
    #[must_use]
    pub const fn pattern(self, pattern: &'static str) -> Self {
        match self.try_pattern(pattern) {
            Ok(rule) => rule,
            Err(error) => refuse(error),
        }
    }

    /// Not beginning as `prefix` says, which has the form `^text` (`not: { pattern: … }`). For constants: see
    /// [`Self::try_refusing`].
    ///
    /// # Panics
    /// For any other form. In a constant, that is an error of the build.
    #[must_use]
    pub const fn refusing(self, prefix: &'static str) -> Self {
        match self.try_refusing(prefix) {
            Ok(rule) => rule,
            Err(error) => refuse(error),
        }
    }

    /// As [`Self::pattern`], for rules that are made at run time.
    ///
    /// # Errors
    /// [`RuleError::Pattern`] when the pattern has another form than `^[class]+$`.
    pub const fn try_pattern(self, pattern: &'static str) -> Result<Self, RuleError> {
        match Characters::of(pattern) {
            Ok(characters) => Ok(Self { characters: Some(characters), ..self }),
            Err(error) => Err(error),
        }
    }

    /// As [`Self::refusing`], for rules that are made at run time.
    ///
    /// # Errors
    /// [`RuleError::Prefix`] when `prefix` has another form than `^text`, punctuation in it escaped.
    pub const fn try_refusing(self, prefix: &'static str) -> Result<Self, RuleError> {
        if is_literal_prefix(prefix.as_bytes()) {
            Ok(Self { refused: Some(prefix), ..self })
        } else {
            Err(RuleError::Prefix)
        }
    }

    /// The first fault of a decoded text in the order length, pattern.
    ///
    /// # Errors
    /// [`FieldFault::TooShort`], [`FieldFault::TooLong`], [`FieldFault::Pattern`] or [`FieldFault::RefusedPrefix`].
    pub fn check(&self, raw: &str) -> Result<(), FieldFault> {
        // A scalar value has one to four bytes: most texts need not be counted.
        if raw.len() < self.min_length.saturating_mul(4) && raw.chars().count() < self.min_length {
            return Err(FieldFault::TooShort(self.min_length));
        }
        if raw.len() > self.max_length && raw.chars().count() > self.max_length {
            return Err(FieldFault::TooLong(self.max_length));
        }
        let Some(characters) = &self.characters else {
            return match self.refused {
                Some(prefix) if begins_with(raw, prefix) => {
                    Err(FieldFault::RefusedPrefix { pattern: "^", prefix })
                }
                _ => Ok(()),
            };
        };
        if raw.is_empty() || !raw.bytes().all(|byte| characters.hold(byte)) {
            return Err(FieldFault::Pattern(characters.pattern));
        }
        match self.refused {
            Some(prefix) if begins_with(raw, prefix) => {
                Err(FieldFault::RefusedPrefix { pattern: characters.pattern, prefix })
            }
            _ => Ok(()),
        }
    }

    /// Takes a text that no newtype is known for.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn text(&self, raw: &str) -> Result<String, FieldFault> {
        self.check(raw).map(|()| raw.to_owned())
    }
}

/// What a whole number must be like.
///
/// ```
/// use contract::rule::IntegerRule;
/// use contract::FieldFault;
///
/// const TTL: IntegerRule = IntegerRule::ANY.minimum(1).maximum(86_400);
/// assert_eq!(TTL.integer("60"), Ok(60));
/// assert_eq!(TTL.integer("007"), Err(FieldFault::NotAnInteger));
/// assert_eq!(TTL.integer("99999999999999999999"), Err(FieldFault::TooLarge(86_400)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntegerRule {
    minimum: i64,
    maximum: i64,
}

impl IntegerRule {
    /// Every number of 64 bits; the rule that others are built from.
    pub const ANY: Self = Self { minimum: i64::MIN, maximum: i64::MAX };

    /// Of at least `minimum`.
    #[must_use]
    pub const fn minimum(self, minimum: i64) -> Self {
        Self { minimum, ..self }
    }

    /// Of at most `maximum`.
    #[must_use]
    pub const fn maximum(self, maximum: i64) -> Self {
        Self { maximum, ..self }
    }

    /// Reads a number written as `-?(0|[1-9][0-9]*)`.
    ///
    /// # Errors
    /// [`FieldFault::NotAnInteger`] for any other form (`007`, `+5`, `1.0`, empty), [`FieldFault::TooSmall`] and
    /// [`FieldFault::TooLarge`] outside the range, however many digits there are.
    pub fn integer(&self, raw: &str) -> Result<i64, FieldFault> {
        let digits = raw.strip_prefix('-').unwrap_or(raw);
        let is_decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_decimal || (digits.len() > 1 && digits.starts_with('0')) {
            return Err(FieldFault::NotAnInteger);
        }
        match raw.parse::<i64>() {
            Ok(number) if number < self.minimum => Err(FieldFault::TooSmall(self.minimum)),
            Ok(number) if number > self.maximum => Err(FieldFault::TooLarge(self.maximum)),
            Ok(number) => Ok(number),
            // It has the form of a number, so it is one beyond 64 bits.
            Err(_) if raw.starts_with('-') => Err(FieldFault::TooSmall(self.minimum)),
            Err(_) => Err(FieldFault::TooLarge(self.maximum)),
        }
    }
}

/// Why a regular expression of a document cannot be a rule.
///
/// Rules are applied without a regular-expression engine; what they understand is what the contract needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The pattern is not one set of characters.
    #[error(
        "a pattern of the form ^[characters]+$ is needed, with ASCII characters, ranges and escaped punctuation in the set"
    )]
    Pattern,
    /// The refused pattern is not a beginning.
    #[error(
        "a refused pattern of the form ^text is needed, with ASCII characters and escaped punctuation in the text"
    )]
    Prefix,
}

#[expect(clippy::panic, reason = "evaluated in constants, where it is an error of the build")]
const fn refuse(error: RuleError) -> TextRule {
    match error {
        RuleError::Pattern => panic!("a pattern of the form ^[characters]+$ is needed"),
        RuleError::Prefix => panic!("a refused pattern of the form ^text is needed"),
    }
}

/// A pattern `^[class]+$` and the set of ASCII characters that it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Characters {
    pattern: &'static str,
    /// A bit for each of the 128.
    set: u128,
}

impl Characters {
    const fn of(pattern: &'static str) -> Result<Self, RuleError> {
        let bytes = pattern.as_bytes();
        let end = bytes.len().saturating_sub(3);
        // The shortest is `^[a]+$`.
        if end < 3 || bytes[0] != b'^' || bytes[1] != b'[' || bytes[2] == b'^' {
            return Err(RuleError::Pattern);
        }
        if bytes[end] != b']' || bytes[end + 1] != b'+' || bytes[end + 2] != b'$' {
            return Err(RuleError::Pattern);
        }
        let (mut set, mut at) = (0_u128, 2);
        while at < end {
            let Some((first, next)) = member(bytes, at, end) else { return Err(RuleError::Pattern) };
            at = next;
            let mut last = first;
            // A hyphen between two characters is a range; the first or last of the set is itself.
            if at + 1 < end && bytes[at] == b'-' {
                let Some((found, next)) = member(bytes, at + 1, end) else { return Err(RuleError::Pattern) };
                if found < first {
                    return Err(RuleError::Pattern);
                }
                (last, at) = (found, next);
            }
            let mut byte = first;
            while byte <= last {
                set |= 1 << byte;
                byte += 1;
            }
        }
        Ok(Self { pattern, set })
    }

    const fn hold(&self, byte: u8) -> bool {
        byte.is_ascii() && self.set >> byte & 1 == 1
    }
}

/// One character of a set, and where the next begins.
const fn member(bytes: &[u8], at: usize, end: usize) -> Option<(u8, usize)> {
    match bytes[at] {
        b'\\' if at + 1 < end && bytes[at + 1].is_ascii_punctuation() => Some((bytes[at + 1], at + 2)),
        b'[' | b']' | b'\\' => None,
        byte if byte.is_ascii() => Some((byte, at + 1)),
        _ => None,
    }
}

/// Whether a regular expression is `^` and a text, in which each character stands for itself.
const fn is_literal_prefix(pattern: &[u8]) -> bool {
    if pattern.len() < 2 || pattern[0] != b'^' {
        return false;
    }
    let mut at = 1;
    while at < pattern.len() {
        match pattern[at] {
            b'\\' if at + 1 < pattern.len() && pattern[at + 1].is_ascii_punctuation() => at += 2,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b':' | b'@' | b'/' => at += 1,
            _ => return false,
        }
    }
    true
}

/// Whether a text begins as a pattern says for which [`is_literal_prefix`] holds.
fn begins_with(raw: &str, pattern: &str) -> bool {
    let mut text = raw.bytes();
    pattern.bytes().skip(1).filter(|byte| *byte != b'\\').all(|byte| text.next() == Some(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holds(pattern: &'static str) -> Result<String, RuleError> {
        let characters = Characters::of(pattern)?;
        Ok((0..=127).filter(|byte| characters.hold(*byte)).map(char::from).collect())
    }

    #[test]
    fn a_pattern_is_read_as_the_set_that_it_means() {
        for (pattern, set) in [
            ("^[a]+$", "a"),
            ("^[c-ea]+$", "acde"),
            ("^[a-]+$", "-a"),
            ("^[-a]+$", "-a"),
            (r"^[\-.\]]+$", "-.]"),
            ("^[+$]+$", "$+"),
            (r"^[a\^]+$", "^a"),
            ("^[!-$]+$", "!\"#$"),
        ] {
            assert_eq!(holds(pattern).as_deref(), Ok(set), "{pattern}");
        }
    }

    #[test]
    fn any_other_pattern_is_refused() {
        for pattern in [
            "",
            "^$",
            "^[]+$",
            "[a]+",
            "^[a]+",
            "^[a]*$",
            "^[a]{3}$",
            "^[^a]+$",
            "^a+$",
            r"^[\d]+$",
            r"^[\w-]+$",
            "^[z-a]+$",
            "^[é]+$",
            "^[a]+[b]+$",
            "^[a]+$|x",
            r"^[a\]+$",
            "^(a|b)$",
            "^[[a]+$",
        ] {
            assert_eq!(TextRule::ANY.try_pattern(pattern), Err(RuleError::Pattern), "{pattern}");
        }
        for prefix in ["", "^", "amq", "^a.", "^a+", r"^\d", "^é", r"^a\", "^(a)"] {
            assert_eq!(TextRule::ANY.try_refusing(prefix), Err(RuleError::Prefix), "{prefix}");
        }
    }

    #[test]
    fn a_text_has_one_fault_in_the_order_length_pattern_prefix() {
        const RULE: TextRule =
            TextRule::ANY.min_length(2).max_length(4).pattern("^[a-z.]+$").refusing(r"^a\.");
        assert_eq!(RULE.check("é"), Err(FieldFault::TooShort(2)));
        assert_eq!(RULE.check("éé"), Err(FieldFault::Pattern("^[a-z.]+$")));
        assert_eq!(RULE.check("ééééé"), Err(FieldFault::TooLong(4)));
        assert_eq!(
            RULE.check("a.b"),
            Err(FieldFault::RefusedPrefix { pattern: "^[a-z.]+$", prefix: r"^a\." })
        );
        assert_eq!(RULE.check("ab.b"), Ok(()));
        assert_eq!(RULE.check("a"), Err(FieldFault::TooShort(2)));
    }

    #[test]
    fn an_empty_text_matches_no_pattern() {
        assert_eq!(TextRule::ANY.check(""), Ok(()));
        assert_eq!(TextRule::ANY.pattern("^[a]+$").check(""), Err(FieldFault::Pattern("^[a]+$")));
    }

    #[test]
    fn a_refused_beginning_needs_no_pattern() {
        let rule = TextRule::ANY.refusing("^x-");
        assert_eq!(rule.text("xy").as_deref(), Ok("xy"));
        assert_eq!(rule.check("x-y").unwrap_err().message(), "String should match pattern '^(?!x-)'");
    }

    #[test]
    fn a_number_is_in_or_out_of_range_however_long_it_is() {
        assert_eq!(IntegerRule::ANY.integer("-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(IntegerRule::ANY.integer("9223372036854775808"), Err(FieldFault::TooLarge(i64::MAX)));
        let rule = IntegerRule::ANY.minimum(-5).maximum(-3);
        assert_eq!(rule.integer("-4"), Ok(-4));
        assert_eq!(rule.integer("-2"), Err(FieldFault::TooLarge(-3)));
        assert_eq!(rule.integer("-99999999999999999999"), Err(FieldFault::TooSmall(-5)));
    }

    proptest! {
        #[test]
        fn a_set_holds_what_the_regular_expression_takes(text in "[a-zA-Z0-9_:.-]{1,40}", other in any::<String>()) {
            const RULE: TextRule = TextRule::ANY.pattern("^[a-zA-Z0-9_:.-]+$");
            prop_assert_eq!(RULE.check(&text), Ok(()));
            let is_met = !other.is_empty()
                && other.chars().all(|found| found.is_ascii_alphanumeric() || "_:.-".contains(found));
            prop_assert_eq!(RULE.check(&other).is_ok(), is_met);
        }

        #[test]
        fn no_pattern_makes_the_reader_panic(pattern in r"\^?\[[a-c\\\]\[^-]{0,5}\]?\+?\$?") {
            let _ = TextRule::ANY.try_pattern(Box::leak(pattern.into_boxed_str()));
        }
    }
}
