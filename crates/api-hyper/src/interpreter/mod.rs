//! The document, turned into what requests are held to.
//!
//! When the server starts, the document is read once: its paths become a [`Table`] to look routes up in, its
//! parameters become [`Rule`]s, its answers become lists of what may be sent. A request meets only those; no schema and
//! no regular expression is evaluated for it. What the document says in a way that this server does not understand is
//! refused at the start, with the place as a JSON pointer, because a promise that is passed over is one that nobody keeps.
//!
//! A table lives as long as the process, so that its texts are leaked and not counted: the shared crates take the names
//! of parameters and templates for good.

mod error;
mod operation;
mod rule;
mod source;
mod table;
mod tree;

pub(crate) use operation::{Handler, Operation, Parameter, Place, Reply, Wanted};
pub(crate) use rule::Rule;
pub(crate) use source::Source;
pub(crate) use table::{FileByName, Found, Route, Table, Target};

pub use error::DocumentError;

/// A text of the document that is needed for as long as the process lives.
fn forever(text: &str) -> &'static str {
    Box::leak(Box::from(text))
}

/// The pointer of a member of what `parent` points at.
fn child(parent: &str, member: &str) -> String {
    format!("{parent}/{}", member.replace('~', "~0").replace('/', "~1"))
}
