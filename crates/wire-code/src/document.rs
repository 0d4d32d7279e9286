//! What every operation's description has in common, added to the document that the routes gave.
//!
//! The middleware of a server gives every answer the same headers and can answer in place of any handler, so
//! this is said once here and not in each handler's annotation.

use contract::CacheTtl;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{
    ContactBuilder, Header, InfoBuilder, LicenseBuilder, OpenApi, PathItem, RefOr, Response, Server,
};
use utoipa::{PartialSchema, ToSchema};

use crate::RootResponse;
use crate::examples;
use crate::problem::{self, RequestIdSchema};
use crate::schema::{any_object, integer, text, text_like};

/// Defines a body that is one text.
macro_rules! text_bodies {
    ($($(#[$meta:meta])* $name:ident)+) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

text_bodies! {
    /// Metrics in the Prometheus text format.
    MetricsText
    /// A page for people.
    HtmlPage
}

/// An OpenAPI document.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used: the document itself is made by utoipa")]
pub struct OpenapiDocument {
    #[schema(schema_with = version_3_1)]
    openapi: String,
    #[schema(schema_with = info)]
    info: String,
    #[schema(schema_with = any_object)]
    paths: String,
    #[schema(schema_with = any_object)]
    components: String,
}

fn version_3_1() -> utoipa::openapi::schema::Object {
    text_like(r"^3\.1\.[0-9]+$")
}

fn info() -> utoipa::openapi::schema::Object {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("title", text())
        .required("title")
        .property("version", text())
        .required("version")
        .build()
}

/// Completes the document that a server's routes gave: who it is, what any operation may answer in place of
/// its handler, and the headers and an example of every answer.
///
/// `root` is the server's own front page, which has its name and version.
pub fn complete(document: &mut OpenApi, root: &RootResponse) {
    document.info = InfoBuilder::new()
        .title("DevStack Rust reference API")
        .version(root.version())
        .description(Some(format!("The contract as {} answers it.", root.name())))
        .contact(Some(ContactBuilder::new().name(Some("DevStack Rust maintainers")).build()))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").build()))
        .build();
    document.servers = Some(vec![Server::new("/")]);
    let schemas = &mut document.components.get_or_insert_default().schemas;
    schemas.extend(problem::schemas());
    // utoipa refers to the schema of an optional parameter, and does not collect it.
    schemas.insert("CacheTtl".to_owned(), CacheTtl::schema());
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            for (status, description, schema) in ANY_OPERATION {
                let response = problem::response(description, schema);
                operation.responses.responses.insert(status.to_owned(), response.into());
            }
            let id = operation.operation_id.as_deref().unwrap_or_default();
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response {
                    add_headers(status, response);
                    for content in response.content.values_mut() {
                        if let RefOr::T(content) = content {
                            content.example = examples::of_answer(id, status, root);
                        }
                    }
                }
            }
        }
    }
}

/// Status, description and schema of what any operation may answer.
const ANY_OPERATION: [(&str, &str, &str); 5] = [
    ("413", "The body is larger than 1 MiB (publish) or 10 MiB (everywhere else).", "PayloadTooLargeError"),
    ("414", "The request target is longer than 64,000 bytes.", "UriTooLongError"),
    ("429", "This client address has used up the limit of this kind of route.", "RateLimitError"),
    (
        "431",
        "More than 64 header fields, or more than 32,768 bytes of names and values.",
        "HeadersTooLargeError",
    ),
    ("500", "Anything else; the cause is in the log only.", "InternalServerError"),
];

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.delete, &mut item.patch]
        .into_iter()
        .filter_map(Option::as_mut)
}

fn add_headers(status: &str, response: &mut Response) {
    let mut add = |name: &str, schema: RefOr<Schema>, description: &str| {
        let mut header = Header::new(schema);
        header.description = Some(description.to_owned());
        response.headers.insert(name.to_owned(), header.into());
    };
    add(
        "X-Request-ID",
        RequestIdSchema::schema(),
        "The caller's own id where it was well-formed, else a new UUID v4.",
    );
    // Answered before the limiter is asked.
    if !matches!(status, "414" | "431") {
        add(
            "X-RateLimit-Limit",
            integer(1, None).into(),
            "Requests that one client address may make in a minute.",
        );
        add("X-RateLimit-Remaining", integer(0, None).into(), "Requests left at this moment.");
        add("X-RateLimit-Reset", integer(0, None).into(), "Seconds until the whole limit is there again.");
    }
    if matches!(status, "429" | "503") {
        add("Retry-After", integer(1, None).into(), "Seconds to wait before another try.");
    }
}
