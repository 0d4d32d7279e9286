//! Middleware, from the outside in: [`answer`], [`admit`]. [`path`] keeps paths as they were sent,
//! [`body`] throws away bodies that nobody reads.

pub(crate) mod admit;
pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod path;
