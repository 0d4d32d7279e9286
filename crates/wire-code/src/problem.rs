//! The error envelope, and how the document describes it for each status.

use std::collections::BTreeMap;

use contract::problem::Details;
use contract::{Problem, RequestId};
use serde::Serialize;
use utoipa::openapi::schema::{AdditionalProperties, Array, Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use crate::schema::{constant_integer, constant_text, one_of_texts, text};

/// The body of every error answer.
#[derive(Debug, Serialize)]
pub struct ErrorEnvelope<'a> {
    error: &'static str,
    message: &'static str,
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
    request_id: &'a str,
}

impl<'a> ErrorEnvelope<'a> {
    /// The body for `problem`, under the id of the request that met it.
    pub fn new(problem: &Problem, request_id: &'a RequestId) -> Self {
        Self {
            error: problem.name(),
            message: problem.message(),
            status_code: problem.status(),
            details: problem.details(),
            request_id: request_id.as_str(),
        }
    }
}

/// The envelope of one status, as the document describes it.
struct EnvelopeSchema {
    name: &'static str,
    status: u32,
    errors: &'static [&'static str],
    details: Option<&'static str>,
}

const fn envelope(
    name: &'static str,
    status: u32,
    errors: &'static [&'static str],
    details: Option<&'static str>,
) -> EnvelopeSchema {
    EnvelopeSchema { name, status, errors, details }
}

const ENVELOPES: [EnvelopeSchema; 14] = [
    envelope("BadRequestError", 400, &["BadRequest"], None),
    envelope("ResourceNotFoundError", 404, &["ResourceNotFoundError"], Some("ResourceNotFoundDetails")),
    envelope("RequestTimeoutError", 408, &["RequestTimeout"], None),
    envelope("PayloadTooLargeError", 413, &["PayloadTooLarge"], None),
    envelope("UriTooLongError", 414, &["UriTooLong"], None),
    envelope("UnsupportedMediaTypeError", 415, &["UnsupportedMediaType"], None),
    envelope("ValidationError", 422, &["ValidationError"], Some("ValidationDetails")),
    envelope("RateLimitError", 429, &["RateLimitError"], None),
    envelope("HeadersTooLargeError", 431, &["HeadersTooLarge"], None),
    envelope("InternalServerError", 500, &["InternalServerError"], None),
    envelope(
        "VaultUnavailableError",
        503,
        &["VaultUnavailableError", "CircuitBreakerError"],
        Some("VaultUnavailableDetails"),
    ),
    envelope(
        "DatabaseUnavailableError",
        503,
        &["DatabaseConnectionError", "VaultUnavailableError", "CircuitBreakerError"],
        Some("DatabaseUnavailableDetails"),
    ),
    envelope(
        "CacheUnavailableError",
        503,
        &["CacheConnectionError", "VaultUnavailableError", "CircuitBreakerError"],
        Some("CacheUnavailableDetails"),
    ),
    envelope(
        "QueueUnavailableError",
        503,
        &["MessageQueueError", "VaultUnavailableError", "CircuitBreakerError"],
        Some("QueueUnavailableDetails"),
    ),
];

/// Every schema of the error envelope, by the name that answers refer to.
pub(crate) fn schemas() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas: Vec<(String, RefOr<Schema>)> = ENVELOPES
        .iter()
        .map(|envelope| (envelope.name.to_owned(), RefOr::T(envelope.schema().into())))
        .collect();
    let services: [(&str, &[&str]); 4] = [
        ("VaultUnavailableDetails", &["vault"]),
        ("DatabaseUnavailableDetails", &["postgres", "mysql", "mongodb", "vault"]),
        ("CacheUnavailableDetails", &["redis", "vault"]),
        ("QueueUnavailableDetails", &["rabbitmq", "vault"]),
    ];
    for (name, backends) in services {
        let service = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(backends.iter().copied()))
            .build();
        schemas.push((name.to_owned(), closed_object([("service", service.into())]).into()));
    }
    schemas.push((
        "ResourceNotFoundDetails".to_owned(),
        closed_object([
            ("resource_type", one_of_texts(["secret", "secret_key", "redis_node"]).into()),
            ("resource_id", text().into()),
        ])
        .into(),
    ));
    schemas.push(("FieldError".to_owned(), field_error().into()));
    let mut validation_errors = Array::new(Ref::from_schema_name("FieldError"));
    validation_errors.min_items = Some(1);
    schemas.push((
        "ValidationDetails".to_owned(),
        closed_object([("validation_errors", RefOr::T(Schema::Array(validation_errors)))]).into(),
    ));
    schemas.push(("RequestId".to_owned(), RequestIdSchema::schema()));
    schemas
}

