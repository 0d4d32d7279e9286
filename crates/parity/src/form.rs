//! Forms: what a value must look like before it may differ.
//!
//! A form is written in angle brackets:
//!
//! | form | what has it |
//! | --- | --- |
//! | `<any>` | anything |
//! | `<text>` | text of at least one character |
//! | `<integer>`, `<integer 1..60>` | a whole number, within limits that count as inside |
//! | `<number>` | a number |
//! | `<boolean>` | `true` or `false` |
//! | `<uuid>` | a UUID of version 4, in small letters and with hyphens |
//! | `<rfc3339>`, `<rfc3339 within 5 s>` | a time in UTC that ends in `Z`, at most so far from when the answer had come |
//! | `<http-date>` | a time as the header `Date` has it |
//! | `<body length>` | the length of the body that came; any whole number where none may come |
//! | `<request id>` | the value of the answer's header `X-Request-ID` |
//! | `<target NAME>` | the value that this target has under this name in the configuration |
//! | `<one of A\|B>` | one of these texts |
//! | `<matches PATTERN>` | text that matches the regular expression as a whole |

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use regex::Regex;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A form that a value can have; see the module for how it is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Form {
    written: String,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Any,
    Text,
    Integer { least: i128, most: i128 },
    Number,
    Boolean,
    Uuid,
    Time { within: Option<TimeDelta> },
    HttpDate,
    BodyLength,
    RequestId,
    Target(String),
    OneOf(Vec<String>),
    Matches(Regex),
}

/// A text that is no form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{written:?} is not a form: {reason}")]
pub struct FormError {
    written: String,
    reason: String,
}

/// What a form may have to know of the answer that the value is in.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The length of the body, where one may come.
    pub body_length: Option<usize>,
    /// The value of the header `X-Request-ID`.
    pub request_id: Option<&'a str>,
    /// When the answer had come.
    pub at: DateTime<Utc>,
    /// The target's own values.
    pub values: &'a BTreeMap<String, String>,
}

/// A value whose form is in question.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// Text: of a header, or between the quotes of a JSON string.
    Text(&'a str),
    /// Any other JSON, as it was written.
    Json(&'a str),
}

impl Form {
    /// Whether a text is to be a form rather than itself.
    pub fn is_one(text: &str) -> bool {
        text.starts_with('<') && text.ends_with('>')
    }

    /// Whether a value has the form.
    pub fn has(&self, value: Value<'_>, surroundings: &Surroundings<'_>) -> bool {
        let either = match value {
            Value::Text(text) | Value::Json(text) => text,
        };
        match (&self.kind, value) {
            (Kind::Any, _) => true,
            // In a header a number is text, so that both count.
            (Kind::Integer { least, most }, _) => {
                integer(either).is_some_and(|value| (*least..=*most).contains(&value))
            }
            (Kind::Number, Value::Json(text)) => {
                serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| value.is_number())
            }
            (Kind::Number, Value::Text(text)) => text.parse::<f64>().is_ok(),
            (Kind::Boolean, _) => matches!(either, "true" | "false"),
            (Kind::BodyLength, _) => match surroundings.body_length {
                Some(length) => either == length.to_string(),
                None => integer(either).is_some_and(|value| value >= 0),
            },
            (Kind::OneOf(texts), _) => texts.iter().any(|one| one == either),
            (_, Value::Json(_)) => false,
            (Kind::Text, Value::Text(text)) => !text.is_empty(),
            (Kind::Uuid, Value::Text(text)) => is_uuid(text),
            (Kind::Time { within }, Value::Text(text)) => is_time(text, *within, surroundings.at),
            // RFC 9110, 5.6.7: `Sat, 21 Nov 2026 11:00:00 GMT`
            (Kind::HttpDate, Value::Text(text)) => {
                text.len() == 29 && text.ends_with(" GMT") && DateTime::parse_from_rfc2822(text).is_ok()
            }
            (Kind::RequestId, Value::Text(text)) => surroundings.request_id == Some(text),
            (Kind::Target(name), Value::Text(text)) => {
                surroundings.values.get(name).is_some_and(|own| own == text)
            }
            (Kind::Matches(pattern), Value::Text(text)) => pattern.is_match(text),
        }
    }
}

