//! Middleware: plain functions, each of which calls the next. From the outside in: [`request_line`], [`answer`], the
//! functions of [`admit`]. [`body`] says what bodies are, and throws away those that nobody reads.

pub(crate) mod admit;
pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod request_line;
