//! HTTP/1.1 as bytes: what is sent is what a case says, what came back is kept as it came.

mod client;
mod curl;
mod encode;
mod reader;

pub use client::{Client, ClientError};
pub use curl::curl;
pub use encode::encode;
pub(crate) use reader::{Read, Reader};
