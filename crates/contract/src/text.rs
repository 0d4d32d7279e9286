//! The one way in which a restricted text becomes a newtype: length first, then the character set.

use crate::field::FieldFault;

/// Checks `raw` against a length in Unicode scalar values and a set of ASCII characters.
///
/// Length comes before pattern, because a value has one fault and that is the order the contract gives.
pub(crate) fn check(
    raw: &str,
    max_length: usize,
    pattern: &'static str,
    allowed: fn(u8) -> bool,
) -> Result<(), FieldFault> {
    if raw.is_empty() {
        return Err(FieldFault::TooShort(1));
    }
    // A scalar value is at most four bytes: a text with few enough bytes need not be counted.
    if raw.len() > max_length && raw.chars().count() > max_length {
        return Err(FieldFault::TooLong(max_length));
    }
    if raw.bytes().all(allowed) { Ok(()) } else { Err(FieldFault::Pattern(pattern)) }
}

/// Refuses a text that begins with `prefix`; `pattern` is how the fault names the rule.
pub(crate) fn refuse_prefix(raw: &str, prefix: &str, pattern: &'static str) -> Result<(), FieldFault> {
    if raw.starts_with(prefix) { Err(FieldFault::Pattern(pattern)) } else { Ok(()) }
}

/// The regular expression of a text that begins with `prefix`, whose dots are meant literally.
#[cfg(feature = "utoipa")]
pub(crate) fn prefix_pattern(prefix: &str) -> String {
    format!("^{}", prefix.replace('.', r"\."))
}

/// Defines a newtype over a text of 1 to `max` characters out of a closed ASCII set.
///
/// The character set is given twice, as the regular expression for documents and as a function for the
/// parser; a property test holds the two together.
macro_rules! restricted_text {
    (
        $(#[$meta:meta])*
        $name:ident, max: $max:expr, pattern: $pattern:expr, allowed: $allowed:expr
        $(, refused_prefix: $prefix:expr, said_as: $prefix_pattern:expr)? $(,)?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The most Unicode scalar values that it may have; the least is 1.
            pub const MAX_LENGTH: usize = $max;
            /// The regular expression that it matches.
            pub const PATTERN: &'static str = $pattern;

            /// Takes a decoded text.
            ///
            /// # Errors
            /// The first of length and pattern that is not met.
            pub fn parse(raw: &str) -> Result<Self, $crate::field::FieldFault> {
                $crate::text::check(raw, Self::MAX_LENGTH, Self::PATTERN, $allowed)?;
                $($crate::text::refuse_prefix(raw, $prefix, $prefix_pattern)?;)?
                Ok(Self(raw.to_owned()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        #[cfg(feature = "utoipa")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let schema = utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .min_length(Some(1))
                    .max_length(Some(Self::MAX_LENGTH))
                    .pattern(Some(Self::PATTERN));
                // utoipa has no field for `not`, and writes extensions as they are.
                $(let schema = schema.extensions(Some(utoipa::openapi::extensions::Extensions::from_iter([(
                    "not",
                    serde_json::json!({ "pattern": $crate::text::prefix_pattern($prefix) }),
                )])));)?
                schema.into()
            }
        }

        #[cfg(feature = "utoipa")]
        impl utoipa::ToSchema for $name {}
    };
}

pub(crate) use restricted_text;
