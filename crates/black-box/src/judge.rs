//! What holds for every answer, and whether an answer is what a case expects.
//!
//! Each answer of the whole suite is held to the headers that all answers have, to `openapi/openapi.yaml`, and to
//! the rule that no password of the stack is ever in it; the cases say only what is special to theirs.

use std::fmt::Write as _;

use spec::{Document, Fault, Oracle};

use crate::coverage::Coverage;
use crate::expected::{Content, Expected};
use crate::problem::RetryAfter;
use crate::template;
use crate::wire::{Answer, Request};
use crate::{BoxError, CONTRACT, Outcome};

/// Holds answers to the contract.
#[derive(Debug)]
pub(crate) struct Judge {
    oracle: Oracle,
    pub(crate) coverage: Coverage,
    /// What no server may ever show, by what it is.
    secrets: Vec<(String, String)>,
}

impl Judge {
    pub(crate) fn new(secrets: Vec<(String, String)>) -> Result<Self, BoxError> {
        let document = Document::from_yaml(CONTRACT)?;
        Ok(Self { oracle: Oracle::new(&document)?, coverage: Coverage::of(&document)?, secrets })
    }

    /// Fails, with request, expectation and answer, unless the answer is what is expected and what the contract allows.
    pub(crate) fn check(
        &self,
        host: &str,
        request: &Request,
        expected: &Expected,
        answer: &Answer,
        has_limits: bool,
    ) -> Outcome {
        let mut faults = general(request, answer);
        faults.extend(self.against_the_document(request, answer));
        faults.extend(special(expected, answer, has_limits));
        faults.extend(self.secrets_in(&format!("{answer}{}", answer.text())));
        if faults.is_empty() {
            if let Some(operation) = self.oracle.operation(&request.method, request.path()) {
                self.coverage.saw(operation.id.as_ref().unwrap_or(&operation.path), answer.status);
            }
            return Ok(());
        }
        let mut text = String::new();
        for fault in faults {
            let _ = writeln!(text, "    - {fault}");
        }
        let _ = write!(
            text,
            "    request:  {}\n    expected: {} {}\n    answer:   {answer}",
            request.curl(host),
            expected.status,
            body_of(expected)
        );
        Err(text.into())
    }

    fn against_the_document(&self, request: &Request, answer: &Answer) -> Vec<String> {
        // 404, 405, OPTIONS and the files of the pages belong to no operation.
        if self.oracle.operation(&request.method, request.path()).is_none() {
            return Vec::new();
        }
        let headers: Vec<(&str, &str)> =
            answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = spec::Answer {
            method: &request.method,
            path: request.path(),
            status: answer.status,
            headers: &headers,
            body: &answer.body,
        };
        let faults = self.oracle.check(&answer).into_iter();
        // An echoed message may hold numbers and text that no validator can; it is compared byte for byte.
        faults
            .filter(|fault| !matches!(fault, Fault::UncheckedBody(_)))
            .map(|fault| format!("openapi.yaml: {fault}"))
            .collect()
    }

    /// What of the stack's secrets is in a text.
    pub(crate) fn secrets_in(&self, text: &str) -> Vec<String> {
        let found = self.secrets.iter().filter(|(_, secret)| text.contains(secret.as_str()));
        found.map(|(what, _)| format!("it holds {what}")).collect()
    }
}

fn body_of(expected: &Expected) -> String {
    match &expected.content {
        Content::None => "without a body".to_owned(),
        Content::Withheld { media_type } => format!("{media_type}, to HEAD"),
        Content::Of { media_type } => format!("{media_type}, any"),
        Content::Template { media_type, template } => {
            let shown: String = template.chars().take(2000).collect();
            format!("{media_type} {shown}")
        }
    }
}

/// What every answer of an application has.
fn general(request: &Request, answer: &Answer) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, value) in
        [("Vary", "Origin"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
    {
        if answer.values(name) != [value] {
            faults.push(format!("header {name}: expected {value:?} once, got {:?}", answer.values(name)));
        }
    }
    match answer.values("Date").as_slice() {
        // RFC 9110, 5.6.7: `Sat, 21 Nov 2026 11:00:00 GMT`
        [date] if date.len() == 29 && chrono::DateTime::parse_from_rfc2822(date).is_ok() => {}
        other => faults.push(format!("header Date: expected one IMF-fixdate, got {other:?}")),
    }
    match (answer.values("X-Request-ID").as_slice(), taken_over(request)) {
        ([id], Some(own)) if *id == own => {}
        ([id], None) if is_uuid_v4(id) => {}
        (ids, own) => {
            faults.push(format!("header X-Request-ID: expected {}, got {ids:?}", own.unwrap_or("a UUID v4")));
        }
    }
    // RFC 9110, 8.6 forbids it with 204.
    let length = answer.values("Content-Length");
    if answer.status == 204 {
        if !length.is_empty() {
            faults.push(format!("header Content-Length: not with 204, got {length:?}"));
        }
    } else if request.method == "HEAD" {
        if length.len() != 1 || length[0] == "0" {
            faults.push(format!("header Content-Length: expected that of GET, got {length:?}"));
        }
    } else if length != [answer.body.len().to_string()] {
        faults.push(format!("header Content-Length: expected {}, got {length:?}", answer.body.len()));
    }
    if answer.header("Content-Type") == Some(crate::expected::JSON)
        && request.path() != "/examples/messaging/publish"
        && let Some(at) = white_space(&answer.text())
    {
        faults.push(format!("body: white space at byte {at}; JSON is to be compact"));
    }
    faults
}

/// The request's own id, where it has exactly one that is well formed.
fn taken_over(request: &Request) -> Option<&str> {
    let own = request.header_values("X-Request-ID");
    match own.as_slice() {
        [id] if (1..=128).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) =>
        {
            Some(id)
        }
        _ => None,
    }
}

