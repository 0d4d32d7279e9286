//! JSON bodies: as their schema allows, and with one of its constraints broken.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use serde_json::{Map, Value, json};

use super::scalar::{Named, Scalar};

/// How deep bodies are looked into; schemas have no circles here, and deeper ones repeat what is above.
const DEEPEST: usize = 4;
/// The most members or items that are added when nothing asks for more.
const USUAL: usize = 3;

/// Values that the schema allows.
pub(super) fn valid(schema: &Value, depth: usize) -> BoxedStrategy<Value> {
    if let Some(values) = schema["enum"].as_array().filter(|values| !values.is_empty()) {
        return select(values.clone()).boxed();
    }
    if let Some(value) = schema.get("const") {
        return Just(value.clone()).boxed();
    }
    let union = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
    if let Some(union) = union.filter(|union| !union.is_empty()) {
        return Union::new(union.iter().map(|one| valid(one, depth))).boxed();
    }
    let schema = merged(schema);
    let mut kinds = types(&schema).into_iter().map(|kind| match kind.as_str() {
        "object" => object(&schema, depth, None),
        "array" => array(&schema, depth, None),
        "integer" | "number" => {
            scalar(&schema, |text| text.parse().map_or(Value::Null, |number: i64| json!(number)))
        }
        "boolean" => any::<bool>().prop_map(Value::Bool).boxed(),
        "null" => Just(Value::Null).boxed(),
        _ => scalar(&schema, Value::String),
    });
    match (kinds.next(), kinds.next()) {
        (Some(first), None) => first,
        (Some(first), Some(second)) => Union::new([first, second].into_iter().chain(kinds)).boxed(),
        (None, _) => leaf(),
    }
}

/// For each constraint of the schema: values that meet it at its bound, and values that break it.
pub(super) fn probes(schema: &Value, at: &str, depth: usize) -> Vec<Named<Value>> {
    let mut probes: Vec<Named<Value>> = Vec::new();
    let schema = merged(schema);
    let kinds = types(&schema);
    let others = [
        ("object", json!({ "a": 1 })),
        ("array", json!([1])),
        ("string", json!("text")),
        ("number", json!(1.5)),
        ("boolean", json!(true)),
        ("null", Value::Null),
    ];
    for (kind, value) in others {
        let is_allowed = kinds.iter().any(|own| own == kind);
        if !kinds.is_empty() && !is_allowed {
            probes.push((format!("{at}/type/{kind}"), Just(value).boxed()));
        }
    }
    if depth >= DEEPEST {
        return probes;
    }
    match kinds.first().map(String::as_str) {
        Some("object") => object_probes(&schema, at, depth, &mut probes),
        Some("array") => array_probes(&schema, at, depth, &mut probes),
        Some("string") => {
            let texts = Scalar::read(&schema).probes(false).into_iter();
            probes.extend(
                texts.map(|(name, texts)| (format!("{at}/{name}"), texts.prop_map(Value::String).boxed())),
            );
        }
        Some("integer" | "number") => {
            let texts = Scalar::read(&schema).probes(false).into_iter();
            // In JSON a number is written as one, so that only the bounds say something new.
            let bounds = texts.filter(|(name, _)| name.contains("imum/"));
            probes.extend(bounds.map(|(name, texts)| {
                let numbers = texts.prop_map(|text| serde_json::from_str(&text).unwrap_or(Value::Null));
                (format!("{at}/{name}"), numbers.boxed())
            }));
            if kinds.first().is_some_and(|kind| kind == "integer") {
                probes.push((format!("{at}/type/fraction"), Just(json!(1.5)).boxed()));
            }
        }
        _ => {}
    }
    probes
}

fn object_probes(schema: &Value, at: &str, depth: usize, probes: &mut Vec<Named<Value>>) {
    let required = names(schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if required.contains(&name.as_str()) {
            probes
                .push((format!("{at}.{name}/required/missing"), object(schema, depth, Some(&(name, None)))));
        }
        for (constraint, values) in self::probes(property, &format!("{at}.{name}"), depth + 1) {
            probes.push((constraint, object(schema, depth, Some(&(name, Some(values))))));
        }
    }
    let extra = (object(schema, depth, None), leaf()).prop_map(|(mut object, value)| {
        object["unknown_member"] = value;
        object
    });
    probes.push((format!("{at}/additionalProperties/extra"), extra.boxed()));
    if let Some(least) = count(schema, "minProperties").filter(|least| *least > 0) {
        let members = |number: usize| {
            vec(leaf(), number).prop_map(|values| {
                let members = values.into_iter().enumerate();
                Value::Object(members.map(|(index, value)| (format!("m{index}"), value)).collect())
            })
        };
        if required.is_empty() {
            probes.push((format!("{at}/minProperties/at"), members(least).boxed()));
        }
        probes.push((format!("{at}/minProperties/past"), members(least - 1).boxed()));
    }
}

