//! Live answers, held to a document.

use std::collections::BTreeMap;
use std::fmt;

use jsonschema::{Draft, Validator};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::error::Error;
use crate::load::{self, Document};
use crate::normalise::media_type_name;
use crate::operations::{Operation, Response};
use crate::schema;

/// An answer that was received.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The method of the request; `HEAD` is held to `GET`, without the body.
    pub method: &'a str,
    /// The path of the request as it was sent, without the query, or a path template of the document.
    pub path: &'a str,
    /// The status.
    pub status: u16,
    /// Names, in any case, and values of the headers.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body as it was received.
    pub body: &'a [u8],
}

/// One way in which an answer is not as its document promises.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The document has no such operation.
    UnknownOperation,
    /// The operation has no such status.
    UndocumentedStatus(u16),
    /// A header that must be there is missing.
    MissingHeader(String),
    /// A header's value is not as its schema says.
    Header {
        /// The header's name as documented.
        name: String,
        /// What is wrong with its value.
        reason: String,
    },
    /// The body is of another media type than documented, or of none.
    MediaType {
        /// What was received, if anything.
        found: Option<String>,
    },
    /// There is a body where none is documented, or none can be.
    UnexpectedBody,
    /// The body is not JSON although its media type says so, or not UTF-8.
    UnreadableBody(String),
    /// The body is JSON, but holds a number or text that this validator cannot (`1e400`, a lone surrogate), so
    /// that it was not held to its schema.
    UncheckedBody(String),
    /// A value in the body is not as its schema says.
    Body {
        /// The value, as a JSON pointer into the body.
        pointer: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownOperation => f.write_str("no operation has this path and method"),
            Self::UndocumentedStatus(status) => write!(f, "the operation has no status {status}"),
            Self::MissingHeader(name) => write!(f, "header {name}: missing"),
            Self::Header { name, reason } => write!(f, "header {name}: {reason}"),
            Self::MediaType { found: Some(found) } => write!(f, "the media type {found} is not documented"),
            Self::MediaType { found: None } => f.write_str("header content-type: missing"),
            Self::UnexpectedBody => f.write_str("there is a body where none should be"),
            Self::UnreadableBody(reason) => write!(f, "the body cannot be read: {reason}"),
            Self::UncheckedBody(reason) => write!(f, "the body could not be checked: {reason}"),
            Self::Body { pointer, reason } if pointer.is_empty() => write!(f, "body: {reason}"),
            Self::Body { pointer, reason } => write!(f, "body {pointer}: {reason}"),
        }
    }
}

/// A document, ready to judge answers.
#[derive(Debug)]
pub struct Oracle {
    operations: Vec<Judge>,
}

#[derive(Debug)]
struct Judge {
    operation: Operation,
    /// Validators of header values, by status and name in small letters.
    headers: BTreeMap<(u16, String), Validator>,
    /// Validators of bodies, by status and canonical media type; `None` where anything goes.
    bodies: BTreeMap<(u16, String), Option<Validator>>,
}

impl Oracle {
    /// Compiles every schema of the document's answers, with assertions on `format`.
    ///
    /// # Errors
    /// As [`Document::operations`]; [`Error::Unsupported`] for a keyword that is not understood;
    /// [`Error::Schema`] for a schema that cannot be compiled.
    ///
    /// ```
    /// use spec::{Answer, Document, Oracle};
    ///
    /// let oracle = Oracle::new(&Document::from_yaml("
    /// openapi: 3.1.1
    /// paths:
    ///   /items/{id}:
    ///     get:
    ///       responses:
    ///         '200':
    ///           description: The item.
    ///           content: { application/json: { schema: { type: object, required: [name] } } }
    /// ")?)?;
    /// let answer = Answer {
    ///     method: "GET",
    ///     path: "/items/17",
    ///     status: 200,
    ///     headers: &[("Content-Type", "application/json")],
    ///     body: br#"{"nam":"a"}"#,
    /// };
    /// let faults: Vec<String> = oracle.check(&answer).iter().map(ToString::to_string).collect();
    /// assert_eq!(faults, [r#"body: "name" is a required property"#]);
    /// # Ok::<(), spec::Error>(())
    /// ```
    pub fn new(document: &Document) -> Result<Self, Error> {
        let operations = document.operations()?.into_iter().map(Judge::new).collect::<Result<_, _>>()?;
        Ok(Self { operations })
    }

