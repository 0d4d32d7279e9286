//! The operations of a document, read from its resolved paths.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::Error;
use crate::load::Document;
use crate::pointer;
use crate::resolve;

/// One operation, with every reference written out.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// `operationId`, where it has one.
    pub id: Option<String>,
    /// The method in capitals.
    pub method: String,
    /// The path template, with parameters in braces.
    pub path: String,
    /// Whether it is declared deprecated.
    pub deprecated: bool,
    /// Its parameters in the order of the document, those of the path item first.
    pub parameters: Vec<Parameter>,
    /// The body that it takes, if it takes one.
    pub body: Option<Body>,
    /// Its documented answers by status.
    pub responses: BTreeMap<u16, Response>,
    /// Where it stands in the document, as a JSON pointer.
    pub pointer: String,
}

/// Where a parameter stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// In the path template.
    Path,
    /// In the query.
    Query,
    /// Among the headers.
    Header,
    /// Among the cookies.
    Cookie,
}

impl Place {
    /// The word that `in` has for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// A parameter of an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// Whether a request must have it.
    pub required: bool,
    /// What its value must be.
    pub schema: Value,
    /// Where it stands in the document, as a JSON pointer.
    pub pointer: String,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// Whether a request must have it.
    pub required: bool,
    /// What it must be, by media type as written.
    pub content: BTreeMap<String, Content>,
}

/// An answer of one status.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The headers by name as written.
    pub headers: BTreeMap<String, Header>,
    /// What the body must be, by media type as written; empty when there is no body.
    pub content: BTreeMap<String, Content>,
}

/// A header of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Whether the answer must have it.
    pub required: bool,
    /// What its value must be.
    pub schema: Value,
    /// Where it stands in the document, as a JSON pointer.
    pub pointer: String,
}

/// A body of one media type.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// What the body must be; absent when anything of that media type will do.
    pub schema: Option<Value>,
    /// Examples by name; the one of `example` has the empty name.
    pub examples: BTreeMap<String, Value>,
    /// Where it stands in the document, as a JSON pointer.
    pub pointer: String,
}

/// The methods that a path item can have, as keywords.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

impl Document {
    /// Reads every operation, in the order of the document.
    ///
    /// # Errors
    /// [`Error::Reference`], [`Error::Malformed`], or [`Error::Unsupported`] for what OpenAPI can say and this
    /// crate does not understand: callbacks, servers or security of one operation, `default` and `4XX` answers,
    /// parameters that are no plain values, and keywords that it does not know.
    pub fn operations(&self) -> Result<Vec<Operation>, Error> {
        let mut operations = Vec::new();
        self.visit_operations(|operation| {
            operations.push(operation);
            Ok::<_, Error>(())
        })?;
        Ok(operations)
    }

    /// As [`Self::operations`], one after another: with all references written out a document is many times as large,
    /// and a visitor that keeps little of each operation needs the memory of one path only.
    ///
    /// # Errors
    /// Those of [`Self::operations`], and the first of the visitor.
    pub fn visit_operations<E: From<Error>>(
        &self,
        mut visit: impl FnMut(Operation) -> Result<(), E>,
    ) -> Result<(), E> {
        let at = "/paths";
        let paths = self.value().get("paths").ok_or_else(|| Error::malformed(at, "to be present"))?;
        for (path, item) in object(paths, at)? {
            if path.starts_with("x-") {
                continue;
            }
            let at = pointer::child(at, path);
            let item = resolve::resolved(self, item, &at)?;
            let item = object(&item, &at)?;
            known(item, &at, &["summary", "description", "parameters"], &METHODS)?;
            let shared = parameters(item, &at)?;
            for (method, operation) in item {
                if METHODS.contains(&method.as_str()) {
                    visit(read(path, method, operation, &at, &shared)?)?;
                }
            }
        }
        Ok(())
    }
}

fn read(path: &str, method: &str, value: &Value, at: &str, shared: &[Parameter]) -> Result<Operation, Error> {
    let at = pointer::child(at, method);
    let operation = object(value, &at)?;
    known(
        operation,
        &at,
        &["tags", "summary", "description", "externalDocs"],
        &["operationId", "parameters", "requestBody", "responses", "deprecated"],
    )?;
    let own = parameters(operation, &at)?;
    let mut merged: Vec<_> = shared
        .iter()
        .filter(|outer| !own.iter().any(|inner| (inner.place, &inner.name) == (outer.place, &outer.name)))
        .cloned()
        .collect();
    merged.extend(own);
    let id = match operation.get("operationId") {
        None => None,
        Some(Value::String(id)) => Some(id.clone()),
        Some(_) => return Err(Error::malformed(&pointer::child(&at, "operationId"), "a string")),
    };
    let body = match operation.get("requestBody") {
        None => None,
        Some(body) => Some(request_body(body, &pointer::child(&at, "requestBody"))?),
    };
    let responses_at = pointer::child(&at, "responses");
    let responses =
        operation.get("responses").ok_or_else(|| Error::malformed(&responses_at, "to be present"))?;
    Ok(Operation {
        id,
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        deprecated: flag(operation, "deprecated", &at)?,
        parameters: merged,
        body,
        responses: read_responses(responses, &responses_at)?,
        pointer: at,
    })
}

