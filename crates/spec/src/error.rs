//! What is wrong with a document.

use std::path::PathBuf;

/// Why a document cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The text is not YAML, or not one document of JSON-like values; a repeated key is such a fault too.
    #[error("not a YAML document")]
    Yaml(#[source] Box<serde_saphyr::Error>),
    /// The text is not JSON.
    #[error("not a JSON document")]
    Json(#[source] serde_json::Error),
    /// The exceptions are not as [`crate::exceptions`] describes them.
    #[error("not a list of exceptions")]
    Exceptions(#[source] Box<toml::de::Error>),
    /// The document is of another version of OpenAPI.
    #[error("/openapi: only OpenAPI 3.0 and 3.1 are understood, this is {found}")]
    Version {
        /// What stands there, as JSON.
        found: String,
    },
    /// Something that must be there is missing or of another type.
    #[error("{pointer}: expected {expected}")]
    Malformed {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A reference leads nowhere, out of the document, or round in a circle.
    #[error("{pointer}: the reference {reference} {fault}")]
    Reference {
        /// Where the reference stands, as a JSON pointer.
        pointer: String,
        /// The reference as written.
        reference: String,
        /// What is wrong with it.
        fault: ReferenceFault,
    },
    /// A construct of OpenAPI or JSON Schema that this crate does not understand.
    #[error("{pointer}: {construct} is not supported")]
    Unsupported {
        /// Where, as a JSON pointer.
        pointer: String,
        /// The construct.
        construct: String,
    },
    /// A schema that cannot be compiled, such as one with a broken pattern.
    #[error("{pointer}: not a usable schema: {reason}")]
    Schema {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What the schema compiler says.
        reason: String,
    },
}

/// What is wrong with a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceFault {
    /// It is not a string.
    #[error("is not a string")]
    NotText,
    /// There is nothing of that name.
    #[error("leads nowhere")]
    Missing,
    /// It leads to another document.
    #[error("leads out of the document")]
    External,
    /// It leads to something that contains it, which cannot be written out in full.
    #[error("leads back to itself")]
    Cycle,
}

impl Error {
    pub(crate) fn malformed(pointer: &str, expected: &'static str) -> Self {
        Self::Malformed { pointer: pointer.to_owned(), expected }
    }

    pub(crate) fn unsupported(pointer: &str, construct: impl Into<String>) -> Self {
        Self::Unsupported { pointer: pointer.to_owned(), construct: construct.into() }
    }
}
