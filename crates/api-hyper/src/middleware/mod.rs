//! Middleware: plain functions, each of which calls the next. From the outside in: [`request_line`], [`answer`], the
//! functions of [`admit`]. [`body`] throws away bodies that nobody reads.

pub(crate) mod admit;
pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod request_line;
