//! Path parameters as they were sent.
//!
//! axum's router matches the path as it was sent, which is what the contract wants, but hands parameters over
//! decoded: a broken escape stays as it is, so that it cannot be told from one that was escaped. The raw text of a
//! parameter is therefore taken from the path, at the place that the route's template names.

use axum::extract::{MatchedPath, Request};
use axum::http::request::Parts;

/// The template of the route that the path of the request has, whatever its method.
pub(crate) fn template(request: &Request) -> Option<&str> {
    let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    matched.filter(|_| !has_empty_parameter(request))
}

/// Whether axum's router took nothing at all for a parameter, which it does between two slashes.
///
/// No route of the contract has two slashes in a row, so that wherever they match, they do so for that reason.
pub(crate) fn has_empty_parameter(request: &Request) -> bool {
    request.uri().path().contains("//")
}

/// The raw text of the segment that matched the parameter `name`; empty when the route has no such parameter.
pub(crate) fn segment<'a>(parts: &'a Parts, name: &str) -> &'a str {
    let template = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let is_parameter =
        |part: &str| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) == Some(name);
    template
        .split('/')
        .zip(parts.uri.path().split('/'))
        .find(|(part, _)| is_parameter(part))
        .map_or("", |(_, segment)| segment)
}
