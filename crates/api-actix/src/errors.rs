//! The one conversion from a failure to an actix-web response.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpResponse, ResponseError};
use contract::{Problem, RequestId, operation};
use wire_code::ErrorEnvelope;

/// What handlers return.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

/// A problem to answer with, and its cause for the log.
///
/// As a [`ResponseError`] it has only the status: the body needs the request's id, so
/// the middleware `answer` writes it with [`problem_response`].
#[derive(Debug)]
pub(crate) struct ApiError {
    problem: Problem,
    cause: Option<service::Error>,
}

impl ApiError {
    /// What the client is told.
    pub(crate) fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Why, for the log; `None` where the problem says it all.
    pub(crate) fn cause(&self) -> Option<&service::Error> {
        self.cause.as_ref()
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self { problem, cause: None }
    }
}

impl From<service::Error> for ApiError {
    fn from(cause: service::Error) -> Self {
        Self { problem: cause.problem(), cause: Some(cause) }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.problem.name())
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        status_of(&self.problem)
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// The full answer to a problem: status, the headers that belong to it, the envelope.
pub(crate) fn problem_response(problem: &Problem, request_id: &RequestId) -> HttpResponse {
    let mut response = HttpResponse::build(status_of(problem));
    if let Some(seconds) = problem.retry_after() {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    if let Problem::MethodNotAllowed { template } = problem {
        response.insert_header((header::ALLOW, operation::allow(template)));
    }
    if problem.closes_connection() {
        response.force_close();
    }
    response.json(ErrorEnvelope::new(problem, request_id))
}

fn status_of(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
