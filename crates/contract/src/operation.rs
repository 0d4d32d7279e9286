//! The operations of the API: types and look-ups over the generated table.

use std::fmt;

use crate::limits::RateLimitClass;
use crate::operations::OPERATIONS;

/// A method that the API's operations use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// `DELETE`
    Delete,
    /// `GET`; every operation with it answers `HEAD` too.
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
}

impl Method {
    /// The method as it stands in a request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One operation of `openapi/openapi.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// `operationId`: a verb and a noun, also the name of the handler.
    pub id: &'static str,
    /// The method; `GET` stands for `HEAD` too.
    pub method: Method,
    /// The path template, with parameters in braces.
    pub path: &'static str,
    /// Names of the path parameters, in the order of the path.
    pub path_parameters: &'static [&'static str],
    /// Names of the query parameters, in the order of the document.
    pub query_parameters: &'static [&'static str],
    /// Whether the operation takes a body.
    pub has_body: bool,
    /// Every documented status, ascending.
    pub statuses: &'static [u16],
}

impl Operation {
    /// The operation of that id, if there is one.
    pub fn by_id(id: &str) -> Option<&'static Self> {
        OPERATIONS.iter().find(|operation| operation.id == id)
    }

    /// The operations of a path template.
    pub fn of_path(template: &str) -> impl Iterator<Item = &'static Self> {
        OPERATIONS.iter().filter(move |operation| operation.path == template)
    }

    /// Whether this operation's template matches the path of a request, segment by segment as sent.
    ///
    /// A parameter matches any segment but an empty one.
    pub fn matches(&self, path: &str) -> bool {
        let mut template = self.path.split('/');
        let mut segments = path.split('/');
        loop {
            match (template.next(), segments.next()) {
                (None, None) => return true,
                (Some(expected), Some(segment)) => {
                    let is_parameter = expected.starts_with('{');
                    if is_parameter && segment.is_empty() || !is_parameter && expected != segment {
                        return false;
                    }
                }
                _ => return false,
            }
        }
    }

    /// The template that matches the path of a request, if any does.
    ///
    /// No two templates of the contract match the same path.
    pub fn template_of(path: &str) -> Option<&'static str> {
        OPERATIONS.iter().find(|operation| operation.matches(path)).map(|operation| operation.path)
    }

    /// The rate limit that the operation falls under.
    pub fn rate_limit_class(&self) -> RateLimitClass {
        RateLimitClass::of(self.path)
    }
}

/// Routes beside the operations: the files of the two documentation pages. They answer GET and HEAD.
pub const FILE_ROUTES: [&str; 2] = ["/docs/{file}", "/redoc/{file}"];

/// The methods that a path answers whose operations have these: in alphabetical order, `HEAD` beside `GET`, and
/// `OPTIONS` always.
pub fn answered(of_operations: impl IntoIterator<Item = Method>) -> Vec<&'static str> {
    let mut methods = vec!["OPTIONS"];
    for method in of_operations {
        methods.push(method.as_str());
        if method == Method::Get {
            methods.push("HEAD");
        }
    }
    methods.sort_unstable();
    methods
}

/// The methods that a path template answers, as [`answered`] lists them.
pub fn methods(template: &str) -> Vec<&'static str> {
    let of_files = FILE_ROUTES.contains(&template).then_some(Method::Get);
    answered(of_files.into_iter().chain(Operation::of_path(template).map(|operation| operation.method)))
}

/// The value of `Allow` for a path template.
///
/// ```
/// assert_eq!(contract::operation::allow("/examples/cache/{key}"), "DELETE, GET, HEAD, OPTIONS, POST");
/// ```
pub fn allow(template: &str) -> String {
    methods(template).join(", ")
}

/// The template as this crate knows it, out of one that a framework's router gave; `None` when no route of the
/// contract has it.
pub fn known_template(template: &str) -> Option<&'static str> {
    let operation = Operation::of_path(template).next().map(|operation| operation.path);
    operation.or_else(|| FILE_ROUTES.into_iter().find(|route| *route == template))
}

/// The label `endpoint` of a route template: `/health` counts as `/health/`.
pub fn endpoint_label(template: &'static str) -> &'static str {
    if template == "/health" { "/health/" } else { template }
}
