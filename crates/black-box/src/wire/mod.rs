//! HTTP/1.1 as bytes: what is sent is what a case says, what came back is kept as it came.
//!
//! HTTP clients repair requests and tidy answers, and both would hide what these cases are about.

mod answer;
mod connection;
mod request;

pub(crate) use answer::Answer;
pub(crate) use connection::Connection;
pub(crate) use request::{Request, percent_encoded};
