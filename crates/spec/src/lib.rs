//! Loads, resolves, normalises, compares and validates OpenAPI 3.1 documents; those of 3.0 are read as 3.1.
//!
//! Two uses. A server that describes itself is held to a contract by [`diff()`]: both documents are reduced to
//! what they promise, and every promise that only one of them makes is a line. A live answer is held to the
//! contract by an [`Oracle`].
//!
//! Deliberately absent: knowledge of any one API, I/O other than reading a document, and tolerance. What this
//! crate does not understand it refuses, with the JSON pointer of the place, because a construct that is
//! skipped in silence is a promise that nobody checks.
//!
//! ```
//! use spec::{Document, diff};
//!
//! let contract = Document::from_yaml(r#"
//! openapi: 3.1.1
//! info: { title: Example, version: 1.0.0 }
//! paths:
//!   /items:
//!     get:
//!       operationId: list_items
//!       parameters:
//!         - { name: limit, in: query, schema: { type: integer, maximum: 100 } }
//!       responses:
//!         '200': { description: The items. }
//! "#)?;
//! let served = Document::from_json(r#"{
//!   "openapi": "3.1.0", "info": { "title": "Other prose", "version": "1.0.0" },
//!   "paths": { "/items": { "get": { "operationId": "list_items",
//!     "parameters": [{ "name": "limit", "in": "query", "schema": { "type": "integer" } }],
//!     "responses": { "200": { "description": "Also other prose." } } } } }
//! }"#)?;
//! let lines: Vec<String> = diff(&contract, &served)?
//!     .iter()
//!     .map(|difference| difference.line("contract", "api-axum"))
//!     .collect();
//! assert_eq!(lines, ["list_items / parameters / query.limit / maximum: contract 100, api-axum missing"]);
//! # Ok::<(), spec::Error>(())
//! ```

pub mod diff;
pub mod error;
pub mod exceptions;
pub mod load;
pub mod normalise;
pub mod operations;
mod pointer;
mod resolve;
mod schema;
mod upgrade;
pub mod validate;

pub use diff::{Difference, diff};
pub use error::Error;
pub use exceptions::Exceptions;
pub use load::Document;
pub use operations::Operation;
pub use validate::{Answer, Fault, Oracle};
