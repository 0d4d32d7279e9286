//! What code is generated from: the operations of the document, in the terms of the generated code.
//!
//! Everything that the document says and the code cannot do is refused here, with its JSON pointer. What is in the
//! model can be generated.

use contract::TextRule;
use spec::Document;
use spec::operations::Place;

use super::rust;
use super::schema::{self, Schema, Type};
use super::source::{Node, PATH};

/// The document as the generators see it.
#[derive(Debug, Clone)]
pub(super) struct Model {
    /// Every operation, in the order of the document.
    pub operations: Vec<Operation>,
    /// Every schema of an answer in JSON that is not an error's, in the order of the document.
    pub schemas: Vec<Schema>,
}

/// One operation; its handler is `crate::handlers::<id>`.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    /// `operationId`: `set_cache`.
    pub id: String,
    /// The method in small letters: `post`.
    pub method: String,
    /// The path template, with parameters in braces.
    pub path: String,
    /// Those of the path, in the order of the template, then those of the query in the order of the document.
    pub parameters: Vec<Parameter>,
    /// Whether it takes a message as its body, the one kind of body that there is.
    pub has_body: bool,
    /// The documented answers by status, ascending.
    pub answers: Vec<Answer>,
}

/// A parameter of an operation.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    /// As it is sent.
    pub name: String,
    /// As a field.
    pub field: String,
    /// Path or query.
    pub place: Place,
    /// Whether a request must have it.
    pub is_required: bool,
    /// Prose.
    pub description: Option<String>,
    /// What it must be like.
    pub rule: Rule,
    /// The newtype of `contract` that it becomes; else it is a `String` or an `i64`.
    pub newtype: Option<&'static str>,
}

/// What a parameter must be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
    /// Of a text; what is `None` is not restricted.
    Text {
        min_length: Option<i64>,
        max_length: Option<i64>,
        pattern: Option<String>,
        refused: Option<String>,
    },
    /// Of a whole number.
    Integer { minimum: Option<i64>, maximum: Option<i64> },
}

/// A documented answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// The status.
    pub status: &'static Status,
    /// Prose.
    pub description: String,
    /// What is in it.
    pub body: Body,
    /// Names of the headers that the handler gives, in small letters; their values are whole numbers. An error
    /// envelope's are not among them: they follow from the problem.
    pub headers: Vec<String>,
}

/// What the body of an answer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// The error envelope, made of a `contract::Problem`.
    Envelope,
    /// A value of this type, as JSON.
    Json(Type),
    /// Bytes that are made elsewhere, of this media type.
    Bytes(String),
}

/// A status and its names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// `404`
    pub code: u16,
    /// As a variant: `NotFound`.
    pub variant: &'static str,
    /// As the crate `http` calls it: `NOT_FOUND`.
    pub constant: &'static str,
}

const fn status(code: u16, variant: &'static str, constant: &'static str) -> Status {
    Status { code, variant, constant }
}

/// The statuses that an answer may have.
const STATUSES: [Status; 17] = [
    status(200, "Ok", "OK"),
    status(201, "Created", "CREATED"),
    status(202, "Accepted", "ACCEPTED"),
    status(400, "BadRequest", "BAD_REQUEST"),
    status(401, "Unauthorized", "UNAUTHORIZED"),
    status(403, "Forbidden", "FORBIDDEN"),
    status(404, "NotFound", "NOT_FOUND"),
    status(408, "RequestTimeout", "REQUEST_TIMEOUT"),
    status(409, "Conflict", "CONFLICT"),
    status(413, "PayloadTooLarge", "PAYLOAD_TOO_LARGE"),
    status(414, "UriTooLong", "URI_TOO_LONG"),
    status(415, "UnsupportedMediaType", "UNSUPPORTED_MEDIA_TYPE"),
    status(422, "UnprocessableEntity", "UNPROCESSABLE_ENTITY"),
    status(429, "TooManyRequests", "TOO_MANY_REQUESTS"),
    status(431, "RequestHeaderFieldsTooLarge", "REQUEST_HEADER_FIELDS_TOO_LARGE"),
    status(500, "InternalServerError", "INTERNAL_SERVER_ERROR"),
    status(503, "ServiceUnavailable", "SERVICE_UNAVAILABLE"),
];

/// Components that are newtypes of `contract`, by the name that both have.
pub(super) const NEWTYPES: [&str; 7] =
    ["CacheKey", "CacheTtl", "CacheValue", "Message", "QueueName", "SecretKey", "SecretName"];

/// Names that readers of inputs have for the parts of a request.
const TAKEN: [&str; 3] = ["body", "message", "query"];

/// Headers that middleware puts on every answer.
const OF_MIDDLEWARE: [&str; 4] =
    ["x-request-id", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];