    /// The operation that answers a method and a path, as sent or as a template.
    ///
    /// A literal segment goes before a parameter; a parameter is never empty.
    pub fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        self.judge(method, path).map(|judge| &judge.operation)
    }

    /// Every way in which an answer is not as documented; none when it is.
    pub fn check(&self, answer: &Answer<'_>) -> Vec<Fault> {
        let Some(judge) = self.judge(answer.method, answer.path) else {
            return vec![Fault::UnknownOperation];
        };
        let Some(response) = judge.operation.responses.get(&answer.status) else {
            return vec![Fault::UndocumentedStatus(answer.status)];
        };
        let mut faults = judge.check_headers(response, answer);
        faults.extend(judge.check_body(response, answer));
        faults
    }

    /// Examples of answers that are not as their own schemas say: the JSON pointer of the media type, the name of
    /// the example (empty for `example`), and what is wrong.
    pub fn faulty_examples(&self) -> Vec<(String, String, Fault)> {
        let mut found = Vec::new();
        for judge in &self.operations {
            for (status, response) in &judge.operation.responses {
                for (media_type, content) in &response.content {
                    let Some(Some(validator)) = judge.bodies.get(&(*status, media_type_name(media_type)))
                    else {
                        continue;
                    };
                    for (name, example) in &content.examples {
                        for fault in body_faults(validator, example) {
                            found.push((content.pointer.clone(), name.clone(), fault));
                        }
                    }
                }
            }
        }
        found
    }

    fn judge(&self, method: &str, path: &str) -> Option<&Judge> {
        let method = if method == "HEAD" { "GET" } else { method };
        let of_method = self.operations.iter().filter(|judge| judge.operation.method == method);
        of_method
            .filter_map(|judge| Some((literal_segments(&judge.operation.path, path)?, judge)))
            .max_by_key(|(literal, _)| *literal)
            .map(|(_, judge)| judge)
    }
}

/// How many segments of a path match a template literally, or `None` when the path does not match it.
fn literal_segments(template: &str, path: &str) -> Option<usize> {
    let (mut literal, mut segments) = (0, path.split('/'));
    for expected in template.split('/') {
        let segment = segments.next()?;
        if expected == segment {
            literal += 1;
        } else if !(expected.starts_with('{') && expected.ends_with('}')) || segment.is_empty() {
            return None;
        }
    }
    segments.next().is_none().then_some(literal)
}

impl Judge {
    fn new(operation: Operation) -> Result<Self, Error> {
        let (mut headers, mut bodies) = (BTreeMap::new(), BTreeMap::new());
        for (status, response) in &operation.responses {
            for (name, header) in &response.headers {
                let validator = compile(&header.schema, &format!("{}/schema", header.pointer))?;
                headers.insert((*status, name.to_ascii_lowercase()), validator);
            }
            for (media_type, content) in &response.content {
                let validator = match &content.schema {
                    Some(schema) => Some(compile(schema, &format!("{}/schema", content.pointer))?),
                    None => None,
                };
                bodies.insert((*status, media_type_name(media_type)), validator);
            }
        }
        Ok(Self { operation, headers, bodies })
    }

    fn check_headers(&self, response: &Response, answer: &Answer<'_>) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (name, header) in &response.headers {
            let lower = name.to_ascii_lowercase();
            let mut values = answer
                .headers
                .iter()
                .filter(|(found, _)| found.eq_ignore_ascii_case(name))
                .map(|(_, value)| *value)
                .peekable();
            if header.required && values.peek().is_none() {
                faults.push(Fault::MissingHeader(name.clone()));
            }
            let Some(validator) = self.headers.get(&(answer.status, lower)) else { continue };
            for value in values {
                // Text that reads as a number is one where the schema takes it so, and text where it does not.
                let number = serde_json::from_str(value).ok().filter(Value::is_number);
                if number.is_some_and(|number| validator.is_valid(&number)) {
                    continue;
                }
                if let Err(error) = validator.validate(&Value::String(value.to_owned())) {
                    faults.push(Fault::Header { name: name.clone(), reason: error.to_string() });
                }
            }
        }
        faults
    }

    fn check_body(&self, response: &Response, answer: &Answer<'_>) -> Vec<Fault> {
        if response.content.is_empty() {
            return if answer.body.is_empty() { Vec::new() } else { vec![Fault::UnexpectedBody] };
        }
        let found = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let found = found.map(|(_, value)| media_type_name(value));
        let validator = found.clone().and_then(|found| self.bodies.get(&(answer.status, found)));
        let Some(validator) = validator else { return vec![Fault::MediaType { found }] };
        if answer.method == "HEAD" {
            return if answer.body.is_empty() { Vec::new() } else { vec![Fault::UnexpectedBody] };
        }
        let value = match read_body(&found.unwrap_or_default(), answer.body) {
            Ok(value) => value,
            Err(fault) => return vec![fault],
        };
        validator.as_ref().map(|validator| body_faults(validator, &value)).unwrap_or_default()
    }
}

