//! The one conversion from a failure to an axum response.

use std::fmt;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::{Problem, operation};

/// What handlers return.
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
