//! What a report must not show: the values of names that hold `password`, `secret`, `token` or `key`, and credentials.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Body, Case, Header, Message, Request};

/// What stands in place of a secret.
pub const HIDDEN: &str = "***";

const SECRET_WORDS: [&str; 4] = ["password", "secret", "token", "key"];
const SECRET_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];

/// Whether the value under a name, of a header, a member or a parameter, is not to be shown.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_HEADERS.contains(&name.as_str()) || SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Whether the value at a place, such as `body /data/password`, is not to be shown.
pub fn is_secret_place(place: &str) -> bool {
    let names = place.strip_prefix("header ").or_else(|| place.rsplit('/').next());
    place.contains(['/', ' ']) && names.is_some_and(is_secret)
}

/// The text with `***` for the values of secret names: in headers, JSON members, and parameters of a query or form.
pub fn text(text: &str) -> String {
    static MEMBERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r#"(?i)("[^"\\]*(?:password|secret|token|key)[^"\\]*"\s*:\s*)("(?:[^"\\]|\\.)*"|[^\s,}\]"]+)"#,
        )
        .ok()
    });
    static PARAMETERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?i)([?&][^=&\s"']*(?:password|secret|token|key)[^=&\s"']*=)[^&\s"']+"#).ok()
    });
    static HEADERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?im)(^|')((?:authorization|proxy-authorization|cookie|set-cookie|[a-z0-9_-]*(?:password|secret|token|key)[a-z0-9_-]*):\s*)[^'\r\n]+",
        )
        .ok()
    });
    let mut shown = text.to_owned();
    for (pattern, replacement) in [(&MEMBERS, r#"$1"***""#), (&PARAMETERS, "$1***"), (&HEADERS, "$1$2***")] {
        if let Some(pattern) = pattern.as_ref() {
            shown = pattern.replace_all(&shown, replacement).into_owned();
        }
    }
    shown
}

/// The case as a report may hold it; a value that is a variable stays, because it shows nothing.
pub fn case(case: &Case) -> Case {
    let mut case = case.clone();
    for (name, value) in &mut case.variables {
        if is_secret(name) {
            HIDDEN.clone_into(value);
        }
    }
    for message in case.steps.iter_mut().flat_map(|step| &mut step.send.messages) {
        if let Message::Request(request) = message {
            hide(request);
        }
    }
    case
}

fn hide(request: &mut Request) {
    let is_variable = |header: &Header| header.value.text().is_some_and(|text| text.contains("{{"));
    for header in request.headers.iter_mut().filter(|header| is_secret(&header.name) && !is_variable(header))
    {
        header.value = HIDDEN.into();
    }
    if let Body::Whole(bytes) | Body::Verbatim(bytes) = &mut request.body
        && let Some(shown) = bytes.text().map(text)
    {
        *bytes = shown.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_secret_names_are_hidden() {
        for (given, shown) in [
            (
                r#"{"user":"u","Password": "p\"q","n":{"api_key":17}}"#,
                r#"{"user":"u","Password": "***","n":{"api_key":"***"}}"#,
            ),
            ("GET /a?token=abc&b=c", "GET /a?token=***&b=c"),
            ("Authorization: Bearer abc\nDate: x", "Authorization: ***\nDate: x"),
            ("curl -H 'X-Api-Key: abc' 'http://h/?a=b'", "curl -H 'X-Api-Key: ***' 'http://h/?a=b'"),
            ("set-cookie: a=b\r\n", "set-cookie: ***\r\n"),
            ("/examples/vault/secret/postgres", "/examples/vault/secret/postgres"),
        ] {
            assert_eq!(text(given), shown);
        }
    }

    #[test]
    fn a_place_is_secret_by_its_last_name() {
        for (place, expected) in [
            ("body /data/password", true),
            ("body /secrets/0/user", false),
            ("header set-cookie", true),
            ("header content-type", false),
            ("status", false),
        ] {
            assert_eq!(is_secret_place(place), expected, "{place}");
        }
    }
}
