//! A request before its parts are put together.

use std::fmt::Write as _;

use proptest::prelude::*;
use spec::operations::Place;

use crate::model::{Body, Message, Request};

/// One parameter as it will be sent; without a value it is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) value: Option<String>,
}

/// The body and what is said of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Content {
    pub(super) media_type: Option<String>,
    pub(super) body: Option<Vec<u8>>,
}

/// The values of all parts of a request.
pub(super) type Draft = (Vec<Part>, Content);

/// Where requests of an operation come from.
#[derive(Debug, Clone)]
pub(super) struct Recipe {
    pub(super) parts: Vec<BoxedStrategy<Part>>,
    pub(super) content: BoxedStrategy<Content>,
}

impl Recipe {
    pub(super) fn strategy(&self) -> BoxedStrategy<Draft> {
        (self.parts.clone(), self.content.clone()).boxed()
    }
}

/// The message that a draft of an operation comes to.
pub(super) fn message(method: &str, template: &str, draft: &Draft) -> Message {
    let (parts, content) = draft;
    let mut path = template.to_owned();
    let mut query: Vec<String> = Vec::new();
    let mut cookies: Vec<String> = Vec::new();
    let mut request = Request::new(method, "");
    for Part { place, name, value } in parts {
        let Some(value) = value else { continue };
        match place {
            Place::Path => path = path.replace(&format!("{{{name}}}"), &encoded(value)),
            Place::Query => query.push(format!("{}={}", encoded(name), encoded(value))),
            Place::Header => request = request.header(name, value.as_str()),
            Place::Cookie => cookies.push(format!("{name}={}", encoded(value))),
        }
    }
    request.target = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
    if !cookies.is_empty() {
        request = request.header("Cookie", cookies.join("; "));
    }
    if let Some(media_type) = &content.media_type {
        request = request.header("Content-Type", media_type.as_str());
    }
    if let Some(body) = &content.body {
        request = request.body(Body::Whole(body.clone().into()));
    }
    request.into()
}

/// Text percent-encoded, all but letters, digits, `-`, `_`, `.`, `~` and the variables in it.
pub(super) fn encoded(text: &str) -> String {
    const VARIABLE: &str = "{{ns}}";
    let (variable, rest) = text.strip_prefix(VARIABLE).map_or(("", text), |rest| (VARIABLE, rest));
    rest.bytes().fold(variable.to_owned(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_becomes_a_request() {
        let part = |place, name: &str, value: &str| Part {
            place,
            name: name.to_owned(),
            value: Some(value.to_owned()),
        };
        let parts = vec![
            part(Place::Path, "id", "{{ns}}a/b"),
            part(Place::Query, "q", "é &"),
            part(Place::Query, "q", ""),
            Part { place: Place::Query, name: "left_out".to_owned(), value: None },
        ];
        let content = Content { media_type: Some("application/json".to_owned()), body: Some(b"{}".to_vec()) };
        let made = message("PUT", "/x/{id}/y", &(parts, content));
        let expected = Request::new("PUT", "/x/{{ns}}a%2Fb/y?q=%C3%A9%20%26&q=")
            .header("Content-Type", "application/json")
            .body(Body::Whole("{}".into()));
        assert_eq!(made, expected.into());
    }
}
