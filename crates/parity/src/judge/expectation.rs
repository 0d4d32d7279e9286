//! Whether an answer is what its case expects.

use serde_json::Value as Json;

use crate::form::{Form, Surroundings, Value};
use crate::model::{Answer, Ending, Exchange, Expectation, ExpectationFault};
use crate::variables::{Variables, fill, replace};

/// The longest value that a fault shows.
const SHOWN: usize = 1000;

/// Collects what is not as expected of one target's answer.
struct Faults<'a> {
    target: &'a str,
    surroundings: &'a Surroundings<'a>,
    variables: &'a Variables,
    found: Vec<ExpectationFault>,
}

/// Every way in which an exchange is not what its case expects.
///
/// `variables` has no namespace: `{{ns}}` in an expectation is compared with the answer, where it stands for the
/// target's own.
pub(crate) fn unmet(
    expectation: &Expectation,
    exchange: &Exchange,
    target: &str,
    namespace: &str,
    variables: &Variables,
    surroundings: &Surroundings<'_>,
) -> Vec<ExpectationFault> {
    let mut faults = Faults { target, surroundings, variables, found: Vec::new() };
    let Some(answer) = exchange.answer() else {
        faults.add("connection", "an answer".to_owned(), exchange.ending.to_string());
        return faults.found;
    };
    if let Some(status) = expectation.status.filter(|status| *status != answer.status) {
        faults.add("status", status.to_string(), answer.status.to_string());
    }
    for (name, expected) in &expectation.headers {
        faults.header(answer, name, expected.as_deref(), namespace);
    }
    let bytes = replace(answer.body.as_slice(), namespace.as_bytes(), b"{{ns}}");
    faults.body(expectation, &bytes);
    if let Some(closes) = expectation.closes.filter(|closes| *closes != (exchange.ending == Ending::Closed)) {
        let expected = if closes { "the server closes" } else { "the server does not close" };
        faults.add("connection", expected.to_owned(), exchange.ending.to_string());
    }
    faults.found
}

impl Faults<'_> {
    fn add(&mut self, place: &str, expected: String, found: String) {
        let cut = |text: String| text.chars().take(SHOWN).collect::<String>();
        let (place, target) = (place.to_owned(), self.target.to_owned());
        let secret = crate::redact::is_secret_place(&place);
        let found = if secret { crate::redact::HIDDEN.to_owned() } else { found };
        self.found.push(ExpectationFault { target, place, expected: cut(expected), found: cut(found) });
    }

    fn header(&mut self, answer: &Answer, name: &str, expected: Option<&str>, namespace: &str) {
        let values: Vec<String> = answer
            .values(name)
            .map(|value| {
                String::from_utf8_lossy(&replace(value.as_slice(), namespace.as_bytes(), b"{{ns}}"))
                    .into_owned()
            })
            .collect();
        let is_met = match (expected, values.as_slice()) {
            (None, []) => true,
            (Some(expected), [value]) => self.is_text(expected, value),
            _ => false,
        };
        if !is_met {
            let expected =
                expected.map_or_else(|| "no such header".to_owned(), |text| fill(text, self.variables));
            let found = if values.is_empty() { "no such header".to_owned() } else { values.join(" and ") };
            self.add(&format!("header {}", name.to_ascii_lowercase()), expected, found);
        }
    }

    fn is_text(&self, expected: &str, found: &str) -> bool {
        self.has_form(expected, Value::Text(found)).unwrap_or_else(|| fill(expected, self.variables) == found)
    }

    /// Whether a value has the form that an expected text is, if it is one.
    fn has_form(&self, expected: &str, value: Value<'_>) -> Option<bool> {
        let form: Form = Form::is_one(expected).then(|| expected.parse().ok()).flatten()?;
        Some(form.has(value, self.surroundings))
    }

    fn body(&mut self, expectation: &Expectation, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if let Some(empty) = expectation.empty.filter(|empty| *empty != bytes.is_empty()) {
            self.add("body", if empty { "no body" } else { "a body" }.to_owned(), text.clone());
        }
        if let Some(expected) = expectation.text.as_deref().filter(|expected| !self.is_text(expected, &text))
        {
            self.add("body", fill(expected, self.variables), text.clone());
        }
        if let Some(expected) = &expectation.contains {
            let expected = fill(expected, self.variables);
            if !text.contains(&expected) {
                self.add("body", format!("text that holds {expected}"), text.clone());
            }
        }
        if let Some(expected) = &expectation.json {
            self.json(expected, &text, true);
        }
        if let Some(expected) = &expectation.has {
            self.json(expected, &text, false);
        }
    }

    fn json(&mut self, expected: &Json, text: &str, is_whole: bool) {
        match serde_json::from_str::<Json>(text) {
            Err(error) => self.add("body", expected.to_string(), format!("{text} ({error})")),
            Ok(found) => self.value("body ", expected, &found, is_whole),
        }
    }

    fn value(&mut self, place: &str, expected: &Json, found: &Json, is_whole: bool) {
        match (expected, found) {
            (Json::Object(expected), Json::Object(found)) => {
                for (name, value) in expected {
                    let place = format!("{place}/{}", crate::compare::escaped(name));
                    match found.get(name) {
                        Some(found) => self.value(&place, value, found, is_whole),
                        None => self.add(&place, value.to_string(), "nothing".to_owned()),
                    }
                }
                for (name, value) in
                    found.iter().filter(|(name, _)| is_whole && !expected.contains_key(*name))
                {
                    let place = format!("{place}/{}", crate::compare::escaped(name));
                    self.add(&place, "nothing".to_owned(), value.to_string());
                }
            }
            (Json::Array(expected), Json::Array(found)) if expected.len() == found.len() => {
                for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                    self.value(&format!("{place}/{index}"), expected, found, is_whole);
                }
            }
            (Json::String(text), found) => {
                let written = found.to_string();
                let value = found.as_str().map_or(Value::Json(&written), Value::Text);
                let is_met = self.has_form(text, value).unwrap_or_else(|| {
                    found.as_str().is_some_and(|found| fill(text, self.variables) == found)
                });
                if !is_met {
                    self.add(place, expected.to_string(), written);
                }
            }
            _ if is_same(expected, found) => {}
            _ => self.add(place, expected.to_string(), found.to_string()),
        }
    }
}

