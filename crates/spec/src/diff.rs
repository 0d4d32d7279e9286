//! What one document promises and another does not.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::error::Error;
use crate::load::Document;
use crate::normalise::{Promise, Route, normalise};

/// One promise on which two documents differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where: the operation (its id in the first document, or method and path), then the way to the value.
    pub place: Vec<String>,
    /// What the first document says, `None` when it says nothing.
    pub first: Option<Value>,
    /// What the second document says, `None` when it says nothing.
    pub second: Option<Value>,
}

impl Difference {
    /// The place in one line, as exceptions name it.
    pub fn place(&self) -> String {
        self.place.join(" / ")
    }

    /// The difference in one line, such as
    /// `set_cache / parameters / query.ttl / maximum: contract 86400, api-axum missing`.
    pub fn line(&self, first_name: &str, second_name: &str) -> String {
        let (first, second) = (said(self.first.as_ref()), said(self.second.as_ref()));
        format!("{}: {first_name} {first}, {second_name} {second}", self.place())
    }
}

/// A value in few words: what an object holds is seen in the documents.
fn said(value: Option<&Value>) -> String {
    match value {
        None => "missing".to_owned(),
        Some(Value::Object(object)) if object.is_empty() => "anything".to_owned(),
        Some(Value::Object(_)) => "present".to_owned(),
        Some(value) => value.to_string(),
    }
}

/// Compares what two documents promise; see [`normalise`] for what counts.
///
/// The differences are in the order of the paths, and an operation that only one document has is one difference.
///
/// # Errors
/// As [`normalise`], for either document.
pub fn diff(first: &Document, second: &Document) -> Result<Vec<Difference>, Error> {
    let (first, second) = (normalise(first)?, normalise(second)?);
    let routes: BTreeSet<&Route> = first.keys().chain(second.keys()).collect();
    let mut differences = Differences::default();
    for route in routes {
        let (first, second) = (first.get(route), second.get(route));
        let (path, method) = route;
        let name = first.and_then(|promise| promise.id.clone()).unwrap_or_else(|| format!("{method} {path}"));
        differences.within(name, |differences| compare_promises(differences, first, second));
    }
    Ok(differences.found)
}

fn compare_promises(differences: &mut Differences, first: Option<&Promise>, second: Option<&Promise>) {
    let id = |promise: Option<&Promise>| promise.and_then(|promise| promise.id.clone()).map(Value::String);
    if first.is_some() && second.is_some() {
        let (first, second) = (id(first), id(second));
        differences.within("operationId".to_owned(), |differences| {
            differences.compare(first.as_ref(), second.as_ref());
        });
    }
    differences.compare(first.map(|promise| &promise.terms), second.map(|promise| &promise.terms));
}

#[derive(Default)]
struct Differences {
    place: Vec<String>,
    found: Vec<Difference>,
}

impl Differences {
    fn within(&mut self, name: String, compare: impl FnOnce(&mut Self)) {
        self.place.push(name);
        compare(self);
        self.place.pop();
    }

    fn compare(&mut self, first: Option<&Value>, second: Option<&Value>) {
        if first == second {
            return;
        }
        match (first, second) {
            (Some(Value::Object(first)), Some(Value::Object(second))) => self.compare_members(first, second),
            (Some(Value::Array(one)), Some(Value::Array(other))) => match (labelled(one), labelled(other)) {
                (Some(one), Some(other)) => self.compare_members(&one, &other),
                _ => self.differ(first, second),
            },
            _ => self.differ(first, second),
        }
    }

    fn compare_members(&mut self, first: &Map<String, Value>, second: &Map<String, Value>) {
        let names: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
        for name in names {
            self.within(name.clone(), |differences| differences.compare(first.get(name), second.get(name)));
        }
    }

    fn differ(&mut self, first: Option<&Value>, second: Option<&Value>) {
        let (first, second) = (first.cloned(), second.cloned());
        self.found.push(Difference { place: self.place.clone(), first, second });
    }
}

/// Alternatives by what tells them apart, so that each is compared with its like wherever it stands.
///
/// `None` for a list of anything else, or when a label occurs twice.
fn labelled(list: &[Value]) -> Option<Map<String, Value>> {
    let mut members = BTreeMap::new();
    for item in list {
        if members.insert(label(item.as_object()?)?, item.clone()).is_some() {
            return None;
        }
    }
    Some(members.into_iter().collect())
}

