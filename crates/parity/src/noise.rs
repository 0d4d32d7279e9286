//! Learned noise: places where one target answers the same request in two ways.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::Utc;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::form::{Form, Surroundings, Value};
use crate::mask::within_answer;

/// A place that differed between two answers of the same target to the same request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// The operation of the document, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Where, as in [`crate::model::Difference`].
    pub place: String,
    /// The case in which it was seen.
    pub case: String,
    /// The target that was asked twice.
    pub target: String,
    /// What it said first; null for nothing.
    pub first: Option<String>,
    /// What it said then; null for nothing.
    pub second: Option<String>,
}

/// Forms that are proposed, the narrowest first; the last one has every value.
const FORMS: [&str; 8] =
    ["<boolean>", "<integer>", "<number>", "<uuid>", "<rfc3339>", "<http-date>", "<text>", "<any>"];

/// The most operations that are counted up: what is seen at more of them is about all.
const MOST_OPERATIONS: usize = 10;

/// The noise as masks to be reviewed: each is a comment until somebody has given its reason.
///
/// One mask stands for all places that differ only in their position in a list, and has the narrowest form that all
/// their values have.
pub fn review(noise: &[Noise]) -> String {
    let mut text = "# Places where one target answered the same request in two ways.\n\
                    # Uncomment what may differ, make its form as narrow as it can be, and give the reason.\n"
        .to_owned();
    let mut masks: BTreeMap<String, Vec<&Noise>> = BTreeMap::new();
    for noise in noise {
        masks.entry(pattern(&noise.place)).or_default().push(noise);
    }
    for (at, seen) in masks {
        text.push_str(&mask(&at, &seen));
    }
    text
}

/// A mask, and where its first value was seen.
fn mask(at: &str, seen: &[&Noise]) -> String {
    let Some(Noise { target, case, first, second, .. }) = seen.first() else { return String::new() };
    let shown = |value: &Option<String>| value.as_deref().map_or_else(|| "nothing".to_owned(), one_line);
    let mut text = format!("\n# seen at {target} in {case}: {} and then {}", shown(first), shown(second));
    if seen.len() > 1 {
        let _ = write!(text, "; {} more like it", seen.len() - 1);
    }
    let _ = write!(text, "\n#[[mask]]\n#at = {}\n#form = {:?}\n", serde_json::Value::from(at), form(seen));
    let operations: Option<Vec<&str>> = seen.iter().map(|noise| noise.operation.as_deref()).collect();
    if let Some(mut operations) = operations {
        operations.sort_unstable();
        operations.dedup();
        if operations.len() <= MOST_OPERATIONS {
            let _ = writeln!(text, "#operations = {}", serde_json::Value::from(operations));
        }
    }
    if seen.iter().any(|noise| noise.first.is_none() || noise.second.is_none()) {
        text.push_str("#optional = true\n");
    }
    text.push_str("#reason = \"\"\n");
    text
}

/// The place within any answer, with a star for each position in a list.
fn pattern(place: &str) -> String {
    let is_position =
        |segment: &str| !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    let segments = within_answer(place).split('/');
    segments.map(|segment| if is_position(segment) { "*" } else { segment }).collect::<Vec<_>>().join("/")
}

fn form(seen: &[&Noise]) -> &'static str {
    let nothing = BTreeMap::new();
    let surroundings = Surroundings { body_length: None, request_id: None, at: Utc::now(), values: &nothing };
    let values = || seen.iter().flat_map(|noise| [&noise.first, &noise.second]).flatten();
    let has = |form: &Form| values().all(|value| form.has(Value::Text(value), &surroundings));
    FORMS.into_iter().find(|form| form.parse().is_ok_and(|form| has(&form))).unwrap_or("<any>")
}

/// At most so much of a value as a comment may hold.
fn one_line(text: &str) -> String {
    text.chars().take(100).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    fn noise(operation: Option<&str>, place: &str, first: Option<&str>, second: Option<&str>) -> Noise {
        Noise {
            operation: operation.map(str::to_owned),
            place: place.to_owned(),
            case: "things::are_listed".to_owned(),
            target: "old".to_owned(),
            first: first.map(str::to_owned),
            second: second.map(str::to_owned),
        }
    }

    #[test]
    fn one_mask_stands_for_a_list_and_all_operations() {
        let learned = [
            noise(Some("list_things"), "body /things/0/age", Some("1"), Some("2")),
            noise(Some("list_things"), "body /things/1/age", Some("7"), Some("8")),
            noise(Some("list_all"), "answer 2 body /things/0/age", Some("7"), None),
            noise(None, "header x-id", Some("a"), Some("b\nc")),
        ];
        assert_eq!(
            review(&learned),
            r#"# Places where one target answered the same request in two ways.
# Uncomment what may differ, make its form as narrow as it can be, and give the reason.

# seen at old in things::are_listed: 1 and then 2; 2 more like it
#[[mask]]
#at = "body /things/*/age"
#form = "<integer>"
#operations = ["list_all","list_things"]
#optional = true
#reason = ""

# seen at old in things::are_listed: a and then b c
#[[mask]]
#at = "header x-id"
#form = "<text>"
#reason = ""
"#
        );
    }

    #[test]
    fn what_is_uncommented_is_a_configuration() {
        let learned = [noise(Some("get_\"x\""), "body /a\"b", Some("true"), Some("no"))];
        let text: String = review(&learned)
            .lines()
            .map(|line| line.strip_prefix('#').filter(|line| !line.starts_with(' ')).unwrap_or_default())
            .fold(String::new(), |text, line| text + line + "\n");
        let config: Config = toml::from_str(&text).unwrap();
        assert_eq!(
            (config.mask[0].at.as_str(), config.mask[0].form.to_string()),
            ("body /a\"b", "<text>".to_owned())
        );
    }
}
