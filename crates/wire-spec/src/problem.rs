//! The error envelope, which all error answers of the document have.

use contract::problem::Details;
use contract::{Problem, RequestId};
use serde::Serialize;

/// The body of every error answer.
///
/// It is not generated, because its contents are: each member follows from the one table in [`Problem`]. The code
/// generator refuses a document whose error answers have another form.
#[derive(Debug, Serialize)]
pub struct ErrorEnvelope<'a> {
    error: &'static str,
    message: &'static str,
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
    request_id: &'a str,
}

impl<'a> ErrorEnvelope<'a> {
    /// The body for `problem`, under the id of the request that met it.
    pub fn new(problem: &Problem, request_id: &'a RequestId) -> Self {
        Self {
            error: problem.name(),
            message: problem.message(),
            status_code: problem.status(),
            details: problem.details(),
            request_id: request_id.as_str(),
        }
    }
}
