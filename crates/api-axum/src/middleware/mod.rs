//! Middleware, from the outside in: [`answer`], which asks [`request_line`] first, then the functions of [`admit`].
//! [`path`] gives path parameters as they were sent, [`body`] throws away bodies that nobody reads.

pub(crate) mod admit;
pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod path;
pub(crate) mod request_line;
