//! One form for all schemas that say the same.
//!
//! JSON Schema has many ways to say one thing, and every generator has its favourites. Two schemas of the same
//! canonical form accept the same values. The reverse is not claimed: what cannot be shown to be equal stays
//! apart and is reported as a difference.

#[cfg(test)]
mod meaning;
mod union;

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value, json};

use crate::error::Error;
use crate::pointer;

/// Every type, `integer` being part of `number`.
const ALL_TYPES: [&str; 6] = ["array", "boolean", "null", "number", "object", "string"];

/// Number formats say how a value is kept in memory, not which values are accepted; `minimum` and `maximum` do.
const NUMBER_FORMATS: [&str; 9] =
    ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float"];

/// A bound on how often a schema is made simpler; two are usual.
const MOST_PASSES: usize = 16;

/// The canonical form of a schema that has no references.
///
/// - Prose, examples, extensions and hints such as `discriminator` are dropped, as is what says nothing
///   (`minLength: 0`, `additionalProperties: true`).
/// - `const` is an `enum` of one; `enum` makes `type` superfluous; names in lists are sorted.
/// - Nullability is a type (or a member of `enum`), however it was written.
/// - `allOf` is merged where that cannot change the meaning. `anyOf` and `oneOf` of alternatives that exclude
///   each other are the same thing, are flattened, and become a list of types where they are no more than that.
///
/// # Errors
/// [`Error::Unsupported`] for a keyword that is not understood, [`Error::Malformed`].
pub(crate) fn canonical(schema: &Value, at: &str) -> Result<Value, Error> {
    // What one pass merges can make room for another: an `enum` that came out of an `allOf` makes the `type`
    // beside it superfluous. Every pass but the last makes the schema simpler.
    let mut simpler = pass(schema, at)?;
    // Were two passes ever to undo each other, the last would still mean the same.
    for _ in 0..MOST_PASSES {
        let next = pass(&simpler, at)?;
        if next == simpler {
            break;
        }
        simpler = next;
    }
    Ok(simpler)
}

