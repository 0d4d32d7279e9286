//! No framework: hyper, and the contract interpreted when the server starts.
//!
//! The server embeds `openapi/openapi.yaml` (`OPENAPI_FILE` puts another in its place) and makes of it, once, what its
//! siblings have in code: the routes, the rules of the parameters, the answers that may be sent. Two things follow. A
//! path that is renamed in the document, a bound that changes or a parameter that becomes required needs no code. And
//! what the siblings pay a framework for stands here in plain functions, so that the difference is the framework's price.
//!
//! What the document cannot say is how a use case is called. So each operation has a handler of its own, bound by
//! `operationId` in the one table of `app`; an operation without a handler, a handler without an operation and a handler
//! whose parameters the document does not have each fail the start. An answer that the document does not list for its
//! operation is not sent: it becomes a 500 whose cause is in the log.
//!
//! The bodies of answers are the types of `wire-spec`, which are generated from the same document when the server is
//! built: names and order of their members are the document's and nobody's else. They are not made when it starts, as
//! rules are, because a body is made of what a use case gives, and where a new member would get its value from no
//! document can say.
//!
//! Read `app` first, then one file of `handlers`, then `extract`, `errors` and `middleware`, and `interpreter` last: the
//! first have the names of their siblings' files, and the last is what only this server has.

pub mod app;
mod errors;
mod extract;
mod handlers;
mod interpreter;
mod middleware;
mod serve;
mod start;
mod state;

pub use interpreter::DocumentError;
pub use middleware::body::RequestBody;
pub use start::{StartError, start};

#[cfg(test)]
mod tests;