/// The member with one possible value (`status="healthy"`), or the values, or the types of an alternative.
fn label(schema: &Map<String, Value>) -> Option<String> {
    let one_value = |property: &Value| match property.get("enum")?.as_array()?.as_slice() {
        [value] => Some(value.to_string()),
        _ => None,
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    let tag = properties.and_then(|properties| {
        properties.iter().find_map(|(name, property)| Some(format!("{name}={}", one_value(property)?)))
    });
    tag.or_else(|| schema.get("enum").map(Value::to_string)).or_else(|| match schema.get("type")? {
        Value::String(name) => Some(name.clone()),
        names => Some(names.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = "openapi: 3.1.0
paths:
  /cache/{key}:
    post:
      operationId: set_cache
      parameters:
        - { name: key, in: path, required: true, schema: { type: string, maxLength: 200 } }
        - { name: ttl, in: query, schema: { type: integer, minimum: 1, maximum: 86400 } }
      requestBody: { content: { application/json: { schema: { type: object, minProperties: 1 } } } }
      responses:
        '200':
          description: Prose.
          headers: { X-Request-ID: { schema: { type: string } } }
          content:
            application/json:
              schema:
                oneOf:
                  - { type: object, required: [status, version], properties: { status: { const: healthy }, version: { type: string } } }
                  - { type: object, required: [status, error], properties: { status: { const: unhealthy }, error: { type: string } } }
        '408': { description: Prose. }
  /only-here:
    get: { operationId: get_only, responses: {} }
";

    fn lines(change: impl Fn(&str) -> String) -> Vec<String> {
        let contract = Document::from_yaml(CONTRACT).unwrap();
        let changed = change(CONTRACT);
        assert_ne!(changed, CONTRACT, "the change changed nothing");
        let other = Document::from_yaml(&changed).unwrap();
        diff(&contract, &other).unwrap().iter().map(|found| found.line("contract", "api-axum")).collect()
    }

    #[test]
    fn a_document_does_not_differ_from_itself() {
        let contract = Document::from_yaml(CONTRACT).unwrap();
        assert_eq!(diff(&contract, &contract).unwrap(), []);
    }

    #[test]
    fn prose_and_order_are_no_difference() {
        assert_eq!(lines(|text| text.replace("Prose.", "Other prose.")), Vec::<String>::new());
        assert_eq!(
            lines(|text| text.replace("[status, version]", "[version, status]")),
            Vec::<String>::new()
        );
    }

    #[test]
    fn every_kind_of_broken_promise_is_one_readable_line() {
        for (from, to, expected) in [
            (
                ", maximum: 86400",
                "",
                "set_cache / parameters / query.ttl / maximum: contract 86400, api-axum missing",
            ),
            (
                "maxLength: 200",
                "maxLength: 100",
                "set_cache / parameters / path.key / maxLength: contract 200, api-axum 100",
            ),
            (
                "in: query, ",
                "in: query, required: true, ",
                "set_cache / parameters / query.ttl / required: contract false, api-axum true",
            ),
            (
                ", minProperties: 1",
                "",
                "set_cache / body / content / application/json / minProperties: contract 1, api-axum missing",
            ),
            (
                "X-Request-ID: { schema: { type: string } }",
                "",
                "set_cache / responses / 200 / headers / x-request-id: contract present, api-axum missing",
            ),
            (
                "        '408': { description: Prose. }\n",
                "",
                "set_cache / responses / 408: contract present, api-axum missing",
            ),
            (
                "operationId: set_cache",
                "operationId: put_cache",
                "set_cache / operationId: contract \"set_cache\", api-axum \"put_cache\"",
            ),
            (
                "  /only-here:\n    get: { operationId: get_only, responses: {} }\n",
                "",
                "get_only: contract present, api-axum missing",
            ),
            (
                "version: { type: string }",
                "version: { type: integer }",
                "set_cache / responses / 200 / content / application/json / oneOf / status=\"healthy\" / properties / version / type: contract \"string\", api-axum \"integer\"",
            ),
            (
                "required: [status, error]",
                "required: [status]",
                "set_cache / responses / 200 / content / application/json / oneOf / status=\"unhealthy\" / required: contract [\"error\",\"status\"], api-axum [\"status\"]",
            ),
        ] {
            assert_eq!(lines(|text| text.replacen(from, to, 1)), [expected]);
        }
    }

    #[test]
    fn an_operation_that_only_the_other_has_is_named_by_its_route() {
        let found = lines(|text| {
            text.replace(
                "/only-here:\n    get: { operationId: get_only",
                "/only-there:\n    get: { operationId: get_only",
            )
        });
        assert_eq!(
            found,
            [
                "get_only: contract present, api-axum missing",
                "GET /only-there: contract missing, api-axum present"
            ]
        );
    }
}
