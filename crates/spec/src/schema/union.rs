//! `anyOf` and `oneOf`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{canonical_types, insert_types, merge, sort};

/// Adds alternatives, each in canonical form, to the schema that holds them; where it has others already, which
/// hold too, to what must hold `beside` it.
pub(super) fn insert(
    out: &mut Map<String, Value>,
    beside: &mut Vec<Value>,
    keyword: &str,
    branches: Vec<Value>,
) {
    let nothing = json!({ "not": {} });
    let branches: Vec<Value> = branches.into_iter().filter(|branch| *branch != nothing).collect();
    let flat: Vec<Value> = branches.iter().flat_map(flatten).collect();
    if flat.is_empty() {
        // No alternative accepts anything.
        beside.push(nothing);
        return;
    }
    let exclusive = flat
        .iter()
        .enumerate()
        .all(|(index, one)| flat.iter().skip(index + 1).all(|other| exclude(one, other)));
    if !exclusive {
        // A branch that stands twice counts twice in oneOf, so that none may be dropped.
        let mut branches = branches;
        branches.sort_by_cached_key(Value::to_string);
        add(out, beside, keyword, branches);
        return;
    }
    let mut branches = fold_null(join_bare(split_null(flat)));
    if let [Value::Object(only)] = branches.as_slice()
        && merge(out, only)
    {
        return;
    }
    sort(&mut branches);
    // Alternatives that exclude each other: that at least one holds and that exactly one holds is the same.
    add(out, beside, "oneOf", branches);
}

fn add(out: &mut Map<String, Value>, beside: &mut Vec<Value>, keyword: &str, branches: Vec<Value>) {
    if out.contains_key(keyword) {
        beside.push(json!({ keyword: branches }));
    } else {
        out.insert(keyword.to_owned(), Value::Array(branches));
    }
}

/// The alternatives of a branch that is nothing but alternatives, else the branch.
fn flatten(branch: &Value) -> Vec<Value> {
    let inner = branch
        .as_object()
        .filter(|object| object.len() == 1)
        .and_then(|object| object.get("oneOf").or_else(|| object.get("anyOf")).and_then(Value::as_array));
    inner.map_or_else(|| vec![branch.clone()], |inner| inner.iter().flat_map(flatten).collect())
}

/// Takes null out of every branch and makes it one of its own.
fn split_null(branches: Vec<Value>) -> Vec<Value> {
    let mut found = false;
    let mut split = Vec::with_capacity(branches.len() + 1);
    for branch in branches {
        let mut object = match branch {
            Value::Object(object) if lets_null_through(&object) => object,
            other => {
                split.push(other);
                continue;
            }
        };
        if let Some(Value::Array(values)) = object.get_mut("enum") {
            let before = values.len();
            values.retain(|value| !value.is_null());
            found |= values.len() < before;
            if values.is_empty() {
                continue;
            }
        } else if let Some(mut types) = canonical_types(&object)
            && types.remove("null")
        {
            found = true;
            if types.is_empty() {
                continue;
            }
            insert_types(&mut object, Some(types));
        }
        split.push(Value::Object(object));
    }
    if found {
        split.push(json!({ "type": "null" }));
    }
    split
}

/// Whether null meets the schema as soon as its types or values name it: all keywords but these say something
/// about values of another type.
fn lets_null_through(object: &Map<String, Value>) -> bool {
    !["allOf", "anyOf", "oneOf", "not"].iter().any(|keyword| object.contains_key(*keyword))
}

/// Joins the branches that are no more than a type, but for null.
fn join_bare(branches: Vec<Value>) -> Vec<Value> {
    let is_bare = |branch: &Value| {
        branch.as_object().is_some_and(|object| object.len() == 1 && object.contains_key("type"))
            && *branch != json!({ "type": "null" })
    };
    let (bare, mut joined): (Vec<_>, Vec<_>) = branches.into_iter().partition(is_bare);
    let types: BTreeSet<String> =
        bare.iter().filter_map(Value::as_object).filter_map(canonical_types).flatten().collect();
    if !types.is_empty() {
        let mut object = Map::new();
        insert_types(&mut object, Some(types));
        joined.push(Value::Object(object));
    }
    joined
}

