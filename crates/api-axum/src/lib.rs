//! axum, code-first.
//!
//! Handlers are plain functions with `#[utoipa::path]` beside them; `OpenApiRouter` and `routes!` take path and
//! methods of a route from that description, so that the document which `/openapi.json` serves is the router's own
//! (see [`app`]). Read `app` first, then one file of `handlers`, then `extract`, `errors` and `middleware`.

pub mod app;
mod errors;
mod extract;
mod handlers;
mod middleware;
mod serve;
mod start;
pub mod state;

pub use start::start;
