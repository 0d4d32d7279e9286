//! axum, spec-first.
//!
//! The contract comes first: `cargo xtask codegen` reads `openapi/openapi.yaml` and writes `generated`: the routes on
//! axum's own router, an extractor of each operation's input, and an enum of each operation's documented answers. By
//! hand there is a function for each operation in `handlers`, which gets the input and gives an answer: one that is
//! missing, or that answers what the document does not say, does not compile.
//!
//! Read `handlers/cache` first, then `generated/routes`, then `extract`, `errors` and `middleware`.

pub mod app;
mod errors;
mod extract;
mod generated;
mod handlers;
mod middleware;
mod serve;
mod start;
pub mod state;

pub use start::start;