fn pass(schema: &Value, at: &str) -> Result<Value, Error> {
    let schema = match schema {
        Value::Bool(true) => return Ok(json!({})),
        Value::Bool(false) => return Ok(json!({ "not": {} })),
        Value::Object(schema) => schema,
        _ => return Err(Error::malformed(at, "a schema")),
    };
    let mut out = Map::new();
    let mut types = types(schema, at)?;
    let mut values: Option<Vec<Value>> = None;
    let (mut all_of, mut unions) = (Vec::new(), Vec::new());
    for (keyword, value) in schema {
        let below = pointer::child(at, keyword);
        match keyword.as_str() {
            "title" | "description" | "example" | "examples" | "$comment" | "externalDocs" | "xml"
            | "discriminator" | "type" | "nullable" => {}
            "const" => values = Some(vec![value.clone()]),
            "enum" => values = Some(list(value, &below)?.clone()),
            "format" => {
                let is_of_numbers = value.as_str().is_some_and(|format| NUMBER_FORMATS.contains(&format));
                if !is_of_numbers && value != "double" {
                    out.insert(keyword.clone(), value.clone());
                }
            }
            "properties" => {
                let properties = value.as_object().ok_or_else(|| Error::malformed(&below, "an object"))?;
                let mut canonical_properties = Map::new();
                for (name, property) in properties {
                    let property = pass(property, &pointer::child(&below, name))?;
                    canonical_properties.insert(name.clone(), property);
                }
                canonical_properties.sort_keys();
                out.insert(keyword.clone(), Value::Object(canonical_properties));
            }
            "required" => {
                let mut names = list(value, &below)?.clone();
                sort(&mut names);
                if !names.is_empty() {
                    out.insert(keyword.clone(), Value::Array(names));
                }
            }
            "additionalProperties" | "items" => {
                let inner = pass(value, &below)?;
                if inner != json!({}) {
                    out.insert(keyword.clone(), inner);
                }
            }
            "propertyNames" => {
                let inner = pass(value, &below)?;
                // Names are strings, so that a schema which asks for no more says nothing.
                if inner != json!({}) && inner != json!({ "type": "string" }) {
                    out.insert(keyword.clone(), inner);
                }
            }
            "not" => {
                out.insert(keyword.clone(), pass(value, &below)?);
            }
            "prefixItems" => {
                out.insert(keyword.clone(), Value::Array(pass_list(value, &below)?));
            }
            "allOf" => all_of = pass_list(value, &below)?,
            "anyOf" | "oneOf" => unions.push((keyword.as_str(), pass_list(value, &below)?)),
            "minLength" | "minItems" | "minProperties" if value == 0 => {}
            "uniqueItems" | "deprecated" | "readOnly" | "writeOnly" if value == false => {}
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
            | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                out.insert(keyword.clone(), number(value, &below)?);
            }
            "pattern" | "uniqueItems" | "deprecated" | "readOnly" | "writeOnly" | "default"
            | "contentEncoding" | "contentMediaType" => {
                out.insert(keyword.clone(), value.clone());
            }
            extension if extension.starts_with("x-") => {}
            unknown => return Err(Error::unsupported(&below, format!("the keyword {unknown}"))),
        }
    }
    if let Some(values) = values {
        let allowed = types.take();
        let is_nullable = schema.get("nullable") == Some(&json!(true));
        let mut values: Vec<_> = values
            .into_iter()
            .filter(|value| allowed.as_ref().is_none_or(|allowed| has_type(value, allowed)))
            .chain(is_nullable.then_some(Value::Null))
            .collect();
        sort(&mut values);
        out.insert("enum".to_owned(), Value::Array(values));
    }
    insert_types(&mut out, types);
    for (keyword, branches) in unions {
        union::insert(&mut out, &mut all_of, keyword, branches);
    }
    // A member of allOf that can be merged is; the others stay beside.
    all_of.retain(|member| !member.as_object().is_some_and(|member| merge(&mut out, member)));
    if !all_of.is_empty() {
        sort(&mut all_of);
        out.insert("allOf".to_owned(), Value::Array(all_of));
    }
    if out.get("enum") == Some(&json!([])) {
        return Ok(json!({ "not": {} }));
    }
    out.sort_keys();
    Ok(Value::Object(out))
}

/// The types that the schema names, or `None` when any will do.
fn types(schema: &Map<String, Value>, at: &str) -> Result<Option<BTreeSet<String>>, Error> {
    let fault = || Error::malformed(&pointer::child(at, "type"), "a type or a list of types");
    let mut types: BTreeSet<String> = match schema.get("type") {
        None => return Ok(None),
        Some(Value::String(name)) => BTreeSet::from([name.clone()]),
        Some(Value::Array(names)) => names
            .iter()
            .map(|name| name.as_str().map(str::to_owned).ok_or_else(fault))
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(fault()),
    };
    if types.iter().any(|name| name != "integer" && !ALL_TYPES.contains(&name.as_str())) {
        return Err(fault());
    }
    if schema.get("nullable") == Some(&json!(true)) {
        types.insert("null".to_owned());
    }
    Ok(Some(types))
}

/// Says the types in the shortest way: not at all, by one name, or by a sorted list.
fn insert_types(out: &mut Map<String, Value>, types: Option<BTreeSet<String>>) {
    let Some(mut types) = types else { return };
    if types.contains("number") {
        types.remove("integer");
    }
    if ALL_TYPES.iter().all(|name| types.contains(*name)) {
        return;
    }
    let mut names: Vec<Value> = types.into_iter().map(Value::String).collect();
    let value = if names.len() == 1 { names.remove(0) } else { Value::Array(names) };
    out.insert("type".to_owned(), value);
}

/// The types that a canonical schema names or that its listed values have, or `None` when any will do.
fn canonical_types(schema: &Map<String, Value>) -> Option<BTreeSet<String>> {
    types_of_keyword(schema).or_else(|| {
        let values = schema.get("enum")?.as_array()?;
        Some(values.iter().map(|value| type_of(value).to_owned()).collect())
    })
}

