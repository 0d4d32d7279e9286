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

/// A server's description of itself, in both forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documents {
    /// `/openapi.json`: compact JSON.
    pub json: Asset,
    /// `/openapi.yaml`: the same document as YAML.
    pub yaml: Asset,
}

impl Documents {
    /// Both forms of `document`, its members in the order they have there.
    ///
    /// # Errors
    /// [`DocumentError`] when YAML cannot express the document, which no OpenAPI document makes happen.
    pub fn new(document: &Value) -> Result<Self, DocumentError> {
        let yaml = serde_saphyr::to_string(document).map_err(|source| DocumentError(Box::new(source)))?;
        Ok(Self {
            json: Asset {
                content_type: contract::headers::JSON.into(),
                bytes: document.to_string().into_bytes().into(),
            },
            yaml: Asset { content_type: contract::headers::YAML.into(), bytes: yaml.into_bytes().into() },
        })
    }
}

/// A document that has no YAML form.
#[derive(Debug, thiserror::Error)]
#[error("the document cannot be written as YAML")]
pub struct DocumentError(#[source] Box<dyn std::error::Error + Send + Sync>);

#[cfg(test)]
mod tests;