impl Model {
    /// The path templates, each once, in the order of the document.
    pub(super) fn paths(&self) -> Vec<&str> {
        let mut paths: Vec<_> = self.operations.iter().map(|operation| operation.path.as_str()).collect();
        // The operations of a path stand together.
        paths.dedup();
        paths
    }
}

impl Operation {
    /// The name of its types: `SetCache`.
    pub(super) fn type_name(&self) -> String {
        rust::type_name(&self.id)
    }

    /// Whether it has an input at all.
    pub(super) fn has_input(&self) -> bool {
        self.has_body || !self.parameters.is_empty()
    }

    /// The parameters of one place.
    pub(super) fn parameters_in(&self, place: Place) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(move |parameter| parameter.place == place)
    }

    /// Whether it looks at the query.
    pub(super) fn has_query(&self) -> bool {
        self.parameters_in(Place::Query).next().is_some()
    }

    /// Whether a request that can be read may still break a rule: 422.
    pub(super) fn has_rules(&self) -> bool {
        self.has_body || self.parameters.iter().any(|parameter| !parameter.takes_anything())
    }
}

impl Parameter {
    /// Whether every text will do.
    pub(super) fn takes_anything(&self) -> bool {
        self.place == Place::Path && self.newtype.is_none() && self.rule == Rule::ANY_TEXT
    }
}

impl Rule {
    const ANY_TEXT: Self = Self::Text { min_length: None, max_length: None, pattern: None, refused: None };
}

/// Reads the model.
///
/// # Errors
/// A line with the JSON pointer of what is malformed or not supported.
pub(super) fn read(document: &Document) -> Result<Model, String> {
    // What is wrong with an operation as such is found there.
    let operations = document.operations().map_err(|error| format!("{PATH}: {}", causes::Chain(&error)))?;
    let root = Node::root(document.value());
    let mut model = Model { operations: Vec::new(), schemas: Vec::new() };
    let mut types = schema::Types::new(root.clone());
    for operation in &operations {
        model.operations.push(read_operation(operation, &root, &mut types)?);
    }
    for [one, next] in model.operations.array_windows() {
        if one.path == next.path && one.has_body != next.has_body {
            let at = format!("/paths/{}", one.path.replace('/', "~1"));
            return Err(root.at(&at)?.fault("a path is supported whose operations all take a body, or none"));
        }
    }
    model.schemas = types.finish()?;
    Ok(model)
}

fn read_operation<'a>(
    operation: &spec::Operation,
    root: &Node<'a>,
    types: &mut schema::Types<'a>,
) -> Result<Operation, String> {
    let node = root.at(&operation.pointer)?;
    let id = operation.id.clone().ok_or_else(|| node.fault("an operationId is needed"))?;
    if rust::field(&id).as_deref() != Some(&id) {
        return Err(node.needed("operationId")?.fault("expected the name of a Rust function"));
    }
    let mut parameters =
        operation.parameters.iter().map(|found| parameter(found, root)).collect::<Result<Vec<_>, _>>()?;
    let in_template = path_parameters(&operation.path);
    let position = |parameter: &Parameter| match parameter.place {
        Place::Path => in_template.iter().position(|name| *name == parameter.name),
        _ => Some(usize::MAX),
    };
    parameters.sort_by_key(position);
    let declared: Vec<_> =
        parameters.iter().filter(|one| one.place == Place::Path).map(|one| one.name.as_str()).collect();
    if declared != in_template {
        return Err(node.fault("the path parameters are not those of the template"));
    }
    Ok(Operation {
        id,
        method: operation.method.to_ascii_lowercase(),
        path: operation.path.clone(),
        parameters,
        has_body: body(&node)?,
        answers: answers(&node, types)?,
    })
}

/// The names in braces of a path template, in their order.
fn path_parameters(template: &str) -> Vec<&str> {
    let segments = template.split('/');
    segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')).collect()
}

fn parameter(found: &spec::operations::Parameter, root: &Node<'_>) -> Result<Parameter, String> {
    let node = root.at(&found.pointer)?;
    if !matches!(found.place, Place::Path | Place::Query) {
        return Err(node.unsupported("in"));
    }
    let field = rust::field(&found.name)
        .ok_or_else(|| node.fault("expected a name in small letters, digits and _"))?;
    if TAKEN.contains(&field.as_str()) {
        return Err(node.fault("the generated code has another meaning for this name"));
    }
    let schema = node.needed("schema")?;
    let newtype = schema.component.and_then(|name| NEWTYPES.into_iter().find(|newtype| *newtype == name));
    Ok(Parameter {
        name: found.name.clone(),
        field,
        place: found.place,
        is_required: found.required,
        description: node.text("description").map(str::to_owned),
        rule: rule(&schema)?,
        newtype,
    })
}