/// RFC 9562, in small letters.
fn is_uuid_v4(text: &str) -> bool {
    text.len() == 36
        && text.bytes().zip("xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx".bytes()).all(|(byte, form)| match form {
            b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            b'v' => matches!(byte, b'8' | b'9' | b'a' | b'b'),
            other => byte == other,
        })
}

/// Where JSON has white space outside its texts.
fn white_space(json: &str) -> Option<usize> {
    let mut in_text = false;
    let mut bytes = json.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => in_text = !in_text,
            b'\\' if in_text => drop(bytes.next()),
            b' ' | b'\t' | b'\n' | b'\r' if !in_text => return Some(at),
            _ => {}
        }
    }
    None
}

/// What this case expects of this answer.
fn special(expected: &Expected, answer: &Answer, has_limits: bool) -> Vec<String> {
    let mut faults = Vec::new();
    if answer.status != expected.status {
        faults.push(format!("status: expected {}, got {}", expected.status, answer.status));
    }
    let media_type = match &expected.content {
        Content::None => None,
        Content::Withheld { media_type }
        | Content::Of { media_type }
        | Content::Template { media_type, .. } => Some(*media_type),
    };
    let found = answer.values("Content-Type");
    if found != media_type.into_iter().collect::<Vec<_>>() {
        faults.push(format!("header Content-Type: expected {media_type:?} once, got {found:?}"));
    }
    match &expected.content {
        Content::Of { .. } => {}
        Content::None | Content::Withheld { .. } if answer.body.is_empty() => {}
        Content::None | Content::Withheld { .. } => faults.push("body: expected none".to_owned()),
        Content::Template { template, .. } => match std::str::from_utf8(&answer.body) {
            Err(_) => faults.push("body: not UTF-8".to_owned()),
            Ok(body) => {
                let id = answer.header("X-Request-ID").unwrap_or("one");
                faults.extend(
                    template::compare(template, body, id).err().map(|fault| format!("body: {fault}")),
                );
            }
        },
    }
    for (name, value) in &expected.headers {
        if answer.values(name) != [value.as_str()] {
            faults.push(format!("header {name}: expected {value:?} once, got {:?}", answer.values(name)));
        }
    }
    let retry_after = answer.values("Retry-After");
    let is_right = match expected.retry_after {
        None => retry_after.is_empty(),
        Some(RetryAfter::One) => retry_after == ["1"],
        Some(RetryAfter::UpTo(most)) => {
            matches!(retry_after.as_slice(), [seconds] if whole(seconds).is_some_and(|found| (1..=most).contains(&found)))
        }
    };
    if !is_right {
        faults.push(format!("header Retry-After: expected {:?}, got {retry_after:?}", expected.retry_after));
    }
    faults.extend(limits(answer, expected.is_limited && has_limits));
    faults.extend(unexpected(expected, answer));
    faults
}

/// `X-RateLimit-*`, which agree with each other or are not there.
fn limits(answer: &Answer, is_limited: bool) -> Option<String> {
    const NAMES: [&str; 3] = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];
    let found = NAMES.map(|name| answer.values(name));
    if !is_limited {
        let is_absent = found.iter().all(Vec::is_empty);
        return (!is_absent).then(|| format!("headers X-RateLimit-*: expected none, got {found:?}"));
    }
    let numbers = found.each_ref().map(|values| match values.as_slice() {
        [value] => whole(value),
        _ => None,
    });
    match numbers {
        [Some(limit), Some(remaining), Some(reset)]
            if remaining <= limit && limit > 0 && reset == ((limit - remaining) * 60).div_ceil(limit) =>
        {
            None
        }
        _ => Some(format!(
            "headers X-RateLimit-Limit, -Remaining, -Reset: expected three whole numbers, \
             the last ceil((limit - remaining) * 60 / limit), got {found:?}"
        )),
    }
}

/// A whole number without sign or needless zero.
fn whole(text: &str) -> Option<u64> {
    let is_plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain)
}

/// Headers that nobody asked for.
fn unexpected(expected: &Expected, answer: &Answer) -> Option<String> {
    const KNOWN: [&str; 12] = [
        "cache-control",
        // Says whether the connection is kept, which is between the server and this client.
        "connection",
        "content-length",
        "content-type",
        "date",
        "retry-after",
        "vary",
        "x-content-type-options",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "x-request-id",
    ];
    let is_known = |name: &str| {
        KNOWN.contains(&name.to_ascii_lowercase().as_str())
            || expected.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    let more: Vec<&str> =
        answer.headers.iter().map(|(name, _)| name.as_str()).filter(|name| !is_known(name)).collect();
    (!more.is_empty()).then(|| format!("headers that do not belong there: {more:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_inside_texts_is_no_white_space() {
        assert_eq!(white_space(r#"{"a b":"c \" d"}"#), None);
        assert_eq!(white_space(r#"{"a": 1}"#), Some(5));
        assert_eq!(white_space("{}\n"), Some(2));
    }

    #[test]
    fn only_a_uuid_of_version_4_is_one() {
        assert!(is_uuid_v4("9b2f6a54-8f0e-4c39-9d62-0c5d7be1a0f3"));
        assert!(!is_uuid_v4("9b2f6a54-8f0e-1c39-9d62-0c5d7be1a0f3"));
        assert!(!is_uuid_v4("9B2F6A54-8F0E-4C39-9D62-0C5D7BE1A0F3"));
    }
}
