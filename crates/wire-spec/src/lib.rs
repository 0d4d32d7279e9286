//! Inputs and answers generated from the contract, for the spec-first servers.
//!
//! `cargo xtask codegen` writes [`inputs`] and [`types`]. The conversions from the domain types of `service`, by
//! hand, stand beside them: when the document changes an answer, they are what does not compile until it is
//! followed.
//!
//! Deliberately absent: anything of HTTP or of a framework.

mod constant;
mod generated;

pub use constant::Constant;
pub use generated::{inputs, types};
