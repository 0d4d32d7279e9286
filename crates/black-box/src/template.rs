//! Expected bodies, byte for byte, with the declared volatile values left open.
//!
//! A value that may differ stands as a form in angle brackets, and what stands in its place in the answer must
//! have that form: `<time>` a time of the contract's form within five seconds of now, `<integer>` a whole number
//! without sign or needless zero, `<within:2:300>` one from 298 to 300, `<text>` the inside of a JSON string,
//! `<request_id>` the id that the answer's header has.

use chrono::{DateTime, TimeDelta, Utc};

/// How far a database's clock may be from ours.
const CLOCKS: TimeDelta = TimeDelta::seconds(5);
/// `2026-11-21T09:30:00.123456Z`
const TIME_LENGTH: usize = 27;

/// Compares a body with a template.
///
/// # Errors
/// Where and how they first differ.
pub(crate) fn compare(template: &str, actual: &str, request_id: &str) -> Result<(), String> {
    let mut expected = template;
    let mut rest = actual;
    loop {
        let (literal, form) = match next_form(expected) {
            Some((literal, form, after)) => {
                expected = after;
                (literal, Some(form))
            }
            None => (expected, None),
        };
        let Some(after) = rest.strip_prefix(literal) else {
            return Err(difference(literal, rest, actual.len() - rest.len()));
        };
        rest = after;
        let Some(form) = form else {
            return if rest.is_empty() { Ok(()) } else { Err(format!("the body goes on with {rest:?}")) };
        };
        let length = value_of(form, rest, request_id)
            .map_err(|reason| format!("at byte {}: {reason}", actual.len() - rest.len()))?;
        rest = &rest[length..];
    }
}

/// The text before the first form, the form, and the text after it.
fn next_form(template: &str) -> Option<(&str, &str, &str)> {
    let start = template.find('<')?;
    let end = start + template[start..].find('>')?;
    Some((&template[..start], &template[start + 1..end], &template[end + 1..]))
}

fn difference(expected: &str, actual: &str, at: usize) -> String {
    let same = expected.bytes().zip(actual.bytes()).take_while(|(one, other)| one == other).count();
    let shown = |text: &str| {
        let start =
            (0..=same.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        text[start..].chars().take(80).collect::<String>()
    };
    format!("at byte {}: expected {:?}, got {:?}", at + same, shown(expected), shown(actual))
}

/// How many bytes of `text` are the value that `form` demands.
fn value_of(form: &str, text: &str, request_id: &str) -> Result<usize, String> {
    let parts: Vec<&str> = form.split(':').collect();
    match parts.as_slice() {
        ["request_id"] if text.starts_with(request_id) => Ok(request_id.len()),
        ["request_id"] => Err(format!("expected the request id {request_id}, got {text:?}")),
        ["text"] => match text.find(['"', '\\']) {
            None | Some(0) => Err(format!("expected text, got {text:?}")),
            Some(length) => Ok(length),
        },
        ["time"] => time(text),
        ["integer"] => integer(text).map(|(length, _)| length),
        ["within", allowance, value] => {
            let (length, found) = integer(text)?;
            let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{form}: {error}"));
            let (allowance, value) = (number(allowance)?, number(value)?);
            if found <= value && found + allowance >= value {
                Ok(length)
            } else {
                Err(format!("expected at most {value} and at least {allowance} less, got {found}"))
            }
        }
        _ => Err(format!("the suite knows no form <{form}>")),
    }
}

fn integer(text: &str) -> Result<(usize, u64), String> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let digits = &text[..length];
    match digits.parse() {
        Ok(value) if length == 1 || !digits.starts_with('0') => Ok((length, value)),
        _ => Err(format!("expected a whole number, got {:?}", text.chars().take(40).collect::<String>())),
    }
}

fn time(text: &str) -> Result<usize, String> {
    let shown = text.get(..TIME_LENGTH).unwrap_or(text);
    let is_formed = shown.len() == TIME_LENGTH
        && shown.bytes().zip("0000-00-00T00:00:00.000000Z".bytes()).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        });
    let time: DateTime<Utc> = match shown.parse() {
        Ok(time) if is_formed => time,
        _ => return Err(format!("expected a time in UTC with six decimals, got {shown:?}")),
    };
    if (Utc::now() - time).abs() > CLOCKS {
        return Err(format!("expected a time within {CLOCKS} of now, got {shown}"));
    }
    Ok(TIME_LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_equals_its_template_but_for_the_values_left_open() {
        let time = Utc::now().format("%Y-%m-%dT%H:%M:%S%.6fZ");
        let body = format!(r#"{{"a":17,"b":"{time}","c":"x y","id":"r-1","t":299}}"#);
        let template = r#"{"a":<integer>,"b":"<time>","c":"<text>","id":"<request_id>","t":<within:2:300>}"#;
        compare(template, &body, "r-1").unwrap();
    }

    #[test]
    fn a_value_of_another_form_is_a_difference() {
        for (template, body) in [
            ("<integer>", "007"),
            ("<integer>", "-1"),
            ("\"<text>\"", "\"\""),
            ("<time>", "2020-01-01T00:00:00.000000Z"),
            ("<time>", "2020-01-01T00:00:00Z"),
            ("<within:2:300>", "297"),
            ("<within:2:300>", "301"),
            ("<request_id>", "other"),
            ("a", "ab"),
            ("ab", "a"),
            ("a<integer>b", "a1"),
        ] {
            assert!(compare(template, body, "r-1").is_err(), "{template} took {body}");
        }
    }

    #[test]
    fn a_difference_is_shown_from_where_it_begins() {
        let difference = compare(r#"{"key":"a","ttl":1}"#, r#"{"key":"a","ttl":2}"#, "").unwrap_err();
        assert_eq!(difference, r#"at byte 17: expected "1}", got "2}""#);
    }
}
