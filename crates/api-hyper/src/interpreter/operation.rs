//! One operation of the document, bound to its handler.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use contract::{FieldPlace, Method};
use hyper::StatusCode;
use hyper::header::HeaderValue;
use serde_json::Value;
use spec::operations::{self, Body};

use super::tree::is_parameter;
use super::{DocumentError, Rule, child, forever};
use crate::errors::{Answer, ApiResult};
use crate::extract::Call;

/// What answers an operation.
#[derive(Clone, Copy)]
pub(crate) struct Handler {
    /// Its name, which is the `operationId` of the operation that it answers.
    pub(crate) id: &'static str,
    /// The parameters that it asks for.
    pub(crate) parameters: &'static [Wanted],
    /// Whether it reads a message from the body.
    pub(crate) takes_message: bool,
    /// Answers a request.
    pub(crate) run: for<'a> fn(Call<'a>) -> Reply<'a>,
}

/// A parameter that a handler asks for by name; where it stands in the request is the document's affair.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Its name.
    pub(crate) name: &'static str,
    /// Whether the handler can do without it.
    pub(crate) is_optional: bool,
}

/// What a handler gives: at once, or later.
pub(crate) enum Reply<'a> {
    /// The answer.
    Now(ApiResult<Answer>),
    /// The answer, when a backend has given its own.
    Later(Pin<Box<dyn Future<Output = ApiResult<Answer>> + Send + 'a>>),
}

/// An operation with its rules, and the handler that answers it.
pub(crate) struct Operation {
    pub(super) listed: contract::Operation,
    parameters: Vec<Parameter>,
    has_query: bool,
    answers: Vec<Listed>,
    handler: &'static Handler,
}

/// A parameter of an operation.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: &'static str,
    /// Where it stands in a request.
    pub(crate) place: Place,
    /// Whether a request must have it.
    pub(crate) is_required: bool,
    /// What its value must be.
    pub(crate) rule: Rule,
    /// Whether the handler asks for it; if not, it is only held to its rule.
    pub(crate) is_wanted: bool,
}

/// Where a parameter stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The segment of the path with this number, counted by the slashes before it.
    Segment(usize),
    /// The query.
    Query,
}

impl Parameter {
    /// How a fault of it says where it stands.
    pub(crate) fn field_place(&self) -> FieldPlace {
        match self.place {
            Place::Segment(_) => FieldPlace::Path(self.name),
            Place::Query => FieldPlace::Query(self.name),
        }
    }
}

/// An answer that the document lists.
#[derive(Debug)]
struct Listed {
    status: StatusCode,
    media_types: Vec<HeaderValue>,
}

impl Operation {
    /// Binds an operation of the document to the one of `handlers` that has its id.
    ///
    /// # Errors
    /// [`DocumentError`] with the place of what is not understood, or of what the handler misses.
    pub(super) fn new(
        read: &operations::Operation,
        handlers: &'static [Handler],
    ) -> Result<Self, DocumentError> {
        let id = read.id.as_deref().ok_or_else(|| {
            DocumentError::unsupported(&read.pointer, "an operation without an operationId")
        })?;
        let handler = handlers
            .iter()
            .find(|handler| handler.id == id)
            .ok_or_else(|| DocumentError::NoHandler { pointer: read.pointer.clone(), id: id.to_owned() })?;
        let parameters = parameters(read, handler)?;
        let takes_message = takes_message(read.body.as_ref(), &child(&read.pointer, "requestBody"))?;
        let needs = |need: String| DocumentError::HandlerNeeds {
            pointer: read.pointer.clone(),
            id: handler.id,
            need,
        };
        if takes_message != handler.takes_message {
            let body = if takes_message { "no requestBody" } else { "a requestBody" };
            return Err(needs(format!("there must be {body}")));
        }
        for wanted in handler.parameters {
            let found = parameters.iter().find(|parameter| parameter.name == wanted.name);
            if found.is_none_or(|parameter| !parameter.is_required && !wanted.is_optional) {
                let kind = if wanted.is_optional { "a" } else { "a required" };
                return Err(needs(format!("there must be {kind} parameter {:?}", wanted.name)));
            }
        }
        let answers = answers(read)?;
        Ok(Self {
            listed: listed(read, handler.id, &parameters, takes_message)?,
            has_query: parameters.iter().any(|parameter| parameter.place == Place::Query),
            parameters,
            answers,
            handler,
        })
    }

    /// The `operationId`.
    pub(crate) fn id(&self) -> &'static str {
        self.listed.id
    }

    /// The parameters: those of the path in its order, then those of the query in the order of the document.
    pub(crate) fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Whether the query is looked at.
    pub(crate) fn has_query(&self) -> bool {
        self.has_query
    }

    /// Whether the body is a message.
    pub(crate) fn takes_message(&self) -> bool {
        self.listed.has_body
    }

    /// Whether the document lists an answer of this status with a body of this media type.
    pub(crate) fn lists(&self, status: StatusCode, media_type: Option<&HeaderValue>) -> bool {
        self.answers.iter().any(|answer| {
            answer.status == status
                && match media_type {
                    Some(media_type) => answer.media_types.contains(media_type),
                    None => answer.media_types.is_empty(),
                }
        })
    }

    /// Answers a request.
    pub(crate) fn call<'a>(&self, call: Call<'a>) -> Reply<'a> {
        (self.handler.run)(call)
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Operation")
            .field("listed", &self.listed)
            .field("parameters", &self.parameters)
            .field("answers", &self.answers)
            .finish_non_exhaustive()
    }
}

