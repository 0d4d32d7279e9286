//! The raw text of a request: how it is decoded, and how all that is wrong with it becomes one answer.
//!
//! Every reader of an operation's input is made of these: those of [`input`](crate::input), those generated from
//! the OpenAPI document, and those that are made at run time.

use std::borrow::Cow;

use crate::field::{FieldErrors, FieldFault, FieldPlace};
use crate::messaging::MessageFault;
use crate::percent;
use crate::problem::{Problem, Unreadable};

/// Decodes a path segment.
///
/// # Errors
/// [`Problem::BadRequest`] for broken percent-encoding.
pub fn segment(raw: &str) -> Result<Cow<'_, str>, Problem> {
    percent::decode_segment(raw).map_err(|_| Problem::BadRequest(Unreadable::Path))
}

/// A decoded query, in which the last of a repeated name counts.
///
/// ```
/// let query = contract::raw::Query::read(Some("a=1&a=x+y")).unwrap();
/// assert_eq!(query.optional("a"), Some("x y"));
/// assert_eq!(query.required("b"), Err(contract::FieldFault::Missing));
/// ```
#[derive(Debug, Clone)]
pub struct Query<'a>(percent::Pairs<'a>);

impl<'a> Query<'a> {
    /// Decodes a whole query, the names that nobody asks for too.
    ///
    /// # Errors
    /// [`Problem::BadRequest`] for broken percent-encoding.
    pub fn read(raw: Option<&'a str>) -> Result<Self, Problem> {
        percent::decode_query(raw.unwrap_or_default())
            .map(Self)
            .map_err(|_| Problem::BadRequest(Unreadable::Query))
    }

    /// The value of a parameter that may be left out.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(found, _)| found == name).map(|(_, value)| value.as_ref())
    }

    /// The value of a parameter that must be there.
    ///
    /// # Errors
    /// [`FieldFault::Missing`].
    pub fn required(&self, name: &str) -> Result<&str, FieldFault> {
        self.optional(name).ok_or(FieldFault::Missing)
    }
}

/// The answer to a request in which something is wrong: all faults at once; `found` is in document order.
pub fn refused(found: impl IntoIterator<Item = (FieldPlace, Option<FieldFault>)>) -> Problem {
    // Called only where something was refused; were nothing refused, that would be our own fault.
    FieldErrors::collect(found).map_or(Problem::Internal, Problem::Validation)
}

/// As [`refused`], of an operation that takes a body.
///
/// A body that is no JSON is told only when there is no other fault.
pub fn refused_with_body(
    found: impl IntoIterator<Item = (FieldPlace, Option<FieldFault>)>,
    body: Option<MessageFault>,
) -> Problem {
    let of_body = match body {
        Some(MessageFault::Invalid(fault)) => Some(fault),
        Some(MessageFault::NotJson) | None => None,
    };
    let is_no_json = body == Some(MessageFault::NotJson);
    match refused(found.into_iter().chain([(FieldPlace::Body, of_body)])) {
        Problem::Internal if is_no_json => Problem::BadRequest(Unreadable::Body),
        problem => problem,
    }
}
