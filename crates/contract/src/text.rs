//! The one way in which a restricted text becomes a newtype.

/// Defines a newtype over a text of 1 to `max` characters out of a closed ASCII set.
///
/// `backend` is what the backend can take, whatever a document allows; a document that is wider does not get past it.
macro_rules! restricted_text {
    (
        $(#[$meta:meta])*
        $name:ident, max: $max:expr, pattern: $pattern:expr $(, refused: $prefix:expr)?, backend: $backend:expr $(,)?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The most Unicode scalar values that it may have; the least is 1.
            pub const MAX_LENGTH: usize = $max;
            /// The regular expression that it matches.
            pub const PATTERN: &'static str = $pattern;
            /// The contract's rule for it.
            pub const RULE: $crate::rule::TextRule =
                $crate::rule::TextRule::ANY.min_length(1).max_length($max).pattern($pattern)$(.refusing($prefix))?;
            const BACKEND: $crate::rule::TextRule = $backend;

            /// Takes a decoded text by [`Self::RULE`].
            ///
            /// # Errors
            /// The first of length and pattern that is not met.
            pub fn parse(raw: &str) -> Result<Self, $crate::field::FieldFault> {
                Self::by(&Self::RULE, raw)
            }

            /// Takes a decoded text by a rule that comes from a document.
            ///
            /// # Errors
            /// The first of length and pattern that is not met; by what the backend can take, where the rule is wider.
            pub fn by(rule: &$crate::rule::TextRule, raw: &str) -> Result<Self, $crate::field::FieldFault> {
                rule.check(raw)?;
                Self::BACKEND.check(raw)?;
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
                    serde_json::json!({ "pattern": $prefix }),
                )])));)?
                schema.into()
            }
        }

        #[cfg(feature = "utoipa")]
        impl utoipa::ToSchema for $name {}
    };
}

pub(crate) use restricted_text;
