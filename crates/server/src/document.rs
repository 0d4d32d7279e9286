//! The pages and files beside the served document: Swagger UI and Redoc, out of the binary.
//!
//! Nothing on these pages comes from another host, and each page carries a policy that makes the browser hold to
//! that. A server registers the routes `/docs` and `/redoc` and [`FILE_ROUTES`] in its own router and asks here for
//! the bytes. The pages refer to their files by absolute paths, so that they need neither a trailing slash nor a
//! redirect; a file name that is not known is 404 like any unknown route.
//!
//! [`FILE_ROUTES`]: contract::operation::FILE_ROUTES
//!
//! Deliberately absent: `/openapi.json` itself, which is each server's own description of itself;
//! [`Documents`] only gives it its two forms.

mod pages;
mod redoc;
mod swagger_ui;

use std::borrow::Cow;
use std::error::Error;
use std::sync::{Arc, LazyLock};

use causes::Chain;
use serde_json::Value;

pub use pages::{redoc_page, swagger_page};
pub use redoc::file as redoc_file;
pub use swagger_ui::file as swagger_file;

/// Bytes with their media type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The value of `Content-Type`.
    pub content_type: Cow<'static, str>,
    /// The body.
    pub bytes: Cow<'static, [u8]>,
}

/// An asset that is made when it is first looked at, and then kept.
pub type LazyAsset = LazyLock<Asset, Box<dyn FnOnce() -> Asset + Send>>;

/// A server's description of itself, in both forms.
///
/// Making one takes some milliseconds, and megabytes that the process would not give back: a server that nobody asks
/// for its description need not have them.
#[derive(Debug)]
pub struct Documents {
    /// `/openapi.json`: compact JSON.
    pub json: LazyAsset,
    /// `/openapi.yaml`: the same document as YAML.
    pub yaml: LazyAsset,
}

impl Documents {
    /// Both forms of what `document` gives, its members in the order they have there.
    ///
    /// # Panics
    /// When a form is first looked at, if the document cannot be written in it, which no OpenAPI document makes
    /// happen: a request for it is then answered as any fault of ours.
    pub fn new<E: Error>(document: impl Fn() -> Result<Value, E> + Send + Sync + 'static) -> Self {
        let document = Arc::new(document);
        let of_json = Arc::clone(&document);
        let json = move || Asset {
            content_type: contract::headers::JSON.into(),
            bytes: written(of_json()).to_string().into_bytes().into(),
        };
        let yaml = move || Asset {
            content_type: contract::headers::YAML.into(),
            bytes: written(serde_saphyr::to_string(&written(document()))).into_bytes().into(),
        };
        Self { json: LazyLock::new(Box::new(json)), yaml: LazyLock::new(Box::new(yaml)) }
    }
}

#[expect(clippy::panic, reason = "it takes a document that is none, and the middleware makes 500 of it")]
fn written<T>(outcome: Result<T, impl Error>) -> T {
    outcome.unwrap_or_else(|error| panic!("the document cannot be written: {}", Chain(&error)))
}

#[cfg(test)]
mod tests;
