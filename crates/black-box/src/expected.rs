//! What a case expects of one answer.

use crate::problem::{Problem, RetryAfter};

pub(crate) const JSON: &str = "application/json";

/// The whole of an answer: what is not named here must not be there.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) status: u16,
    pub(crate) content: Content,
    /// Beside those that every answer has.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) retry_after: Option<RetryAfter>,
    /// Whether the request is counted against the limit, so that the answer has `X-RateLimit-*`.
    pub(crate) is_limited: bool,
}

/// What the body is.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// There is none, and nothing is said of one.
    None,
    /// There is none, but its media type and length are given: the answer to `HEAD`.
    Withheld {
        /// The media type.
        media_type: &'static str,
    },
    /// Text of this media type that equals this template.
    Template {
        /// The media type.
        media_type: &'static str,
        /// See [`crate::template`].
        template: String,
    },
    /// Anything of this media type; the case looks at it.
    Of {
        /// The media type.
        media_type: &'static str,
    },
}

impl Expected {
    fn new(status: u16, content: Content) -> Self {
        Self { status, content, headers: Vec::new(), retry_after: None, is_limited: true }
    }

    /// 200 with a JSON body that equals this template.
    pub(crate) fn json(template: impl Into<String>) -> Self {
        Self::new(200, Content::Template { media_type: JSON, template: template.into() })
    }

    /// 200 with any body of this media type.
    pub(crate) fn media(media_type: &'static str) -> Self {
        Self::new(200, Content::Of { media_type })
    }

    /// 204 to `OPTIONS`.
    pub(crate) fn no_content() -> Self {
        Self { is_limited: false, ..Self::new(204, Content::None) }
    }

    pub(crate) fn problem(problem: &Problem) -> Self {
        let content = Content::Template { media_type: JSON, template: problem.body() };
        Self {
            retry_after: problem.retry_after,
            is_limited: !problem.is_before_the_limiter(),
            ..Self::new(problem.status, content)
        }
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn retry_after(mut self, retry_after: RetryAfter) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// An unknown file of a known page: nothing is served there, but its route was found and counts.
    pub(crate) fn no_file() -> Self {
        Self { is_limited: true, ..Self::problem(&Problem::no_route()) }
    }

    /// The same answer to `HEAD`.
    pub(crate) fn withheld(mut self) -> Self {
        self.content = match self.content {
            Content::Template { media_type, .. } | Content::Of { media_type } => {
                Content::Withheld { media_type }
            }
            other => other,
        };
        self
    }
}

impl From<Problem> for Expected {
    fn from(problem: Problem) -> Self {
        Self::problem(&problem)
    }
}