fn array_probes(schema: &Value, at: &str, depth: usize, probes: &mut Vec<Named<Value>>) {
    if let Some(least) = count(schema, "minItems").filter(|least| *least > 0) {
        probes.push((format!("{at}/minItems/at"), array(schema, depth, Some(least))));
        probes.push((format!("{at}/minItems/past"), array(schema, depth, Some(least - 1))));
    }
    if let Some(most) = count(schema, "maxItems").filter(|most| *most < 1_000) {
        probes.push((format!("{at}/maxItems/at"), array(schema, depth, Some(most))));
        probes.push((format!("{at}/maxItems/past"), array(schema, depth, Some(most + 1))));
    }
    if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
        for (constraint, value) in self::probes(items, &format!("{at}.items"), depth + 1) {
            probes.push((constraint, value.prop_map(|value| json!([value])).boxed()));
        }
    }
}

/// A member and the values that it has instead of those of its schema; none when it is left out.
type Instead<'a> = (&'a str, Option<BoxedStrategy<Value>>);

/// Objects of the schema; `instead` gives one member other values, or none.
fn object(schema: &Value, depth: usize, instead: Option<&Instead<'_>>) -> BoxedStrategy<Value> {
    let required = names(schema);
    let mut members: Vec<BoxedStrategy<(String, Option<Value>)>> = Vec::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let values = match instead {
            Some((other, values)) if other == name => match values {
                Some(values) => values.clone().prop_map(Some).boxed(),
                None => continue,
            },
            _ if required.contains(&name.as_str()) => valid(property, depth + 1).prop_map(Some).boxed(),
            _ if depth >= DEEPEST => continue,
            _ => proptest::option::of(valid(property, depth + 1)).boxed(),
        };
        members.push((Just(name.clone()), values).boxed());
    }
    let known = members.len();
    let least = count(schema, "minProperties").unwrap_or(0);
    let free = match &schema["additionalProperties"] {
        Value::Bool(false) => None,
        Value::Object(inner) => Some(valid(&Value::Object(inner.clone()), depth + 1)),
        // What a document does not forbid is sent on purpose only, unless there is nothing else to send.
        _ => (known == 0).then(leaf),
    };
    let free =
        free.map_or_else(|| Just(Vec::new()).boxed(), |values| vec(values, least..=least + USUAL).boxed());
    (members, free)
        .prop_map(|(members, free)| {
            let known = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
            let free = free.into_iter().enumerate().map(|(index, value)| (format!("m{index}"), value));
            Value::Object(known.chain(free).collect::<Map<_, _>>())
        })
        .boxed()
}

fn array(schema: &Value, depth: usize, length: Option<usize>) -> BoxedStrategy<Value> {
    let items = schema.get("items").filter(|items| items.is_object() && depth < DEEPEST);
    let items = items.map_or_else(leaf, |items| valid(items, depth + 1));
    let least = length.or_else(|| count(schema, "minItems")).unwrap_or(0);
    let most = length.or_else(|| count(schema, "maxItems")).unwrap_or(least + USUAL).min(least + USUAL);
    vec(items, least..=most).prop_map(Value::Array).boxed()
}

fn scalar(schema: &Value, value: fn(String) -> Value) -> BoxedStrategy<Value> {
    Scalar::read(schema).valid(false).prop_map(value).boxed()
}

/// Any value that is no container.
fn leaf() -> BoxedStrategy<Value> {
    prop_oneof![
        any::<i32>().prop_map(|number| json!(number)),
        "[a-zA-Z0-9 é漢]{0,12}".prop_map(Value::String),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
    ]
    .boxed()
}

/// The schema with the members of `allOf` beside its own.
fn merged(schema: &Value) -> Value {
    let Some(parts) = schema.get("allOf").and_then(Value::as_array) else { return schema.clone() };
    let mut all = schema.as_object().cloned().unwrap_or_default();
    all.remove("allOf");
    for part in parts.iter().map(merged) {
        for (keyword, value) in part.as_object().into_iter().flatten() {
            match (all.get_mut(keyword), value) {
                (Some(Value::Object(own)), Value::Object(more)) => own.extend(more.clone()),
                (Some(Value::Array(own)), Value::Array(more)) if keyword == "required" => {
                    own.extend(more.clone());
                }
                _ => {
                    all.insert(keyword.clone(), value.clone());
                }
            }
        }
    }
    Value::Object(all)
}

fn types(schema: &Value) -> Vec<String> {
    match &schema["type"] {
        Value::String(name) => vec![name.clone()],
        Value::Array(names) => names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        _ if schema.get("properties").is_some() => vec!["object".to_owned()],
        _ => Vec::new(),
    }
}

fn names(schema: &Value) -> Vec<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn count(schema: &Value, keyword: &str) -> Option<usize> {
    schema[keyword].as_u64().and_then(|count| usize::try_from(count).ok())
}
