//! Declared differences: a value is hidden from the comparison only after its form was checked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::form::Form;

/// A value that may differ between targets, within a form.
///
/// ```
/// let mask: parity::mask::Mask = toml::from_str(r#"
///     at = "body /result"
///     form = "<rfc3339 within 5 s>"
///     operations = ["query_postgres"]
///     rule = "DIFFER-2"
///     reason = "the clock of the database"
/// "#)?;
/// assert_eq!(mask.form.to_string(), "<rfc3339 within 5 s>");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mask {
    /// Where: `header NAME`, or `body POINTER`, in which `*` stands for any text within a segment.
    pub at: String,
    /// The form that the value must have.
    pub form: Form,
    /// The operations whose answers it is about; all when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<String>,
    /// The statuses that it is about; all when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<u16>,
    /// Whether it may be there at one target and not at another.
    #[serde(default)]
    pub optional: bool,
    /// The rule of the project that allows the difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Why it may differ, in words that a reader accepts.
    #[serde(default)]
    pub reason: String,
}

impl Mask {
    /// Whether the mask is about a place such as `body /nodes/0/ping_sent`.
    pub fn covers(&self, place: &str) -> bool {
        matches(&self.at, place)
    }

    /// Whether the mask is about answers with this status of this operation.
    pub fn concerns(&self, operation: Option<&str>, status: u16) -> bool {
        let is_its_operation = self.operations.is_empty()
            || operation.is_some_and(|operation| self.operations.iter().any(|own| own == operation));
        is_its_operation && (self.statuses.is_empty() || self.statuses.contains(&status))
    }

    /// What reports say of it: the rule, the reason, or both.
    pub fn why(&self) -> String {
        match (&self.rule, self.reason.as_str()) {
            (Some(rule), "") => rule.clone(),
            (Some(rule), reason) => format!("{rule}: {reason}"),
            (None, reason) => reason.to_owned(),
        }
    }
}

/// Whether a place is what a pattern names; `*` is any text without a slash, and header names have no case.
pub fn matches(pattern: &str, place: &str) -> bool {
    if let (Some(pattern), Some(place)) = (pattern.strip_prefix("header "), place.strip_prefix("header ")) {
        return segment_matches(&pattern.to_ascii_lowercase(), &place.to_ascii_lowercase());
    }
    let (mut patterns, mut segments) = (pattern.split('/'), place.split('/'));
    loop {
        match (patterns.next(), segments.next()) {
            (None, None) => return true,
            (Some(pattern), Some(segment)) if segment_matches(pattern, segment) => {}
            _ => return false,
        }
    }
}

/// The place within its answer, of whichever of several answers.
pub(crate) fn within_answer(place: &str) -> &str {
    let numbered = place.strip_prefix("answer ").and_then(|rest| rest.split_once(' '));
    numbered.map_or(place, |(_, place)| place)
}

fn segment_matches(pattern: &str, segment: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == segment };
    let Some(rest) = segment.strip_prefix(before) else { return false };
    // The shortest, then ever longer texts for the star.
    (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| segment_matches(after, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text_within_a_segment() {
        for (pattern, place, is_match) in [
            ("body /a", "body /a", true),
            ("body /a", "body /a/b", false),
            ("body /nodes/*/ping_sent", "body /nodes/17/ping_sent", true),
            ("body /nodes/*/ping_sent", "body /nodes/ping_sent", false),
            ("body /info/db*", "body /info/db0", true),
            ("body /info/db*", "body /info/adb0", false),
            ("body /a/*x*", "body /a/1x2", true),
            ("body /a/*x*", "body /a/12", false),
            ("header Date", "header date", true),
            ("header X-RateLimit-*", "header x-ratelimit-reset", true),
            ("header Date", "body /date", false),
        ] {
            assert_eq!(matches(pattern, place), is_match, "{pattern} {place}");
        }
    }
}
