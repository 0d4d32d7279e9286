//! What is wrong with one parameter, and the list of all that is wrong with one request.

use serde::ser::{Serialize, SerializeSeq, SerializeStruct, Serializer};

/// What is wrong with one value. A value has at most one fault: the first of missing, length, pattern or range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldFault {
    /// The parameter is required and was not sent.
    Missing,
    /// Fewer Unicode scalar values than the limit.
    TooShort(usize),
    /// More Unicode scalar values than the limit.
    TooLong(usize),
    /// Not of the form that the pattern, a regular expression, demands.
    Pattern(&'static str),
    /// Of the form that the pattern demands, but with a beginning that is not allowed.
    RefusedPrefix {
        /// The regular expression that it matches.
        pattern: &'static str,
        /// The regular expression that it must not match, as `^text`.
        prefix: &'static str,
    },
    /// Not of the form `-?(0|[1-9][0-9]*)`.
    NotAnInteger,
    /// Below the least value.
    TooSmall(i64),
    /// Above the greatest value.
    TooLarge(i64),
    /// JSON, but not an object.
    NotAnObject,
    /// An object without members.
    EmptyObject,
}

impl FieldFault {
    /// The machine-readable name of the fault (`type` on the wire).
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::TooShort(_) => "string_too_short",
            Self::TooLong(_) => "string_too_long",
            Self::Pattern(_) | Self::RefusedPrefix { .. } => "string_pattern_mismatch",
            Self::NotAnInteger => "int_parsing",
            Self::TooSmall(_) => "greater_than_equal",
            Self::TooLarge(_) => "less_than_equal",
            Self::NotAnObject => "object_type",
            Self::EmptyObject => "object_empty",
        }
    }

    /// The sentence for a person (`msg` on the wire). A fixed template: it never echoes what was sent.
    pub fn message(self) -> String {
        match self {
            Self::Missing => "Field required".to_owned(),
            Self::TooShort(limit) => format!("String should have at least {limit} {}", characters(limit)),
            Self::TooLong(limit) => format!("String should have at most {limit} {}", characters(limit)),
            Self::Pattern(pattern) => format!("String should match pattern '{pattern}'"),
            // One expression that says both, as a client could use it.
            Self::RefusedPrefix { pattern, prefix } => {
                let (text, rest) = (prefix.trim_start_matches('^'), pattern.trim_start_matches('^'));
                format!("String should match pattern '^(?!{text}){rest}'")
            }
            Self::NotAnInteger => "Input should be a valid integer".to_owned(),
            Self::TooSmall(limit) => format!("Input should be greater than or equal to {limit}"),
            Self::TooLarge(limit) => format!("Input should be less than or equal to {limit}"),
            Self::NotAnObject => "Input should be a valid object".to_owned(),
            Self::EmptyObject => "Object should have at least 1 property".to_owned(),
        }
    }
}

const fn characters(count: usize) -> &'static str {
    if count == 1 { "character" } else { "characters" }
}

/// Where the faulty value stands in the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldPlace {
    /// A path parameter, by its name in the route template.
    Path(&'static str),
    /// A query parameter, by its name.
    Query(&'static str),
    /// The whole body.
    Body,
}

/// One faulty value of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldError {
    /// Where it stands.
    pub place: FieldPlace,
    /// What is wrong with it.
    pub fault: FieldFault,
}

impl Serialize for FieldPlace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (place, name) = match self {
            Self::Path(name) => ("path", Some(name)),
            Self::Query(name) => ("query", Some(name)),
            Self::Body => ("body", None),
        };
        let mut list = serializer.serialize_seq(None)?;
        list.serialize_element(place)?;
        if let Some(name) = name {
            list.serialize_element(name)?;
        }
        list.end()
    }
}

impl Serialize for FieldError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("FieldError", 3)?;
        object.serialize_field("loc", &self.place)?;
        object.serialize_field("msg", &self.fault.message())?;
        object.serialize_field("type", self.fault.kind())?;
        object.end()
    }
}

/// All faults of one request, in the order path, query, body.
///
/// Never empty: it is made by [`FieldErrors::collect`] only when there is a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Gathers the faults among `found`, which lists the parameters in document order.
    ///
    /// Returns `None` when there is none.
    pub fn collect(found: impl IntoIterator<Item = (FieldPlace, Option<FieldFault>)>) -> Option<Self> {
        let errors: Vec<_> = found
            .into_iter()
            .filter_map(|(place, fault)| fault.map(|fault| FieldError { place, fault }))
            .collect();
        (!errors.is_empty()).then_some(Self(errors))
    }

    /// The faults, at least one.
    pub fn as_slice(&self) -> &[FieldError] {
        &self.0
    }
}