impl EnvelopeSchema {
    fn schema(&self) -> Object {
        let error = match self.errors {
            [only] => constant_text(only),
            several => ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(several.iter().copied()))
                .build(),
        };
        let mut members: Vec<(&str, RefOr<Schema>)> = vec![
            ("error", error.into()),
            ("message", text().into()),
            ("status_code", constant_integer(self.status).into()),
        ];
        if let Some(details) = self.details {
            members.push(("details", Ref::from_schema_name(details).into()));
        }
        members.push(("request_id", Ref::from_schema_name("RequestId").into()));
        closed_object(members)
    }
}

fn field_error() -> Object {
    let mut place = Array::new(text());
    place.min_items = Some(1);
    place.max_items = Some(2);
    let kinds = [
        "missing",
        "string_too_short",
        "string_too_long",
        "string_pattern_mismatch",
        "int_parsing",
        "greater_than_equal",
        "less_than_equal",
        "object_type",
        "object_empty",
    ];
    closed_object([
        ("loc", RefOr::T(Schema::Array(place))),
        ("msg", text().into()),
        ("type", one_of_texts(kinds).into()),
    ])
}

/// An object with these members, all required, and no others.
fn closed_object<'a>(members: impl IntoIterator<Item = (&'a str, RefOr<Schema>)>) -> Object {
    let mut object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
    for (name, schema) in members {
        object = object.property(name, schema).required(name);
    }
    object.build()
}

/// The schema of `X-Request-ID` and of `request_id`.
pub(crate) struct RequestIdSchema;

impl PartialSchema for RequestIdSchema {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(RequestId::MAX_LENGTH))
            .pattern(Some("^[A-Za-z0-9._-]+$"))
            .into()
    }
}

impl ToSchema for RequestIdSchema {}

/// An answer with the error envelope; `schema` is one of [`ENVELOPES`].
pub(crate) fn response(description: &str, schema: &str) -> Response {
    ResponseBuilder::new()
        .description(description)
        .content("application/json", Content::new(Some(Ref::from_schema_name(schema))))
        .build()
}

/// Defines types that name documented error answers in `#[utoipa::path(responses(…))]`.
macro_rules! error_answers {
    ($($(#[$meta:meta])* $name:ident { $($status:literal $schema:literal $description:literal,)+ })+) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                BTreeMap::from([$(($status.to_owned(), RefOr::T(response($description, $schema))),)+])
            }
        }
    )+};
}

error_answers! {
    /// What an operation with constrained parameters answers.
    InputErrors {
        "400" "BadRequestError" "The path or query is not percent-encoded UTF-8.",
        "422" "ValidationError" "Parameters break a rule; all faults are listed, in the order path, query, body.",
    }
    /// What publishing answers to a message that it does not take.
    PublishErrors {
        "400" "BadRequestError" "The body is not JSON, or the query is not percent-encoded UTF-8.",
        "408" "RequestTimeoutError" "The body was not complete within ten seconds.",
        "415" "UnsupportedMediaTypeError" "The body is not declared as plain application/json.",
        "422" "ValidationError" "Parameters or body break a rule; all faults are listed, in the order path, query, body.",
    }
    /// There is no such secret.
    SecretNotFound {
        "404" "ResourceNotFoundError" "There is no secret of this name.",
    }
    /// There is no such secret or member.
    SecretKeyNotFound {
        "404" "ResourceNotFoundError" "There is no such member, or no secret of this name.",
    }
    /// What asking for a node by its name answers.
    RedisNodeErrors {
        "400" "BadRequestError" "The path is not percent-encoded UTF-8.",
        "404" "ResourceNotFoundError" "There is no Redis node of this name.",
    }
    /// Vault does not answer.
    VaultUnavailable {
        "503" "VaultUnavailableError" "Vault cannot be reached, or its circuit breaker is open.",
    }
    /// The database does not answer.
    DatabaseUnavailable {
        "503" "DatabaseUnavailableError" "The database, or Vault before its password was ever read, cannot be reached; or its circuit breaker is open.",
    }
    /// Redis does not answer.
    CacheUnavailable {
        "503" "CacheUnavailableError" "Redis, or Vault before its password was ever read, cannot be reached; or its circuit breaker is open.",
    }
    /// RabbitMQ does not answer.
    QueueUnavailable {
        "503" "QueueUnavailableError" "RabbitMQ, or Vault before its password was ever read, cannot be reached; or its circuit breaker is open.",
    }
}