fn parameters(parent: &Map<String, Value>, at: &str) -> Result<Vec<Parameter>, Error> {
    let at = pointer::child(at, "parameters");
    let list = match parent.get("parameters") {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Error::malformed(&at, "an array")),
    };
    list.iter()
        .enumerate()
        .map(|(index, value)| parameter(value, &pointer::child(&at, &index.to_string())))
        .collect()
}

fn parameter(value: &Value, at: &str) -> Result<Parameter, Error> {
    let parameter = object(value, at)?;
    known(
        parameter,
        at,
        &["description", "example", "examples"],
        &[
            "name",
            "in",
            "required",
            "deprecated",
            "schema",
            "style",
            "explode",
            "allowReserved",
            "allowEmptyValue",
        ],
    )?;
    let place = match text(parameter, "in", at)? {
        "path" => Place::Path,
        "query" => Place::Query,
        "header" => Place::Header,
        "cookie" => Place::Cookie,
        other => {
            return Err(Error::unsupported(&pointer::child(at, "in"), format!("a parameter in {other}")));
        }
    };
    // For plain values there is one way of writing them, so that the defaults may be said or left out.
    let usual_style = if matches!(place, Place::Path | Place::Header) { "simple" } else { "form" };
    if parameter.get("style").is_some_and(|style| style != usual_style) {
        return Err(Error::unsupported(&pointer::child(at, "style"), "a style other than the default"));
    }
    for keyword in ["allowReserved", "allowEmptyValue", "deprecated"] {
        if flag(parameter, keyword, at)? {
            return Err(Error::unsupported(&pointer::child(at, keyword), keyword));
        }
    }
    let schema_at = pointer::child(at, "schema");
    let schema = parameter.get("schema").ok_or_else(|| Error::malformed(&schema_at, "to be present"))?;
    let is_compound = |name: &Value| name == "object" || name == "array";
    if match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(is_compound),
        Some(name) => is_compound(name),
        None => false,
    } {
        return Err(Error::unsupported(&schema_at, "an object or array as a parameter"));
    }
    Ok(Parameter {
        place,
        name: text(parameter, "name", at)?.to_owned(),
        required: flag(parameter, "required", at)?,
        schema: schema.clone(),
        pointer: at.to_owned(),
    })
}

fn request_body(value: &Value, at: &str) -> Result<Body, Error> {
    let body = object(value, at)?;
    known(body, at, &["description"], &["required", "content"])?;
    Ok(Body { required: flag(body, "required", at)?, content: content(body, at)? })
}

fn read_responses(value: &Value, at: &str) -> Result<BTreeMap<u16, Response>, Error> {
    let mut responses = BTreeMap::new();
    for (status, value) in object(value, at)? {
        if status.starts_with("x-") {
            continue;
        }
        let at = pointer::child(at, status);
        let number = match status.parse::<u16>() {
            Ok(number) if (100..=599).contains(&number) => number,
            _ => return Err(Error::unsupported(&at, "an answer without one status of its own")),
        };
        let response = object(value, &at)?;
        known(response, &at, &["summary", "description"], &["headers", "content"])?;
        let headers = headers(response, &at)?;
        responses.insert(number, Response { headers, content: content(response, &at)? });
    }
    Ok(responses)
}

fn headers(response: &Map<String, Value>, at: &str) -> Result<BTreeMap<String, Header>, Error> {
    let at = pointer::child(at, "headers");
    let Some(headers) = response.get("headers") else { return Ok(BTreeMap::new()) };
    object(headers, &at)?
        .iter()
        .map(|(name, value)| {
            let at = pointer::child(&at, name);
            let header = object(value, &at)?;
            known(
                header,
                &at,
                &["description", "example", "examples"],
                &["required", "deprecated", "schema", "style", "explode"],
            )?;
            let schema_at = pointer::child(&at, "schema");
            let schema = header.get("schema").ok_or_else(|| Error::malformed(&schema_at, "to be present"))?;
            let required = flag(header, "required", &at)?;
            Ok((name.clone(), Header { required, schema: schema.clone(), pointer: at }))
        })
        .collect()
}

