//! Variables: `{{name}}` in the text of a message.

use std::collections::BTreeMap;

use crate::model::{Body, Bytes, Header, Message, Request};

/// The variable that is the target's namespace.
pub const NAMESPACE: &str = "ns";

/// The variable that is the target's host and port.
pub const HOST: &str = "host";

/// The values of variables by their names.
pub type Variables = BTreeMap<String, String>;

/// The text with the values of its variables; a name that no variable has stays as it is.
pub fn fill(text: &str, variables: &Variables) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let (before, from) = rest.split_at(start);
        filled.push_str(before);
        let value = from.find("}}").and_then(|end| Some((variables.get(&from[2..end])?, end + 2)));
        if let Some((value, after)) = value {
            filled.push_str(value);
            rest = &from[after..];
        } else {
            filled.push_str("{{");
            rest = &from[2..];
        }
    }
    filled.push_str(rest);
    filled
}

/// The names of the variables that a text seems to name.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("{{").filter_map(|(at, _)| {
        let inside = &text[at + 2..];
        let name = &inside[..inside.find("}}")?];
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        is_name.then_some(name)
    })
}

/// The message with the values of its variables.
pub fn fill_message(message: &Message, variables: &Variables) -> Message {
    match message {
        Message::Exact { bytes, answers } => {
            Message::Exact { bytes: fill_bytes(bytes, variables), answers: *answers }
        }
        Message::Request(request) => Message::Request(Request {
            method: fill(&request.method, variables),
            target: fill(&request.target, variables),
            version: request.version.clone(),
            host: request.host,
            headers: request
                .headers
                .iter()
                .map(|header| {
                    Header::new(fill(&header.name, variables), fill_bytes(&header.value, variables))
                })
                .collect(),
            body: fill_body(&request.body, variables),
        }),
    }
}

fn fill_body(body: &Body, variables: &Variables) -> Body {
    match body {
        Body::Whole(bytes) => Body::Whole(fill_bytes(bytes, variables)),
        Body::Verbatim(bytes) => Body::Verbatim(fill_bytes(bytes, variables)),
        Body::Chunked { pieces, complete } => Body::Chunked {
            pieces: pieces.iter().map(|piece| fill_bytes(piece, variables)).collect(),
            complete: *complete,
        },
        Body::Fill { before, text, times, after } => Body::Fill {
            before: fill(before, variables),
            text: fill(text, variables),
            times: *times,
            after: fill(after, variables),
        },
        Body::None => Body::None,
    }
}

/// Bytes around their variables stay as they are, text or not.
fn fill_bytes(bytes: &Bytes, variables: &Variables) -> Bytes {
    if let Some(text) = bytes.text() {
        return fill(text, variables).into();
    }
    let mut filled = bytes.as_slice().to_vec();
    for (name, value) in variables {
        filled = replace(&filled, format!("{{{{{name}}}}}").as_bytes(), value.as_bytes());
    }
    filled.into()
}

/// The bytes with every occurrence of `from` replaced.
pub fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    if from.is_empty() {
        return bytes.to_vec();
    }
    let mut replaced = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_filled_in_and_others_stay() {
        let variables = Variables::from([("ns".to_owned(), "abc".to_owned())]);
        for (text, filled) in [
            ("/a/{{ns}}:b", "/a/abc:b"),
            ("{{ns}}{{ns}}", "abcabc"),
            ("{{other}} {{ns}}", "{{other}} abc"),
            ("{{{ns}}", "{{{ns}}"),
            ("{{", "{{"),
            ("{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}"),
        ] {
            assert_eq!(fill(text, &variables), filled);
        }
        assert_eq!(names("{{a}} {{b c}} {{d_1}").collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn bytes_that_are_no_text_are_filled_too() {
        let variables = Variables::from([("ns".to_owned(), "abc".to_owned())]);
        assert_eq!(fill_bytes(&b"\xff{{ns}}\xfe"[..].into(), &variables), b"\xffabc\xfe"[..].into());
    }
}
