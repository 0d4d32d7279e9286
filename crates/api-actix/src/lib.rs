//! The reference server: actix-web, code-first.
//!
//! Routes are handlers with `#[route]`, their descriptions stand beside them as `#[utoipa::path]`, and the
//! document that `/openapi.json` serves is collected from the very registration that serves (see [`app`]).
//! Read `app` first, then one file of `handlers`, then `extract`, `errors` and `middleware`.

pub mod app;
mod errors;
mod extract;
mod handlers;
mod middleware;
mod start;
pub mod state;

pub use start::start;
