//! Keeps the path as it was sent.
//!
//! actix-web decodes a path before it matches it, leaves some escapes as they are and puts U+FFFD in place of
//! what is not UTF-8. The contract wants literal segments matched as sent and parameters decoded once and
//! strictly. The router leaves an escaped percent sign alone, so escaping each percent sign hides them all.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::dev::ServiceRequest;
use actix_web::http::Uri;

/// Makes the router match the path as it was sent; call it before anything asks which route it is.
pub(crate) fn keep_as_sent(request: &mut ServiceRequest) {
    let path = request.uri().path();
    if !path.contains('%') {
        return;
    }
    // Only harmless characters were added to a path that was valid.
    if let Ok(escaped) = path.replace('%', "%25").parse::<Uri>() {
        request.match_info_mut().get_mut().update(&escaped);
    }
}

/// The raw text of the segment that matched the parameter `name`; empty when the route has no such parameter.
pub(crate) fn segment<'a>(request: &'a HttpRequest, name: &str) -> Cow<'a, str> {
    let segment = request.match_info().get(name).unwrap_or_default();
    if segment.contains('%') { Cow::Owned(segment.replace("%25", "%")) } else { Cow::Borrowed(segment) }
}
