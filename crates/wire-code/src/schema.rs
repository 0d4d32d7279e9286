//! Pieces of schemas that derives cannot say.

use serde_json::{Value, json};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

/// An object schema with a JSON Schema keyword that utoipa has no field for.
pub(crate) fn with_keyword(builder: ObjectBuilder, keyword: &str, value: Value) -> Object {
    builder.extensions(Some(Extensions::from_iter([(keyword.to_owned(), value)]))).build()
}

/// The one text that a member always is.
pub(crate) fn constant_text(text: &str) -> Object {
    with_keyword(ObjectBuilder::new().schema_type(Type::String), "const", json!(text))
}

/// The one number that a member always is.
pub(crate) fn constant_integer(number: u32) -> Object {
    with_keyword(ObjectBuilder::new().schema_type(Type::Integer), "const", json!(number))
}

/// One of these texts.
pub(crate) fn one_of_texts<const N: usize>(texts: [&str; N]) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(texts)).build()
}

/// A whole number without a width: from `minimum`, to `maximum` where there is one.
pub(crate) fn integer(minimum: u32, maximum: Option<u32>) -> Object {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(minimum)).maximum(maximum).build()
}

/// As [`integer`], or null.
pub(crate) fn nullable_integer(minimum: u32, maximum: Option<u32>) -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::Array(vec![Type::Integer, Type::Null]))
        .minimum(Some(minimum))
        .maximum(maximum)
        .build()
}

/// A text that is not empty.
pub(crate) fn text() -> Object {
    ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).build()
}

/// A text of this form.
pub(crate) fn text_like(pattern: &str) -> Object {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).build()
}

/// An object of which nothing more is said.
pub(crate) fn any_object() -> Object {
    ObjectBuilder::new().schema_type(Type::Object).build()
}

/// Defines functions that give a schema, for `#[schema(schema_with = …)]`, which takes a path alone.
macro_rules! schemas {
    ($($name:ident => $schema:expr;)+) => {
        $(fn $name() -> utoipa::openapi::schema::Object { $schema })+
    };
}

pub(crate) use schemas;

/// Zero, for the least value of counts.
pub(crate) fn count() -> Object {
    integer(0, None)
}

/// A TCP port that somebody listens on.
pub(crate) fn port() -> Object {
    integer(1, Some(65_535))
}

/// The literal `success`.
pub(crate) fn success() -> Object {
    constant_text(SUCCESS)
}

/// `status` of the Redis pages.
pub(crate) const SUCCESS: &str = "success";
