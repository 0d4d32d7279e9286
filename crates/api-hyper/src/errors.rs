//! The one conversion from a failure to an answer.

use std::fmt;

use bytes::Bytes;
use contract::Problem;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

/// Room for the headers that most answers have, so that their map is made once.
const HEADERS: usize = 12;

/// What handlers return.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

/// What a request is answered with, before the headers that every answer has.
///
/// An error comes along as it is: its body needs the request's id and the log needs its cause, and both are the affair
/// of the middleware `answer`.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Status, headers of its own, and the body; of an error, without a body.
    pub(crate) response: Response<Bytes>,
    /// The error that this is, if it is one.
    pub(crate) error: Option<ApiError>,
}

impl Answer {
    /// An answer without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status;
        *response.headers_mut() = HeaderMap::with_capacity(HEADERS);
        Self { response, error: None }
    }

    /// 200 with a body of this media type.
    pub(crate) fn new(media_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        let mut answer = Self::empty(StatusCode::OK);
        answer.headers_mut().insert(header::CONTENT_TYPE, media_type);
        *answer.response.body_mut() = body.into();
        answer
    }

    /// 200 with a JSON body.
    ///
    /// # Errors
    /// A fault of ours when the value has no JSON form.
    pub(crate) fn json(value: &impl Serialize) -> ApiResult<Self> {
        match serde_json::to_vec(value) {
            Ok(body) => Ok(Self::new(HeaderValue::from_static(contract::headers::JSON), body)),
            Err(error) => {
                tracing::error!(%error, "an answer cannot be written as JSON");
                Err(Problem::Internal.into())
            }
        }
    }

    /// The headers of its own.
    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        self.response.headers_mut()
    }
}

/// A problem to answer with, and its cause for the log.
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
        f.write_str(self.problem().name())
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause().map(|cause| cause as _)
    }
}

impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Self {
        let status =
            StatusCode::from_u16(error.problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = Self::empty(status);
        if let Some(seconds) = error.problem.retry_after() {
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        Self { error: Some(error), ..answer }
    }
}
