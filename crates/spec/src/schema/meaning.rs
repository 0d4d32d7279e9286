//! The canonical form means what the schema means: both accept the same values.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::canonical;

/// Values that tell the schemas below apart.
fn value() -> impl Strategy<Value = Value> {
    let plain = prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(5),
        json!(0.5),
        json!(""),
        json!("a"),
        json!("abc"),
        json!("2026-01-01T00:00:00Z"),
    ]);
    plain.prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c"]), inner, 0..3).prop_map(
                |members| Value::Object(
                    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
                )
            ),
        ]
    })
}

/// One keyword with its value, or a few that belong together.
fn plain_keywords() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({}),
        json!({ "type": "string" }),
        json!({ "type": "integer" }),
        json!({ "type": "number" }),
        json!({ "type": "boolean" }),
        json!({ "type": "null" }),
        json!({ "type": ["string", "null"] }),
        json!({ "type": ["integer", "number", "string"] }),
        json!({ "type": "object" }),
        json!({ "type": ["object", "array"] }),
        json!({ "const": "a" }),
        json!({ "const": null }),
        json!({ "enum": ["a", "abc", null] }),
        json!({ "enum": [0, 1, "a"], "type": "integer" }),
        json!({ "enum": [0.5, 1, true], "type": ["integer", "boolean"] }),
        json!({ "type": "string", "minLength": 1 }),
        json!({ "type": "string", "maxLength": 2, "minLength": 0 }),
        json!({ "minimum": 1.0 }),
        json!({ "type": "integer", "minimum": 0, "maximum": 1, "format": "int64" }),
        json!({ "type": "string", "format": "date-time" }),
        json!({ "type": "string", "pattern": "^a" }),
        json!({ "required": ["b", "a"] }),
        json!({ "type": "object", "required": [], "minProperties": 0, "additionalProperties": true }),
        json!({ "type": "object", "maxProperties": 1, "additionalProperties": false }),
        json!({ "minItems": 1, "uniqueItems": false, "description": "Prose" }),
    ])
}

fn schema() -> impl Strategy<Value = Value> {
    plain_keywords().prop_recursive(3, 24, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 1..4);
        let properties =
            prop::collection::btree_map(prop::sample::select(vec!["a", "b"]), inner.clone(), 1..3);
        let keyword = prop_oneof![
            list.clone().prop_map(|list| json!({ "oneOf": list })),
            list.clone().prop_map(|list| json!({ "anyOf": list })),
            list.clone().prop_map(|list| json!({ "allOf": list })),
            inner.clone().prop_map(|inner| json!({ "not": inner })),
            inner.clone().prop_map(|inner| json!({ "items": inner })),
            inner.clone().prop_map(|inner| json!({ "additionalProperties": inner })),
            inner.clone().prop_map(|inner| json!({ "propertyNames": inner })),
            list.prop_map(|list| json!({ "prefixItems": list })),
            (properties.clone(), prop::option::of(Just(false))).prop_map(|(properties, closed)| {
                let mut schema = json!({ "properties": properties });
                if let Some(closed) = closed {
                    schema["additionalProperties"] = json!(closed);
                }
                schema
            }),
            // Objects told apart by a required member, as serde tags its enums.
            (properties, prop::sample::select(vec!["a", "abc"])).prop_map(|(properties, tag)| {
                let mut schema = json!({ "type": "object", "properties": properties, "required": ["c"] });
                schema["properties"]["c"] = json!({ "const": tag });
                schema
            }),
        ];
        (keyword, plain_keywords()).prop_map(|(keyword, plain)| {
            let mut together: Map<String, Value> = plain.as_object().cloned().unwrap_or_default();
            together.extend(keyword.as_object().cloned().unwrap_or_default());
            Value::Object(together)
        })
    })
}

fn compiled(schema: &Value) -> jsonschema::Validator {
    let validator = jsonschema::options().should_validate_formats(true).build(schema);
    validator.expect("the schema compiles")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_schema_and_its_canonical_form_accept_the_same_values(
        schema in schema(),
        values in prop::collection::vec(value(), 8),
    ) {
        let canonical = canonical(&schema, "").unwrap();
        let (as_written, as_canonical) = (compiled(&schema), compiled(&canonical));
        for value in &values {
            prop_assert_eq!(
                as_written.is_valid(value),
                as_canonical.is_valid(value),
                "{} became {}: {}", schema, canonical, value
            );
        }
    }

    #[test]
    fn a_canonical_form_is_its_own(schema in schema()) {
        let once = canonical(&schema, "").unwrap();
        prop_assert_eq!(canonical(&once, "").unwrap(), once);
    }
}
