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

/// Whether a path template answers `method`, which is as it stands in a request line.
pub fn answers(template: &str, method: &str) -> bool {
    let method = if method == "HEAD" { "GET" } else { method };
    let is_file = method == "GET" && FILE_ROUTES.contains(&template);
    is_file
        || method == "OPTIONS"
        || Operation::of_path(template).any(|operation| operation.method.as_str() == method)
}

/// The template that matches the path of a request, segment by segment as sent, if any does.
///
/// A parameter matches any segment but an empty one. No two templates of the contract match the same path.
///
/// ```
/// use contract::operation::template_of;
///
/// assert_eq!(template_of("/examples/cache/a%2Fb"), Some("/examples/cache/{key}"));
/// assert_eq!(template_of("/examples/cache/"), None);
/// ```
pub fn template_of(path: &str) -> Option<&'static str> {
    let templates = OPERATIONS.iter().map(|operation| operation.path).chain(FILE_ROUTES);
    templates.into_iter().find(|template| matches(template, path))
}

fn matches(template: &str, path: &str) -> bool {
    // Most templates are decided here, at the cost of comparing bytes.
    let Some((literal, _)) = template.split_once('{') else { return template == path };
    if !path.starts_with(literal) {
        return false;
    }
    let (mut expected, mut segments) = (template.split('/'), path.split('/'));
    loop {
        match (expected.next(), segments.next()) {
            (None, None) => return true,
            (Some(expected), Some(segment)) if expected.starts_with('{') && !segment.is_empty() => {}
            (Some(expected), Some(segment)) if expected == segment => {}
            _ => return false,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_found_by_a_path_of_its_own_and_answers_its_methods() {
        for template in OPERATIONS.iter().map(|operation| operation.path).chain(FILE_ROUTES) {
            assert_eq!(template_of(&template.replace(['{', '}'], "%7B")), Some(template));
            for method in ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "get"] {
                assert_eq!(
                    answers(template, method),
                    methods(template).contains(&method),
                    "{method} {template}"
                );
            }
        }
    }

    #[test]
    fn a_path_that_is_almost_one_of_ours_is_none() {
        for path in
            ["", "*", "/health/x", "/examples/cache", "/examples/cache/", "/examples/cache/a/", "/docs/a/b"]
        {
            assert_eq!(template_of(path), None, "{path}");
        }
    }
}