/// Whether two values other than text mean the same.
fn is_same(expected: &Json, found: &Json) -> bool {
    match (expected.as_f64(), found.as_f64()) {
        (Some(expected_number), Some(found_number)) => {
            // Whole numbers beyond what a float can tell apart are compared as they are.
            expected == found
                || (expected.is_f64() || found.is_f64()) && (expected_number - found_number) == 0.0
        }
        _ => expected == found,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::model::Header;
    use chrono::Utc;

    fn places(expectation: serde_json::Value, body: &str) -> Vec<String> {
        let expectation: Expectation = serde_json::from_value(expectation).unwrap();
        let answer =
            Answer { status: 200, headers: vec![Header::new("Content-Type", "a/b")], body: body.into() };
        let exchange = Exchange {
            sent: "".into(),
            answers: vec![answer],
            rest: "".into(),
            ending: Ending::Open,
            elapsed: Duration::ZERO,
            ended: Utc::now(),
        };
        let values = BTreeMap::new();
        let surroundings =
            Surroundings { body_length: Some(1), request_id: None, at: exchange.ended, values: &values };
        let variables = Variables::from([("v".to_owned(), "w".to_owned())]);
        let faults = unmet(&expectation, &exchange, "a", "abc", &variables, &surroundings);
        faults.into_iter().map(|fault| fault.place).collect()
    }

    #[test]
    fn what_is_as_expected_is_no_fault() {
        for (expectation, body) in [
            (json!({}), "anything"),
            (json!({"status": 200, "headers": {"content-type": "a/b", "server": null}}), ""),
            (
                json!({"json": {"a": "<integer>", "b": [1, "{{ns}}", "{{v}}"]}}),
                r#"{"b":[1.0,"abc","w"],"a":7}"#,
            ),
            (json!({"has": {"a": {"b": null}}}), r#"{"a":{"b":null,"c":1},"d":2}"#),
            (json!({"text": "x {{v}}"}), "x w"),
            (json!({"contains": "{{ns}}"}), "1 abc 2"),
            (json!({"empty": true, "closes": false}), ""),
        ] {
            assert_eq!(places(expectation, body), [""; 0], "{body}");
        }
    }

    #[test]
    fn every_other_value_is_a_fault_with_its_place() {
        for (expectation, body, place) in [
            (json!({"status": 404}), "", "status"),
            (json!({"headers": {"Content-Type": "<integer>"}}), "", "header content-type"),
            (json!({"headers": {"Vary": "Origin"}}), "", "header vary"),
            (json!({"headers": {"content-type": null}}), "", "header content-type"),
            (json!({"json": {"a": 1}}), r#"{"a":1,"b":2}"#, "body /b"),
            (json!({"json": {"a": 1, "b": 2}}), r#"{"a":1}"#, "body /b"),
            (json!({"json": {"a": [1]}}), r#"{"a":[1,2]}"#, "body /a"),
            (json!({"json": {"a": "1"}}), r#"{"a":1}"#, "body /a"),
            (json!({"json": {"a": null}}), r#"{"a":false}"#, "body /a"),
            (json!({"json": {"a": 9_007_199_254_740_993_u64}}), r#"{"a":9007199254740992}"#, "body /a"),
            (json!({"json": {}}), "{", "body"),
            (json!({"text": "a"}), "b", "body"),
            (json!({"empty": true}), "b", "body"),
            (json!({"closes": true}), "", "connection"),
        ] {
            assert_eq!(places(expectation, body), [place], "{body}");
        }
    }
}