fn content(parent: &Map<String, Value>, at: &str) -> Result<BTreeMap<String, Content>, Error> {
    let at = pointer::child(at, "content");
    let Some(content) = parent.get("content") else { return Ok(BTreeMap::new()) };
    object(content, &at)?
        .iter()
        .map(|(media_type, value)| {
            let at = pointer::child(&at, media_type);
            let media = object(value, &at)?;
            known(media, &at, &["example", "examples"], &["schema"])?;
            let mut examples = BTreeMap::new();
            if let Some(example) = media.get("example") {
                examples.insert(String::new(), example.clone());
            }
            for (name, example) in media.get("examples").and_then(Value::as_object).into_iter().flatten() {
                if let Some(value) = example.get("value") {
                    examples.insert(name.clone(), value.clone());
                }
            }
            Ok((media_type.clone(), Content { schema: media.get("schema").cloned(), examples, pointer: at }))
        })
        .collect()
}

/// Refuses members of an object that are in neither list and are no extension.
fn known(object: &Map<String, Value>, at: &str, prose: &[&str], used: &[&str]) -> Result<(), Error> {
    for name in object.keys() {
        let name = name.as_str();
        if !prose.contains(&name) && !used.contains(&name) && !name.starts_with("x-") {
            return Err(Error::unsupported(&pointer::child(at, name), name));
        }
    }
    Ok(())
}

fn object<'a>(value: &'a Value, at: &str) -> Result<&'a Map<String, Value>, Error> {
    value.as_object().ok_or_else(|| Error::malformed(at, "an object"))
}

fn text<'a>(object: &'a Map<String, Value>, name: &str, at: &str) -> Result<&'a str, Error> {
    let text = object.get(name).and_then(Value::as_str);
    text.ok_or_else(|| Error::malformed(&pointer::child(at, name), "a string"))
}

fn flag(object: &Map<String, Value>, name: &str, at: &str) -> Result<bool, Error> {
    match object.get(name) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(Error::malformed(&pointer::child(at, name), "a boolean")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operations(paths: &str) -> Result<Vec<Operation>, String> {
        let document = Document::from_yaml(&format!("openapi: 3.1.0\npaths:\n{paths}")).unwrap();
        document.operations().map_err(|error| error.to_string())
    }

    #[test]
    fn parameters_of_the_path_come_first_and_give_way_to_those_of_the_operation() {
        let operations = operations(
            "  /a/{id}:
    parameters:
      - { name: id, in: path, required: true, schema: { type: string } }
      - { name: limit, in: query, schema: { type: integer } }
    get:
      operationId: get_a
      parameters:
        - { name: limit, in: query, required: true, schema: { type: integer } }
      responses: { '200': { description: Fine. } }
",
        )
        .unwrap();
        let found: Vec<_> = operations[0]
            .parameters
            .iter()
            .map(|parameter| (parameter.place, parameter.name.as_str(), parameter.required))
            .collect();
        assert_eq!(found, [(Place::Path, "id", true), (Place::Query, "limit", true)]);
        assert_eq!((operations[0].method.as_str(), operations[0].path.as_str()), ("GET", "/a/{id}"));
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place() {
        for (operation, expected) in [
            ("callbacks: {}", "/paths/~1a/get/callbacks: callbacks is not supported"),
            ("security: []", "/paths/~1a/get/security: security is not supported"),
            (
                "responses: { default: { description: x } }",
                "/paths/~1a/get/responses/default: an answer without one status of its own is not supported",
            ),
            (
                "responses: { 4XX: { description: x } }",
                "/paths/~1a/get/responses/4XX: an answer without one status of its own is not supported",
            ),
            (
                "parameters: [{ name: a, in: query, schema: { type: array } }]",
                "/paths/~1a/get/parameters/0/schema: an object or array as a parameter is not supported",
            ),
            (
                "parameters: [{ name: a, in: query, style: pipeDelimited, schema: {} }]",
                "/paths/~1a/get/parameters/0/style: a style other than the default is not supported",
            ),
            ("deprecated: 1", "/paths/~1a/get/deprecated: expected a boolean"),
            ("operationId: 1", "/paths/~1a/get/operationId: expected a string"),
            ("summary: Without answers", "/paths/~1a/get/responses: expected to be present"),
        ] {
            let responses = if operation.starts_with("responses") || operation.starts_with("summary") {
                ""
            } else {
                "\n      responses: {}"
            };
            let found = operations(&format!("  /a:\n    get:\n      {operation}{responses}\n")).unwrap_err();
            assert_eq!(found, expected);
        }
    }
}
