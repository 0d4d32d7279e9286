//! The one conversion from a failure to an actix-web response, and which answers an operation can be given.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{Handler, HttpRequest, HttpResponse, Responder, ResponseError};
use contract::{Problem, RequestId, operation};
use wire_spec::ErrorEnvelope;

use crate::middleware::answer::endpoint;

/// What handlers beside the operations return.
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

impl Responder for ApiError {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::from_error(self)
    }
}

/// An operation to which the document gives an error of this status.
///
/// The implementations are generated with the operation's enum of answers. What can end in some error asks for its
/// status here, so that an error which the document does not have is an error of the build.
#[diagnostic::on_unimplemented(
    message = "openapi/openapi.yaml gives this operation no answer of status {STATUS}",
    label = "`{Self}` has no variant for it"
)]
pub(crate) trait Documents<const STATUS: u16>: Sized {
    /// The answer, which has the status of the error's problem.
    fn answer(error: ApiError) -> Self;
}

/// Says which errors an enum of answers has, each with the variant that holds it.
macro_rules! documents {
    ($name:ident $($status:literal => $variant:ident,)*) => {$(
        impl Documents<$status> for $name {
            fn answer(error: ApiError) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

pub(crate) use documents;

/// What middleware may answer in place of any handler.
pub(crate) trait OfMiddleware:
    Documents<413> + Documents<414> + Documents<429> + Documents<431> + Documents<500>
{
}

impl<R: Documents<413> + Documents<414> + Documents<429> + Documents<431> + Documents<500>> OfMiddleware
    for R
{
}

/// A handler whose answers are `R`, as it is.
///
/// The generated routes put every handler through this, so that none answers what the document does not have.
pub(crate) fn documented<R, A, H>(handler: H) -> H
where
    R: Responder + OfMiddleware,
    H: Handler<A, Output = R>,
{
    handler
}

/// The refusal of a request to an operation that takes parameters without rules.
pub(crate) fn unreadable<R: Documents<400>>(problem: Problem) -> ApiError {
    problem.into()
}

/// The refusal of a request to an operation whose parameters have rules.
pub(crate) fn invalid<R: Documents<400> + Documents<422>>(problem: Problem) -> ApiError {
    problem.into()
}

/// The refusal of a body that was not read to its end: too large, too slow, or of another type.
pub(crate) fn refused_body<R: Documents<408> + Documents<413> + Documents<415>>(
    problem: Problem,
) -> ApiError {
    problem.into()
}

/// The answer of an operation whose backend failed.
pub(crate) fn failed<R: Documents<500> + Documents<503>>(error: service::Error) -> R {
    let error = ApiError::from(error);
    match error.problem.status() {
        503 => <R as Documents<503>>::answer(error),
        _ => <R as Documents<500>>::answer(ApiError { problem: Problem::Internal, ..error }),
    }
}

/// The answer of an operation whose parameter names a thing that the contract does not know.
pub(crate) fn not_found<R: Documents<404>>(problem: Problem) -> R {
    R::answer(problem.into())
}

/// The answer of an operation whose backend failed or has not what was asked for.
pub(crate) fn not_found_or_failed<R: Documents<404> + Documents<500> + Documents<503>>(
    error: service::Error,
) -> R {
    match error {
        service::Error::NotFound { .. } => <R as Documents<404>>::answer(error.into()),
        error => failed(error),
    }
}

/// Answers a path whose methods do not have that of the request; what a resource does by itself names no methods.
pub(crate) async fn method_not_allowed(request: HttpRequest) -> ApiError {
    match endpoint(&request) {
        Some(template) => Problem::MethodNotAllowed { template }.into(),
        None => Problem::RouteNotFound.into(),
    }
}

/// Answers a path that no resource has.
pub(crate) async fn no_route() -> ApiError {
    Problem::RouteNotFound.into()
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