fn integer(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits == "0" || (!digits.starts_with('0') && !digits.is_empty());
    (is_plain && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn is_uuid(text: &str) -> bool {
    uuid::Uuid::parse_str(text).is_ok_and(|uuid| {
        uuid.get_version_num() == 4
            && uuid.get_variant() == uuid::Variant::RFC4122
            && uuid.as_hyphenated().to_string() == text
    })
}

fn is_time(text: &str, within: Option<TimeDelta>, at: DateTime<Utc>) -> bool {
    let Ok(time) = DateTime::parse_from_rfc3339(text) else { return false };
    text.ends_with('Z') && within.is_none_or(|within| (at - time.with_timezone(&Utc)).abs() <= within)
}

impl FromStr for Form {
    type Err = FormError;

    fn from_str(written: &str) -> Result<Self, FormError> {
        let fault = |reason: &str| FormError { written: written.to_owned(), reason: reason.to_owned() };
        let inner = written
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'))
            .ok_or_else(|| fault("it is to stand in angle brackets, such as <integer>"))?;
        let (name, rest) = inner.split_once(' ').unwrap_or((inner, ""));
        let kind = match (name, rest) {
            ("any", "") => Kind::Any,
            ("text", "") => Kind::Text,
            ("integer", "") => Kind::Integer { least: i128::MIN, most: i128::MAX },
            ("integer", range) => {
                let (least, most) =
                    range.split_once("..").ok_or_else(|| fault("a range is written 1..60"))?;
                let limit = |text: &str| integer(text).ok_or_else(|| fault("a range is written 1..60"));
                Kind::Integer { least: limit(least)?, most: limit(most)? }
            }
            ("number", "") => Kind::Number,
            ("boolean", "") => Kind::Boolean,
            ("uuid", "") => Kind::Uuid,
            ("rfc3339", "") => Kind::Time { within: None },
            ("rfc3339", within) => {
                let seconds = within.strip_prefix("within ").and_then(|rest| rest.strip_suffix(" s"));
                let seconds =
                    seconds.and_then(|seconds| seconds.parse().ok()).and_then(TimeDelta::try_seconds);
                Kind::Time { within: Some(seconds.ok_or_else(|| fault("write <rfc3339 within 5 s>"))?) }
            }
            ("http-date", "") => Kind::HttpDate,
            ("body", "length") => Kind::BodyLength,
            ("request", "id") => Kind::RequestId,
            ("target", name) if !name.is_empty() => Kind::Target(name.to_owned()),
            ("one", list) if list.starts_with("of ") => {
                Kind::OneOf(list[3..].split('|').map(str::to_owned).collect())
            }
            ("matches", pattern) => {
                let whole = Regex::new(&format!("^(?:{pattern})$"));
                Kind::Matches(whole.map_err(|error| fault(&error.to_string()))?)
            }
            _ => return Err(fault("no form has this name; see the documentation of forms")),
        };
        Ok(Self { written: written.to_owned(), kind })
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl PartialEq for Form {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Form {}

impl TryFrom<String> for Form {
    type Error = FormError;

    fn try_from(written: String) -> Result<Self, FormError> {
        written.parse()
    }
}

impl From<Form> for String {
    fn from(form: Form) -> Self {
        form.written
    }
}

impl JsonSchema for Form {
    fn schema_name() -> Cow<'static, str> {
        "Form".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^<.+>$",
            "description": "A form that a value must have, such as <integer>, <uuid> or <rfc3339 within 5 s>."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(form: &str, value: Value<'_>) -> bool {
        let values = BTreeMap::from([("name".to_owned(), "first".to_owned())]);
        let (at, values) = (Utc::now(), &values);
        let surroundings = Surroundings { body_length: Some(17), request_id: Some("r-1"), at, values };
        form.parse::<Form>().unwrap().has(value, &surroundings)
    }

    #[test]
    fn a_time_is_held_to_when_the_answer_had_come() {
        let values = BTreeMap::new();
        let form: Form = "<rfc3339 within 5 s>".parse().unwrap();
        let at = Utc::now() - TimeDelta::hours(1);
        let surroundings = Surroundings { body_length: None, request_id: None, at, values: &values };
        for (seconds, expected) in [(-6, false), (-4, true), (4, true), (6, false)] {
            let time =
                (at + TimeDelta::seconds(seconds)).to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
            assert_eq!(form.has(Value::Text(&time), &surroundings), expected, "{seconds}");
        }
    }

    #[test]
    fn a_value_has_a_form_or_not() {
        let now = Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let (text, json) = (Value::Text, Value::Json);
        for (form, value, expected) in [
            ("<any>", json("{}"), true),
            ("<text>", text("a"), true),
            ("<text>", text(""), false),
            ("<text>", json("1"), false),
            ("<integer>", json("-17"), true),
            ("<integer>", text("0"), true),
            ("<integer>", json("1.0"), false),
            ("<integer>", text("007"), false),
            ("<integer>", text("+7"), false),
            ("<integer>", text(""), false),
            ("<integer 1..60>", json("60"), true),
            ("<integer 1..60>", json("61"), false),
            ("<number>", json("1e3"), true),
            ("<number>", json("null"), false),
            ("<number>", text("+Inf"), true),
            ("<boolean>", json("true"), true),
            ("<uuid>", text("0b4b2c3e-9c1a-4f43-8a7e-2f6d3c1b5a90"), true),
            ("<uuid>", text("0b4b2c3e-9c1a-1f43-8a7e-2f6d3c1b5a90"), false),
            ("<uuid>", text("0B4B2C3E-9C1A-4F43-8A7E-2F6D3C1B5A90"), false),
            ("<rfc3339>", text("2020-01-01T00:00:00Z"), true),
            ("<rfc3339>", text("2020-01-01T00:00:00+00:00"), false),
            ("<rfc3339 within 5 s>", text("2020-01-01T00:00:00Z"), false),
            ("<rfc3339 within 5 s>", text(&now), true),
            ("<http-date>", text("Sat, 21 Nov 2026 11:00:00 GMT"), true),
            ("<http-date>", text("2026-11-21"), false),
            ("<body length>", text("17"), true),
            ("<body length>", text("18"), false),
            ("<request id>", text("r-1"), true),
            ("<request id>", text("r-2"), false),
            ("<target name>", text("first"), true),
            ("<target name>", text("second"), false),
            ("<one of a|b>", text("b"), true),
            ("<one of a|b>", text("c"), false),
            ("<matches [a-z]+>", text("abc"), true),
            ("<matches [a-z]+>", text("abc1"), false),
        ] {
            assert_eq!(has(form, value), expected, "{form} {value:?}");
        }
    }

    #[test]
    fn what_is_no_form_is_refused_with_the_reason() {
        for (written, reason) in [
            ("integer", "it is to stand in angle brackets, such as <integer>"),
            ("<integr>", "no form has this name; see the documentation of forms"),
            ("<integer 1-6>", "a range is written 1..60"),
            ("<rfc3339 within 5 h>", "write <rfc3339 within 5 s>"),
        ] {
            let error = written.parse::<Form>().unwrap_err();
            assert_eq!(error.to_string(), format!("{written:?} is not a form: {reason}"));
        }
    }
}