/// The body as a value: what JSON or YAML says, and other text as a string.
fn read_body(media_type: &str, body: &[u8]) -> Result<Value, Fault> {
    let essence = media_type.split(';').next().unwrap_or_default();
    if essence != "application/json" && !essence.ends_with("+json") {
        let text = std::str::from_utf8(body).map_err(|error| Fault::UnreadableBody(error.to_string()))?;
        if essence == "application/yaml" || essence.ends_with("+yaml") {
            return load::yaml(text).map_err(|error| Fault::UnreadableBody(error.to_string()));
        }
        return Ok(Value::String(text.to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => Fault::UncheckedBody(error.to_string()),
        Err(_) => Fault::UnreadableBody(error.to_string()),
    })
}

fn body_faults(validator: &Validator, value: &Value) -> Vec<Fault> {
    let fault = |error: jsonschema::ValidationError<'_>| Fault::Body {
        pointer: error.instance_path().to_string(),
        reason: error.to_string(),
    };
    validator.iter_errors(value).map(fault).collect()
}

fn compile(schema: &Value, at: &str) -> Result<Validator, Error> {
    // For its refusals: a keyword that the compiler skips would be a promise that is never checked.
    schema::canonical(schema, at)?;
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .build(schema)
        .map_err(|error| Error::Schema { pointer: at.to_owned(), reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r"openapi: 3.1.0
paths:
  /things/{id}:
    get:
      responses:
        '200':
          description: x
          headers:
            X-Id: { required: true, schema: { type: string, pattern: '^[a-z0-9]+$' } }
            X-Left: { schema: { type: integer, minimum: 0 } }
          content:
            application/json:
              schema:
                type: object
                required: [at]
                properties: { at: { type: string, format: date-time }, n: {} }
                additionalProperties: false
              examples: { good: { value: { at: '2026-01-01T00:00:00Z' } }, bad: { value: { at: yesterday } } }
        '204': { description: x }
  /things/all:
    get:
      operationId: get_all
      responses: { '200': { description: x, content: { text/plain; charset=utf-8: { schema: { type: string, minLength: 1 } } } } }
";

    fn check(method: &str, path: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Vec<String> {
        let oracle = Oracle::new(&Document::from_yaml(DOCUMENT).unwrap()).unwrap();
        let answer = Answer { method, path, status, headers, body: body.as_bytes() };
        oracle.check(&answer).iter().map(ToString::to_string).collect()
    }

    const JSON: (&str, &str) = ("content-type", "application/json");
    const GOOD: &str = r#"{"at":"2026-01-01T00:00:00Z"}"#;

    #[test]
    fn an_answer_as_documented_has_no_fault() {
        for path in ["/things/17", "/things/{id}"] {
            assert_eq!(check("GET", path, 200, &[JSON, ("x-id", "a1"), ("x-left", "0")], GOOD), [""; 0]);
        }
        assert_eq!(
            check("GET", "/things/all", 200, &[("Content-Type", "text/plain;charset=UTF-8")], "x"),
            [""; 0]
        );
        assert_eq!(check("GET", "/things/17", 204, &[], ""), [""; 0]);
        assert_eq!(check("HEAD", "/things/17", 200, &[JSON, ("x-id", "a")], ""), [""; 0]);
    }

    #[test]
    fn a_header_that_is_text_may_look_like_a_number() {
        assert_eq!(check("GET", "/things/1", 200, &[JSON, ("x-id", "42")], GOOD), [""; 0]);
    }

    #[test]
    fn every_fault_is_named() {
        let id = ("x-id", "a");
        for (method, path, status, headers, body, expected) in [
            ("GET", "/things/", 200, &[JSON, id][..], GOOD, "no operation has this path and method"),
            ("GET", "/things/1/2", 200, &[JSON, id], GOOD, "no operation has this path and method"),
            ("POST", "/things/1", 200, &[JSON, id], GOOD, "no operation has this path and method"),
            ("GET", "/things/1", 418, &[JSON, id], GOOD, "the operation has no status 418"),
            ("GET", "/things/1", 200, &[JSON], GOOD, "header X-Id: missing"),
            (
                "GET",
                "/things/1",
                200,
                &[JSON, ("x-id", "A")],
                GOOD,
                r#"header X-Id: "A" does not match "^[a-z0-9]+$""#,
            ),
            (
                "GET",
                "/things/1",
                200,
                &[JSON, id, ("x-left", "few")],
                GOOD,
                r#"header X-Left: "few" is not of type "integer""#,
            ),
            ("GET", "/things/1", 200, &[id], GOOD, "header content-type: missing"),
            (
                "GET",
                "/things/1",
                200,
                &[("content-type", "text/html"), id],
                GOOD,
                "the media type text/html is not documented",
            ),
            ("GET", "/things/1", 204, &[], GOOD, "there is a body where none should be"),
            ("HEAD", "/things/1", 200, &[JSON, id], GOOD, "there is a body where none should be"),
            (
                "GET",
                "/things/1",
                200,
                &[JSON, id],
                "{",
                "the body cannot be read: EOF while parsing an object at line 1 column 1",
            ),
            (
                "GET",
                "/things/1",
                200,
                &[JSON, id],
                r#"{"at":"now"}"#,
                r#"body /at: "now" is not a "date-time""#,
            ),
            ("GET", "/things/1", 200, &[JSON, id], "{}", r#"body: "at" is a required property"#),
            (
                "GET",
                "/things/1",
                200,
                &[JSON, id],
                r#"{"n":1e999}"#,
                "the body could not be checked: number out of range at line 1 column 10",
            ),
        ] {
            assert_eq!(check(method, path, status, headers, body), [expected]);
        }
    }

    #[test]
    fn a_body_of_yaml_is_held_to_its_schema_as_the_value_that_it_says() {
        let document = "openapi: 3.1.0\npaths: { /d: { get: { responses: { '200': { description: x, content: { \
            application/yaml: { schema: { type: object, required: [a] } } } } } } } }";
        let oracle = Oracle::new(&Document::from_yaml(document).unwrap()).unwrap();
        let check = |body: &[u8]| {
            let headers = &[("Content-Type", "application/yaml")];
            let answer = Answer { method: "GET", path: "/d", status: 200, headers, body };
            oracle.check(&answer).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(check(b"a: 1\n"), [""; 0]);
        assert_eq!(check(b"b: 1\n"), [r#"body: "a" is a required property"#]);
        assert!(check(b"{a: ").first().is_some_and(|fault| fault.starts_with("the body cannot be read: ")));
    }

    #[test]
    fn all_faults_of_an_answer_are_reported_at_once() {
        let faults = check("GET", "/things/1", 200, &[JSON], r#"{"at":1,"more":2}"#);
        assert_eq!(faults.len(), 3, "{faults:?}");
    }

    #[test]
    fn examples_are_held_to_their_schemas() {
        let oracle = Oracle::new(&Document::from_yaml(DOCUMENT).unwrap()).unwrap();
        let found: Vec<_> = oracle
            .faulty_examples()
            .into_iter()
            .map(|(at, name, fault)| format!("{at} {name}: {fault}"))
            .collect();
        assert_eq!(
            found,
            [
                r#"/paths/~1things~1{id}/get/responses/200/content/application~1json bad: body /at: "yesterday" is not a "date-time""#
            ]
        );
    }

    #[test]
    fn a_schema_that_cannot_be_compiled_is_refused_with_its_place() {
        let document = DOCUMENT.replace("'^[a-z0-9]+$'", "'['");
        let error = Oracle::new(&Document::from_yaml(&document).unwrap()).unwrap_err().to_string();
        assert!(
            error.starts_with(
                "/paths/~1things~1{id}/get/responses/200/headers/X-Id/schema: not a usable schema"
            ),
            "{error}"
        );
    }
}