/// Makes null a type of the one other branch, where there is only one and its other keywords let null through.
fn fold_null(mut branches: Vec<Value>) -> Vec<Value> {
    let null = json!({ "type": "null" });
    let [one, other] = branches.as_mut_slice() else { return branches };
    let object = match (*one == null, *other == null) {
        (true, false) => other,
        (false, true) => one,
        _ => return branches,
    };
    let Value::Object(object) = object else { return branches };
    if !lets_null_through(object) {
        return branches;
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.push(Value::Null);
        sort(values);
    } else if let Some(mut types) = canonical_types(object) {
        types.insert("null".to_owned());
        insert_types(object, Some(types));
    } else {
        return branches;
    }
    branches.retain(|branch| *branch != null);
    branches
}

/// Whether no value meets both canonical schemas, as far as can be told from types, listed values and required
/// members that tell objects apart.
fn exclude(one: &Value, other: &Value) -> bool {
    let (Some(one), Some(other)) = (one.as_object(), other.as_object()) else { return false };
    let whole = |types: BTreeSet<String>| -> BTreeSet<String> {
        types.into_iter().map(|name| if name == "integer" { "number".to_owned() } else { name }).collect()
    };
    let (Some(types), Some(other_types)) = (canonical_types(one), canonical_types(other)) else {
        return false;
    };
    if whole(types.clone()).is_disjoint(&whole(other_types.clone())) {
        return true;
    }
    if let (Some(Value::Array(values)), Some(Value::Array(other_values))) =
        (one.get("enum"), other.get("enum"))
    {
        return !values.iter().any(|value| other_values.contains(value));
    }
    let object = BTreeSet::from(["object".to_owned()]);
    if types != object || other_types != object {
        return false;
    }
    let requires = |schema: &Map<String, Value>, name: &str| {
        schema
            .get("required")
            .and_then(Value::as_array)
            .is_some_and(|names| names.iter().any(|each| each == name))
    };
    let properties =
        |schema: &Map<String, Value>| schema.get("properties").and_then(Value::as_object).cloned();
    let other_properties = properties(other).unwrap_or_default();
    properties(one).unwrap_or_default().iter().any(|(name, property)| {
        requires(one, name)
            && requires(other, name)
            && other_properties.get(name).is_some_and(|other| exclude(property, other))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::schema::canonical;

    fn same(one: Value, other: Value) {
        let [one, other] = [one, other].map(|schema| canonical(&schema, "").unwrap());
        assert_eq!(one, other);
    }

    #[test]
    fn alternatives_of_bare_types_are_a_list_of_types() {
        same(
            json!({ "type": ["integer", "string"] }),
            json!({ "oneOf": [{ "type": "string" }, { "type": "integer" }] }),
        );
        same(
            json!({ "type": ["integer", "string", "null"] }),
            json!({ "anyOf": [{ "type": "string" }, { "oneOf": [{ "type": "integer" }, { "type": "null" }] }] }),
        );
    }

    #[test]
    fn alternatives_that_exclude_each_other_are_flattened_and_their_order_says_nothing() {
        let flat = json!({ "oneOf": [{ "type": "integer", "minimum": 0 }, { "const": "never" }, { "type": "null" }] });
        same(
            flat.clone(),
            json!({ "anyOf": [{ "type": "null" }, { "oneOf": [{ "enum": ["never"] }, { "minimum": 0, "type": "integer" }] }] }),
        );
        same(flat, json!({ "oneOf": [{ "type": ["integer", "null"], "minimum": 0 }, { "const": "never" }] }));
    }

    #[test]
    fn objects_are_told_apart_by_a_required_member() {
        let branch = |state: &str| {
            json!({
                "type": "object", "required": ["state"], "properties": { "state": { "const": state } }
            })
        };
        same(
            json!({ "oneOf": [branch("on"), branch("off")] }),
            json!({ "anyOf": [branch("off"), branch("on")] }),
        );
    }

    #[test]
    fn alternatives_that_overlap_keep_their_keyword() {
        let branches = json!([{ "type": "string", "maxLength": 3 }, { "type": "string", "pattern": "a" }]);
        assert_ne!(
            canonical(&json!({ "oneOf": branches }), "").unwrap(),
            canonical(&json!({ "anyOf": branches }), "").unwrap()
        );
    }

    #[test]
    fn one_alternative_is_none() {
        same(json!({ "type": "string" }), json!({ "oneOf": [{ "type": "string" }] }));
    }

    #[test]
    fn null_is_not_folded_into_what_would_refuse_it() {
        let schema =
            json!({ "oneOf": [{ "type": "string", "not": { "pattern": "^a" } }, { "type": "null" }] });
        assert!(canonical(&schema, "").unwrap().get("oneOf").is_some());
    }
}