/// The types that a canonical schema names.
fn types_of_keyword(schema: &Map<String, Value>) -> Option<BTreeSet<String>> {
    match schema.get("type")? {
        Value::Array(names) => {
            Some(names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
        }
        name => Some(BTreeSet::from([name.as_str()?.to_owned()])),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn has_type(value: &Value, types: &BTreeSet<String>) -> bool {
    types.contains(type_of(value)) || types.contains("integer") && (value.is_i64() || value.is_u64())
}

/// Adds the constraints of a canonical schema to another, if one schema can say both; else changes nothing.
fn merge(out: &mut Map<String, Value>, member: &Map<String, Value>) -> bool {
    // What additionalProperties closes depends on the properties beside it, so it must not move to others.
    let closes = |one: &Map<String, Value>, other: &Map<String, Value>| {
        one.contains_key("additionalProperties")
            && (other.contains_key("properties") || other.contains_key("additionalProperties"))
    };
    if out != member && (closes(out, member) || closes(member, out)) {
        return false;
    }
    let mut merged = out.clone();
    for (keyword, value) in member {
        match (keyword.as_str(), merged.get_mut(keyword)) {
            (_, None) => {
                merged.insert(keyword.clone(), value.clone());
            }
            (_, Some(there)) if there == value => {}
            ("required", Some(Value::Array(there))) => {
                there.extend(value.as_array().into_iter().flatten().cloned());
                sort(there);
            }
            ("properties", Some(Value::Object(there))) => {
                for (name, property) in value.as_object().into_iter().flatten() {
                    if there.insert(name.clone(), property.clone()).is_some_and(|old| old != *property) {
                        return false;
                    }
                }
                there.sort_keys();
            }
            _ => return false,
        }
    }
    drop_type_beside_values(&mut merged);
    *out = merged;
    true
}

/// Lets the types choose among the listed values, after which they say nothing more.
fn drop_type_beside_values(schema: &mut Map<String, Value>) {
    if let (Some(types), Some(Value::Array(values))) = (types_of_keyword(schema), schema.get_mut("enum")) {
        values.retain(|value| has_type(value, &types));
        schema.remove("type");
    }
}

fn pass_list(value: &Value, at: &str) -> Result<Vec<Value>, Error> {
    list(value, at)?
        .iter()
        .enumerate()
        .map(|(index, item)| pass(item, &pointer::child(at, &index.to_string())))
        .collect()
}

fn list<'a>(value: &'a Value, at: &str) -> Result<&'a Vec<Value>, Error> {
    value.as_array().ok_or_else(|| Error::malformed(at, "an array"))
}

/// A number in its shortest form: `1.0` is `1`.
fn number(value: &Value, at: &str) -> Result<Value, Error> {
    let number = value.as_number().ok_or_else(|| Error::malformed(at, "a number"))?;
    // The text of a whole float ends in ".0"; parsing what stands before it keeps every digit.
    let text = number.to_string();
    let whole = text.strip_suffix(".0").and_then(|digits| digits.parse::<i64>().ok());
    Ok(Value::Number(whole.map_or_else(|| number.clone(), Number::from)))
}

/// Sorts by JSON text and drops repeated values.
fn sort(values: &mut Vec<Value>) {
    values.sort_by_cached_key(Value::to_string);
    values.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: Value, other: Value) {
        let [one, other] = [one, other].map(|schema| canonical(&schema, "").unwrap());
        assert_eq!(one, other);
    }

    fn apart(one: Value, other: Value) {
        let [one, other] = [one, other].map(|schema| canonical(&schema, "").unwrap());
        assert_ne!(one, other);
    }

    #[test]
    fn prose_and_what_says_nothing_is_dropped() {
        same(json!({ "type": "string" }), json!({ "type": ["string"], "description": "x", "minLength": 0 }));
        same(
            json!({ "type": "object" }),
            json!({ "type": "object", "additionalProperties": true, "required": [] }),
        );
        same(json!({ "type": "integer" }), json!({ "type": "integer", "format": "int64", "x-rust": "i64" }));
        same(
            json!({}),
            json!({ "type": ["string", "number", "boolean", "object", "array", "null"], "items": true }),
        );
        same(
            json!({ "type": "object" }),
            json!({ "type": "object", "propertyNames": { "type": "string", "description": "x" } }),
        );
        apart(json!({ "type": "object" }), json!({ "type": "object", "propertyNames": { "maxLength": 1 } }));
        apart(json!({ "type": "string" }), json!({ "type": "string", "format": "date-time" }));
        apart(json!({ "type": "object" }), json!({ "type": "object", "additionalProperties": false }));
    }

    #[test]
    fn a_property_may_be_called_as_a_keyword_is() {
        let schema = json!({ "properties": { "title": { "type": "string" }, "description": {} } });
        assert_eq!(
            canonical(&schema, "").unwrap(),
            json!({ "properties": { "description": {}, "title": { "type": "string" } } })
        );
    }

    #[test]
    fn order_of_names_says_nothing() {
        same(json!({ "required": ["b", "a"] }), json!({ "required": ["a", "b"] }));
        same(json!({ "enum": ["b", "a"] }), json!({ "enum": ["a", "b", "a"], "type": "string" }));
        same(json!({ "maximum": 5.0 }), json!({ "maximum": 5 }));
    }

    #[test]
    fn a_const_is_an_enum_of_one() {
        same(json!({ "const": "ok" }), json!({ "type": "string", "enum": ["ok"] }));
        same(json!({ "const": 1, "type": "integer" }), json!({ "enum": [1] }));
    }

    #[test]
    fn null_is_a_type_however_it_is_written() {
        let folded = json!({ "type": ["string", "null"], "maxLength": 3 });
        same(folded.clone(), json!({ "type": "string", "nullable": true, "maxLength": 3 }));
        same(folded.clone(), json!({ "anyOf": [{ "type": "string", "maxLength": 3 }, { "type": "null" }] }));
        same(folded.clone(), json!({ "oneOf": [{ "type": "null" }, { "type": "string", "maxLength": 3 }] }));
        apart(folded, json!({ "type": "string", "maxLength": 3 }));
        same(
            json!({ "oneOf": [{ "type": "null" }, { "type": "string", "enum": ["a"] }] }),
            json!({ "type": ["string", "null"], "enum": ["a", null] }),
        );
    }

    #[test]
    fn an_all_of_is_merged_only_where_that_says_the_same() {
        same(
            json!({ "allOf": [{ "type": "string" }], "maxLength": 3 }),
            json!({ "type": "string", "maxLength": 3 }),
        );
        same(
            json!({ "allOf": [
                { "type": "object", "properties": { "a": {} }, "required": ["a"] },
                { "type": "object", "properties": { "b": {} }, "required": ["b"] }
            ] }),
            json!({ "type": "object", "properties": { "a": {}, "b": {} }, "required": ["a", "b"] }),
        );
        // Closed members refuse each other's properties, so that nothing meets both: not the same as their sum.
        apart(
            json!({ "allOf": [
                { "properties": { "a": {} }, "additionalProperties": false },
                { "properties": { "b": {} } }
            ] }),
            json!({ "properties": { "a": {}, "b": {} }, "additionalProperties": false }),
        );
        apart(json!({ "allOf": [{ "maxLength": 3 }, { "maxLength": 4 }] }), json!({ "maxLength": 4 }));
    }

    #[test]
    fn an_unknown_keyword_is_refused_with_its_place() {
        let error = canonical(&json!({ "properties": { "a/b": { "if": {} } } }), "/s").unwrap_err();
        assert_eq!(error.to_string(), "/s/properties/a~1b/if: the keyword if is not supported");
        let error = canonical(&json!({ "type": "int" }), "/s").unwrap_err();
        assert_eq!(error.to_string(), "/s/type: expected a type or a list of types");
    }
}
