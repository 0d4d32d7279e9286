//! The schema of a parameter, as a rule that is applied without a schema.

use contract::field::FieldFault;
use contract::{IntegerRule, TextRule};
use serde_json::{Map, Value};

use super::{DocumentError, child, forever};

/// What the value of a parameter must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// `type: string`.
    Text(TextRule),
    /// `type: integer`.
    Integer(IntegerRule),
}

/// Keywords that describe, and demand nothing.
const PROSE: [&str; 5] = ["title", "description", "example", "examples", "$comment"];

impl Rule {
    /// Reads a schema, in which every reference is written out.
    ///
    /// # Errors
    /// [`DocumentError`] with the place of what is not understood.
    pub(super) fn of(schema: &Value, pointer: &str) -> Result<Self, DocumentError> {
        let schema = schema
            .as_object()
            .ok_or_else(|| DocumentError::unsupported(pointer, "a schema that is not an object"))?;
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => text(schema, pointer).map(Self::Text),
            Some("integer") => integer(schema, pointer).map(Self::Integer),
            _ => Err(DocumentError::unsupported(
                child(pointer, "type"),
                "a parameter of another type than string or integer",
            )),
        }
    }

    /// Whether a value is as the rule says.
    ///
    /// # Errors
    /// The first fault of the value.
    pub(crate) fn check(&self, raw: &str) -> Result<(), FieldFault> {
        match self {
            Self::Text(rule) => rule.check(raw),
            Self::Integer(rule) => rule.integer(raw).map(drop),
        }
    }

    /// What is to be checked where the value must become a text: a number is one as well, with no more to be said.
    pub(crate) fn for_text(&self, raw: &str) -> Result<TextRule, FieldFault> {
        match self {
            Self::Text(rule) => Ok(*rule),
            Self::Integer(rule) => rule.integer(raw).map(|_| TextRule::ANY),
        }
    }

    /// What is to be checked where the value must become a number.
    pub(crate) fn for_integer(&self, raw: &str) -> Result<IntegerRule, FieldFault> {
        match self {
            Self::Integer(rule) => Ok(*rule),
            Self::Text(rule) => rule.check(raw).map(|()| IntegerRule::ANY),
        }
    }
}

fn text(schema: &Map<String, Value>, pointer: &str) -> Result<TextRule, DocumentError> {
    let mut rule = TextRule::ANY;
    for (keyword, value) in constraints(schema) {
        let at = child(pointer, keyword);
        rule = match keyword {
            "minLength" => rule.min_length(length(value, &at)?),
            "maxLength" => rule.max_length(length(value, &at)?),
            "pattern" => rule.try_pattern(pattern(value, &at)?).map_err(of_pattern(&at))?,
            "not" => {
                let refused = value.as_object().filter(|refused| refused.len() == 1);
                let refused = refused.and_then(|refused| refused.get("pattern"));
                let refused = refused
                    .ok_or_else(|| DocumentError::unsupported(&at, "a `not` of more than a pattern"))?;
                let at = child(&at, "pattern");
                rule.try_refusing(pattern(refused, &at)?).map_err(of_pattern(&at))?
            }
            _ => return Err(DocumentError::unsupported(at, format!("{keyword} of a text"))),
        };
    }
    Ok(rule)
}

fn integer(schema: &Map<String, Value>, pointer: &str) -> Result<IntegerRule, DocumentError> {
    let mut rule = IntegerRule::ANY;
    for (keyword, value) in constraints(schema) {
        let at = child(pointer, keyword);
        let bound =
            || value.as_i64().ok_or_else(|| DocumentError::unsupported(&at, "a bound beyond 64 bits"));
        rule = match keyword {
            "minimum" => rule.minimum(bound()?),
            "maximum" => rule.maximum(bound()?),
            _ => return Err(DocumentError::unsupported(at, format!("{keyword} of a whole number"))),
        };
    }
    Ok(rule)
}

