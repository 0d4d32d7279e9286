//! OpenAPI 3.0 as 3.1 says it.
//!
//! Between the two only schemas changed: `nullable` became a type, exclusive bounds became numbers, and what stands
//! beside a reference began to count.

use serde_json::{Map, Value, json};

/// The version that an upgraded document has.
const VERSION: &str = "3.1.0";

/// Keywords whose values are data, in which nothing is a keyword.
const DATA: [&str; 5] = ["example", "examples", "default", "enum", "const"];

/// The document in the words of OpenAPI 3.1.
pub(crate) fn upgraded(mut document: Value) -> Value {
    rewrite(&mut document);
    document["openapi"] = VERSION.into();
    document
}

fn rewrite(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(rewrite),
        Value::Object(members) => {
            // In 3.0 nothing beside a reference says anything.
            if members.get("$ref").is_some_and(Value::is_string) {
                members.retain(|name, _| name == "$ref");
                return;
            }
            for (name, value) in members.iter_mut() {
                if !DATA.contains(&name.as_str()) || value.get("type").is_some() {
                    rewrite(value);
                }
            }
            exclusive(members, "exclusiveMinimum", "minimum");
            exclusive(members, "exclusiveMaximum", "maximum");
            if let Some(Value::Bool(nullable)) = members.get("nullable").cloned() {
                members.remove("nullable");
                if nullable {
                    allow_null(members);
                }
            }
        }
        _ => {}
    }
}

/// `minimum: 1, exclusiveMinimum: true` is `exclusiveMinimum: 1`.
fn exclusive(schema: &mut Map<String, Value>, keyword: &str, bound: &str) {
    let Some(Value::Bool(is_exclusive)) = schema.get(keyword).cloned() else { return };
    schema.remove(keyword);
    if is_exclusive && let Some(bound) = schema.remove(bound) {
        schema.insert(keyword.to_owned(), bound);
    }
}

/// `nullable` speaks of the `type` beside it; without one it says nothing, by the words of 3.0.3.
fn allow_null(schema: &mut Map<String, Value>) {
    let Some(Value::String(name)) = schema.get("type").cloned() else { return };
    schema.insert("type".to_owned(), json!([name, "null"]));
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(schema: &Value) -> Value {
        upgraded(json!({ "openapi": "3.0.3", "schema": schema }))["schema"].clone()
    }

    #[test]
    fn what_changed_is_said_in_the_new_words() {
        for (old, new) in [
            (json!({ "type": "string", "nullable": true }), json!({ "type": ["string", "null"] })),
            (json!({ "type": "string", "nullable": false }), json!({ "type": "string" })),
            (
                json!({ "type": "integer", "minimum": 1, "exclusiveMinimum": true }),
                json!({ "type": "integer", "exclusiveMinimum": 1 }),
            ),
            (json!({ "maximum": 9, "exclusiveMaximum": false }), json!({ "maximum": 9 })),
            (json!({ "$ref": "#/x", "maxLength": 3 }), json!({ "$ref": "#/x" })),
            (
                json!({ "properties": { "nullable": { "type": "string", "nullable": true } } }),
                json!({ "properties": { "nullable": { "type": ["string", "null"] } } }),
            ),
            (
                json!({ "type": "string", "nullable": true, "enum": ["a"] }),
                json!({ "type": ["string", "null"], "enum": ["a", null] }),
            ),
        ] {
            assert_eq!(schema(&old), new);
        }
    }

    #[test]
    fn data_is_left_alone() {
        let data = json!({ "example": { "nullable": true, "exclusiveMinimum": false } });
        assert_eq!(schema(&data), data);
    }
}
