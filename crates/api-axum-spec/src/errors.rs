//! From a failure to one of the answers that the document gives an operation.
//!
//! Each operation has an enum of its documented answers, and implements [`Documents`] for each error status among them.
//! Every function here that answers with a status asks for that: where the document does not have it, the handler that
//! needs it does not compile.

use std::fmt;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::{Problem, operation};

/// What handlers of operations return that can fail.
pub(crate) type Answer<R> = Result<R, Failed<R>>;

/// An error answer of an operation, such as `?` makes of a failed use case.
#[derive(Debug)]
pub(crate) struct Failed<R>(R);

/// An operation whose document has an error answer of this status.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no answer {STATUS}",
    note = "the document does not give the operation this status; see openapi/openapi.yaml"
)]
pub(crate) trait Documents<const STATUS: u16> {
    /// That answer.
    fn answer(error: ApiError) -> Self;
}

/// Implements [`Documents`] for the error answers of an operation: `documents!(GetItemResponse, (404, NotFound));`.
macro_rules! documents {
    ($response:ident, $(($status:literal, $variant:ident)),+) => {$(
        impl $crate::errors::Documents<$status> for $response {
            fn answer(error: $crate::errors::ApiError) -> Self {
                Self::$variant(error)
            }
        }
    )+};
}

pub(crate) use documents;

impl<R: IntoResponse> IntoResponse for Failed<R> {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl<R: Documents<500> + Documents<503>> From<service::Error> for Failed<R> {
    fn from(error: service::Error) -> Self {
        let error = ApiError::from(error);
        Self(match error.problem() {
            Problem::BackendUnavailable(_) | Problem::CircuitOpen { .. } => {
                <R as Documents<503>>::answer(error)
            }
            _ => <R as Documents<500>>::answer(error.into_fault_of_ours()),
        })
    }
}

/// The answer when a use case that looks for something failed, or found nothing.
pub(crate) fn not_found_or_failed<R>(error: service::Error) -> Failed<R>
where
    R: Documents<404> + Documents<500> + Documents<503>,
{
    match error {
        service::Error::NotFound { .. } => Failed(<R as Documents<404>>::answer(error.into())),
        error => error.into(),
    }
}

/// The answer when the request names something that does not exist.
pub(crate) fn not_found<R: Documents<404>>(problem: Problem) -> Failed<R> {
    Failed(R::answer(problem.into()))
}

/// The answer to a request that cannot be read, of an operation whose parameters have no rules.
pub(crate) fn unreadable<R: Documents<400>>(problem: Problem) -> Failed<R> {
    Failed(R::answer(problem.into()))
}

/// The answer to a request that cannot be read or breaks a rule.
pub(crate) fn invalid<R: Documents<400> + Documents<422>>(problem: Problem) -> Failed<R> {
    match problem {
        Problem::Validation(_) => Failed(<R as Documents<422>>::answer(problem.into())),
        problem => unreadable(problem),
    }
}

/// The answer to a body that was not read to its end: too large, too slow, or of another type.
pub(crate) fn refused_body<R: Documents<408> + Documents<413> + Documents<415>>(
    problem: Problem,
) -> Failed<R> {
    match problem {
        Problem::RequestTimeout => Failed(<R as Documents<408>>::answer(problem.into())),
        Problem::UnsupportedMediaType => Failed(<R as Documents<415>>::answer(problem.into())),
        problem => Failed(<R as Documents<413>>::answer(problem.into())),
    }
}

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
pub(crate) fn documented<R: OfMiddleware, A, H: Answers<R, A>>(handler: H) -> H {
    handler
}

/// A function of the extractors `A` that answers with `R`, or with [`Answer<R>`].
pub(crate) trait Answers<R, A> {}

/// What comes of a handler: `R`, or [`Answer<R>`].
pub(crate) trait AnswerOf<R> {}

impl<R> AnswerOf<R> for R {}
impl<R> AnswerOf<R> for Answer<R> {}

/// Implements [`Answers`] for functions of so many extractors.
macro_rules! answers {
    ($($extractor:ident),*) => {
        impl<R, F, Answered, $($extractor),*> Answers<R, ($($extractor,)*)> for F
        where
            F: Fn($($extractor),*) -> Answered,
            Answered: Future<Output: AnswerOf<R>>,
        {
        }
    };
}

answers!();
answers!(A);
answers!(A, B);
answers!(A, B, C);

/// What middleware and the pages' files return, which belong to no operation.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

/// A problem to answer with, and its cause for the log.
///
/// As a response it has the status and the headers that belong to it, and carries itself as an extension: the body
/// needs the request's id and the log needs the cause, and both are the affair of the middleware `answer`.
#[derive(Debug, Clone)]
pub(crate) struct ApiError(Arc<Failure>);

#[derive(Debug)]
struct Failure {
    problem: Problem,
    cause: Option<service::Error>,
}

impl ApiError {
    /// What the client is told.
    pub(crate) fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// Why, for the log; `None` where the problem says it all.
    pub(crate) fn cause(&self) -> Option<&service::Error> {
        self.0.cause.as_ref()
    }

    /// The same with the one problem that any cause may have.
    fn into_fault_of_ours(self) -> Self {
        let cause = Arc::into_inner(self.0).and_then(|failure| failure.cause);
        Self(Arc::new(Failure { problem: Problem::Internal, cause }))
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(Arc::new(Failure { problem, cause: None }))
    }
}

impl From<service::Error> for ApiError {
    fn from(cause: service::Error) -> Self {
        Self(Arc::new(Failure { problem: cause.problem(), cause: Some(cause) }))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.problem().name())
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause().map(|cause| cause as _)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = self.problem();
        let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Some(seconds) = problem.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if let Problem::MethodNotAllowed { template } = problem
            && let Ok(allow) = HeaderValue::try_from(operation::allow(template))
        {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        response.extensions_mut().insert(self);
        response
    }
}