fn parameters(read: &operations::Operation, handler: &Handler) -> Result<Vec<Parameter>, DocumentError> {
    let mut parameters: Vec<Parameter> = Vec::with_capacity(read.parameters.len());
    for parameter in &read.parameters {
        let place = match parameter.place {
            operations::Place::Path => Place::Segment(segment_of(&read.path, parameter)?),
            operations::Place::Query => Place::Query,
            other => {
                let place = format!("a {} parameter", other.as_str());
                return Err(DocumentError::unsupported(child(&parameter.pointer, "in"), place));
            }
        };
        if parameters.iter().any(|other| other.name == parameter.name) {
            let clash = format!("there are two parameters {:?}", parameter.name);
            return Err(DocumentError::Clash { pointer: parameter.pointer.clone(), clash });
        }
        parameters.push(Parameter {
            name: forever(&parameter.name),
            place,
            is_required: parameter.required || matches!(place, Place::Segment(_)),
            rule: Rule::of(&parameter.schema, &child(&parameter.pointer, "schema"))?,
            is_wanted: handler.parameters.iter().any(|wanted| wanted.name == parameter.name),
        });
    }
    let path_parameters = path_parameters(&read.path);
    if let Some((_, unknown)) =
        path_parameters.iter().find(|(_, name)| !parameters.iter().any(|known| known.name == *name))
    {
        let construct = format!("a path with {{{unknown}}}, for which there is no parameter,");
        return Err(DocumentError::unsupported(&read.pointer, construct));
    }
    parameters.sort_by_key(|parameter| match parameter.place {
        Place::Segment(number) => number,
        Place::Query => usize::MAX,
    });
    Ok(parameters)
}

/// The names in braces of a path template, each with the number of its segment.
fn path_parameters(template: &str) -> Vec<(usize, &str)> {
    let segments = template.split('/').enumerate();
    let parameters = segments.filter(|(_, segment)| is_parameter(segment));
    parameters.map(|(number, segment)| (number, &segment[1..segment.len() - 1])).collect()
}

fn segment_of(template: &str, parameter: &operations::Parameter) -> Result<usize, DocumentError> {
    let mut found = path_parameters(template).into_iter().filter(|(_, name)| *name == parameter.name);
    match (found.next(), found.next()) {
        (Some((number, _)), None) => Ok(number),
        _ => Err(DocumentError::unsupported(
            &parameter.pointer,
            format!("a path parameter that is not one segment {{{}}} of the path", parameter.name),
        )),
    }
}

/// Whether there is a body, which then is the one that [`contract::Message`] reads.
fn takes_message(body: Option<&Body>, pointer: &str) -> Result<bool, DocumentError> {
    let Some(body) = body else { return Ok(false) };
    if !body.required {
        return Err(DocumentError::unsupported(pointer, "a body that may be left out"));
    }
    let json = body.content.get(contract::headers::JSON).filter(|_| body.content.len() == 1);
    let json = json.ok_or_else(|| {
        DocumentError::unsupported(child(pointer, "content"), "a body of another type than application/json")
    })?;
    let pointer = child(&json.pointer, "schema");
    let schema = json.schema.as_ref().and_then(Value::as_object);
    let schema =
        schema.ok_or_else(|| DocumentError::unsupported(&pointer, "a body without a schema of its own"))?;
    for (keyword, value) in schema {
        let is_understood = match keyword.as_str() {
            "type" => value == "object",
            "minProperties" => *value == 1,
            "additionalProperties" => *value == true,
            "title" | "description" | "example" | "examples" | "$comment" => true,
            other => other.starts_with("x-"),
        };
        if !is_understood {
            let construct = format!("{keyword} of a body to be {value}");
            return Err(DocumentError::unsupported(child(&pointer, keyword), construct));
        }
    }
    for keyword in ["type", "minProperties"] {
        if !schema.contains_key(keyword) {
            return Err(DocumentError::unsupported(&pointer, format!("a body without {keyword}")));
        }
    }
    Ok(true)
}

fn answers(read: &operations::Operation) -> Result<Vec<Listed>, DocumentError> {
    let of_status = |(status, response): (&u16, &operations::Response)| {
        let pointer = || child(&child(&read.pointer, "responses"), &status.to_string());
        let unsupported = |construct| DocumentError::unsupported(pointer(), construct);
        let media_types = response.content.keys().map(HeaderValue::try_from);
        Ok(Listed {
            status: StatusCode::from_u16(*status)
                .map_err(|_| unsupported("a status that HTTP does not have"))?,
            media_types: media_types
                .collect::<Result<_, _>>()
                .map_err(|_| unsupported("a media type that no header can hold"))?,
        })
    };
    read.responses.iter().map(of_status).collect()
}

/// The operation as the shared crates know it.
fn listed(
    read: &operations::Operation,
    id: &'static str,
    parameters: &[Parameter],
    has_body: bool,
) -> Result<contract::Operation, DocumentError> {
    let methods = [Method::Delete, Method::Get, Method::Post, Method::Put, Method::Patch];
    let method = methods.into_iter().find(|method| method.as_str() == read.method).ok_or_else(|| {
        DocumentError::unsupported(&read.pointer, format!("an operation of the method {}", read.method))
    })?;
    let names = |is_query: bool| {
        let names: Vec<_> = parameters
            .iter()
            .filter(|parameter| (parameter.place == Place::Query) == is_query)
            .map(|parameter| parameter.name)
            .collect();
        &*names.leak()
    };
    Ok(contract::Operation {
        id,
        method,
        path: forever(&read.path),
        path_parameters: names(false),
        query_parameters: names(true),
        has_body,
        statuses: read.responses.keys().copied().collect::<Vec<_>>().leak(),
    })
}
