//! Inputs and answers generated from the contract, for the spec-first servers.
//!
//! `cargo xtask codegen` writes [`inputs`] and [`types`]. The conversions from the domain types of `service`, by
//! hand, stand beside them: when the document changes an answer, they are what does not compile until it is
//! followed.
//!
//! Deliberately absent: anything of HTTP or of a framework.

mod cache;
mod constant;
mod databases;
mod generated;
mod health;
mod messaging;
mod problem;
mod redis;
mod root;
mod secrets;

pub use constant::Constant;
pub use generated::{inputs, types};
pub use problem::ErrorEnvelope;

/// A length as a number of the document.
fn count(length: usize) -> u64 {
    // No length of memory is beyond 64 bits.
    u64::try_from(length).unwrap_or(u64::MAX)
}
