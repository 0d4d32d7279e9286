//! actix-web, spec-first.
//!
//! Routes, parameters and answers are generated from `openapi/openapi.yaml` (see `generated`), and the handlers
//! are written by hand against them: an operation without a handler does not compile, nor does an answer that
//! the document does not have. What `/openapi.json` serves is that document.
//! Read `generated/routes.rs` first, then one file of `handlers`, then `extract`, `errors` and `middleware`.

pub mod app;
mod errors;
mod extract;
mod generated;
mod handlers;
mod middleware;
mod start;
pub mod state;

pub use start::start;