/// The keywords that demand something, the type excepted.
fn constraints(schema: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    let all = schema.iter().map(|(keyword, value)| (keyword.as_str(), value));
    all.filter(|(keyword, _)| *keyword != "type" && !PROSE.contains(keyword) && !keyword.starts_with("x-"))
}

fn length(value: &Value, at: &str) -> Result<usize, DocumentError> {
    let length = value.as_u64().and_then(|length| usize::try_from(length).ok());
    length.ok_or_else(|| DocumentError::unsupported(at, "a length that is no whole number"))
}

fn pattern(value: &Value, at: &str) -> Result<&'static str, DocumentError> {
    let pattern = value.as_str().map(forever);
    pattern.ok_or_else(|| DocumentError::unsupported(at, "a pattern that is no text"))
}

fn of_pattern(at: &str) -> impl FnOnce(contract::rule::RuleError) -> DocumentError {
    move |source| DocumentError::Pattern { pointer: at.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use contract::{CacheKey, CacheTtl, CacheValue, QueueName};
    use serde_json::json;

    use super::*;

    #[test]
    fn the_schemas_of_the_contract_become_the_contract_s_rules() {
        for (schema, rule) in [
            (
                json!({ "description": "A key.", "type": "string", "minLength": 1, "maxLength": 200,
                    "pattern": "^[a-zA-Z0-9_:.-]+$" }),
                Rule::Text(CacheKey::RULE),
            ),
            (json!({ "type": "string", "maxLength": 5000 }), Rule::Text(CacheValue::RULE)),
            (
                json!({ "type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[a-zA-Z0-9_.-]+$",
                    "not": { "pattern": r"^amq\." } }),
                Rule::Text(QueueName::RULE),
            ),
            (json!({ "type": "integer", "minimum": 1, "maximum": 86_400 }), Rule::Integer(CacheTtl::RULE)),
            (json!({ "type": "string" }), Rule::Text(TextRule::ANY)),
        ] {
            assert_eq!(Rule::of(&schema, "").expect("a rule"), rule, "{schema}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place() {
        for (schema, expected) in [
            (json!({ "type": "string", "format": "uuid" }), "/s/format: format of a text is not supported"),
            (json!({ "type": "string", "enum": ["a"] }), "/s/enum: enum of a text is not supported"),
            (
                json!({ "type": "string", "minLength": -1 }),
                "/s/minLength: a length that is no whole number is not supported",
            ),
            (json!({ "type": "string", "pattern": "a|b" }), "/s/pattern: not a usable pattern"),
            (
                json!({ "type": "string", "pattern": 1 }),
                "/s/pattern: a pattern that is no text is not supported",
            ),
            (json!({ "type": "string", "not": { "pattern": "b$" } }), "/s/not/pattern: not a usable pattern"),
            (
                json!({ "type": "string", "not": { "pattern": "^b", "minLength": 1 } }),
                "/s/not: a `not` of more than a pattern is not supported",
            ),
            (
                json!({ "type": "integer", "multipleOf": 2 }),
                "/s/multipleOf: multipleOf of a whole number is not supported",
            ),
            (
                json!({ "type": "integer", "maximum": 1.5 }),
                "/s/maximum: a bound beyond 64 bits is not supported",
            ),
            (
                json!({ "type": ["string", "null"] }),
                "/s/type: a parameter of another type than string or integer is not supported",
            ),
            (json!(true), "/s: a schema that is not an object is not supported"),
        ] {
            assert_eq!(Rule::of(&schema, "/s").expect_err("refused").to_string(), expected);
        }
    }

    #[test]
    fn a_value_is_held_to_its_rule_whatever_it_is_to_become() {
        let rule = Rule::Integer(IntegerRule::ANY.maximum(9));
        assert_eq!(rule.for_text("10"), Err(FieldFault::TooLarge(9)));
        assert_eq!(rule.for_text("9"), Ok(TextRule::ANY));
        let rule = Rule::Text(TextRule::ANY.max_length(1));
        assert_eq!(rule.for_integer("10"), Err(FieldFault::TooLong(1)));
        assert_eq!(rule.for_integer("9"), Ok(IntegerRule::ANY));
    }
}
