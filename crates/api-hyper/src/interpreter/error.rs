//! Why a document cannot be answered by.

use contract::rule::RuleError;

/// Why this server cannot answer by a document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// It cannot be read, or is no OpenAPI document that can be understood.
    #[error(
        "the OpenAPI document cannot be used; repair it, or unset OPENAPI_FILE to use the one that is built in"
    )]
    Unusable(#[from] spec::Error),
    /// It says something in a way that this server does not understand.
    #[error("{pointer}: {construct} is not supported")]
    Unsupported {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What.
        construct: String,
    },
    /// A regular expression is of a form that this server does not understand.
    #[error("{pointer}: not a usable pattern")]
    Pattern {
        /// Where, as a JSON pointer.
        pointer: String,
        /// Which form it needs.
        source: RuleError,
    },
    /// An operation has no handler.
    #[error("{pointer}: no handler is called {id:?}; the operationId names the handler")]
    NoHandler {
        /// Where, as a JSON pointer.
        pointer: String,
        /// Its `operationId`.
        id: String,
    },
    /// A handler has no operation.
    #[error("/paths: no operation is called {id:?}, for which there is a handler")]
    NoOperation {
        /// What its `operationId` would be.
        id: &'static str,
    },
    /// A handler needs something that its operation does not have.
    #[error("{pointer}: {need}, which its handler {id} needs")]
    HandlerNeeds {
        /// Where, as a JSON pointer.
        pointer: String,
        /// The handler's name, which is the `operationId`.
        id: &'static str,
        /// What is missing, worded to be followed by "which its handler needs".
        need: String,
    },
    /// Two operations have the same path and method, or the same `operationId`.
    #[error("{pointer}: {clash}")]
    Clash {
        /// Where the second stands, as a JSON pointer.
        pointer: String,
        /// What it clashes with.
        clash: String,
    },
}

impl DocumentError {
    pub(super) fn unsupported(pointer: impl Into<String>, construct: impl Into<String>) -> Self {
        Self::Unsupported { pointer: pointer.into(), construct: construct.into() }
    }
}