/// What a parameter's schema asks for.
fn rule(schema: &Node<'_>) -> Result<Rule, String> {
    const PROSE: [&str; 5] = ["type", "title", "description", "example", "examples"];
    let integer = |name: &str| match schema.value().get(name) {
        None => Ok(None),
        Some(value) => value
            .as_i64()
            .map(Some)
            .ok_or_else(|| schema.fault(&format!("expected {name} to be a whole number"))),
    };
    match schema.text("type") {
        Some("string") => {
            schema.only(&[&PROSE[..], &["minLength", "maxLength", "pattern", "not"]].concat())?;
            let (pattern, refused) = (schema.member("pattern")?, schema.member("not")?);
            let refused =
                refused.map(|not| not.only(&["pattern"]).and_then(|()| not.needed("pattern"))).transpose()?;
            Ok(Rule::Text {
                min_length: integer("minLength")?,
                max_length: integer("maxLength")?,
                pattern: pattern
                    .map(|node| expression(&node, |text| TextRule::ANY.try_pattern(text)))
                    .transpose()?,
                refused: refused
                    .map(|node| expression(&node, |text| TextRule::ANY.try_refusing(text)))
                    .transpose()?,
            })
        }
        Some("integer") => {
            schema.only(&[&PROSE[..], &["minimum", "maximum", "format"]].concat())?;
            Ok(Rule::Integer { minimum: integer("minimum")?, maximum: integer("maximum")? })
        }
        _ => Err(schema.fault("only a string or an integer is supported as a parameter")),
    }
}

/// A regular expression that a rule can be made of.
fn expression(
    node: &Node<'_>,
    check: impl Fn(&'static str) -> Result<TextRule, contract::rule::RuleError>,
) -> Result<String, String> {
    let text = node.value().as_str().ok_or_else(|| node.fault("expected a string"))?;
    // Rules hold their expressions for ever; this program ends soon.
    check(text.to_owned().leak()).map_err(|error| node.fault(&error.to_string()))?;
    Ok(text.to_owned())
}

/// Whether an operation takes a message.
fn body(operation: &Node<'_>) -> Result<bool, String> {
    let Some(body) = operation.member("requestBody")? else { return Ok(false) };
    let content = body.needed("content")?;
    content.only(&["application/json"])?;
    let schema = content.needed("application/json")?.needed("schema")?;
    let is_message = schema.component == Some("Message")
        && schema.text("type") == Some("object")
        && schema.value().get("minProperties").is_some_and(|least| *least == 1)
        && body.value().get("required").is_some_and(|required| *required == true);
    schema.only(&["type", "description", "minProperties", "additionalProperties"])?;
    if is_message {
        Ok(true)
    } else {
        Err(schema.fault("only a required Message with at least one member is supported as a body"))
    }
}

fn answers<'a>(operation: &Node<'a>, types: &mut schema::Types<'a>) -> Result<Vec<Answer>, String> {
    let mut answers = Vec::new();
    for (code, answer) in operation.needed("responses")?.members()? {
        let status = STATUSES.iter().find(|status| status.code.to_string() == code);
        let status = status.ok_or_else(|| {
            answer.fault(&format!("the status {code} is not supported by the code generator"))
        })?;
        let (body, schema_headers) = (content(status, &answer, types)?, headers(&answer)?);
        let headers = if body == Body::Envelope { Vec::new() } else { schema_headers };
        let description = answer.text("description").unwrap_or_default().to_owned();
        answers.push(Answer { status, description, body, headers });
    }
    answers.sort_by_key(|answer| answer.status.code);
    Ok(answers)
}

fn headers(answer: &Node<'_>) -> Result<Vec<String>, String> {
    let mut own = Vec::new();
    let Some(headers) = answer.member("headers")? else { return Ok(own) };
    for (name, header) in headers.members()? {
        let name = name.to_ascii_lowercase();
        if !OF_MIDDLEWARE.contains(&name.as_str()) {
            let schema = header.needed("schema")?;
            if schema.text("type") != Some("integer") {
                return Err(schema.fault("only a whole number is supported in a header of a handler"));
            }
            own.push(name);
        }
    }
    Ok(own)
}

fn content<'a>(status: &Status, answer: &Node<'a>, types: &mut schema::Types<'a>) -> Result<Body, String> {
    let content = answer.needed("content")?;
    let (media_type, media) = match content.members()?.as_slice() {
        [one] => one.clone(),
        _ => return Err(content.fault("exactly one media type is supported")),
    };
    let schema = media.needed("schema")?;
    if media_type != "application/json"
        || schema.value().get("additionalProperties").is_some_and(|open| *open == true)
    {
        return Ok(Body::Bytes(media_type.to_owned()));
    }
    if schema::is_envelope(&schema, status.code)? {
        return Ok(Body::Envelope);
    }
    Ok(Body::Json(types.of(&schema, &rust::type_name(&status.code.to_string()))?))
}
