//! Operations of a document that show what an entry of the catalogue is about.

use spec::operations::{Parameter, Place};
use spec::{Document, Operation};

use crate::generate::{Generator, ValidRequest};
use crate::model::Request;

/// The seed of the values that stand in the catalogue's requests: any will do, as long as it stays.
const SEED: u64 = 1;

/// What the catalogue sends to: each is the first of the document that will do.
#[derive(Debug)]
pub(super) struct Sample {
    operations: Vec<(Operation, ValidRequest)>,
}

impl Sample {
    /// # Errors
    /// As [`Document::operations`].
    pub(super) fn of(document: &Document) -> Result<Self, spec::Error> {
        let generator = Generator::new(document, SEED)?;
        let operations = document.operations()?.into_iter();
        let operations = operations.filter(|operation| !operation.deprecated).filter_map(|operation| {
            let request = generator.valid(&operation)?;
            Some((operation, request))
        });
        Ok(Self { operations: operations.collect() })
    }

    fn first(&self, is_it: impl Fn(&Operation) -> bool) -> Option<&ValidRequest> {
        self.operations.iter().find(|(operation, _)| is_it(operation)).map(|(_, request)| request)
    }

    /// A request that only reads and has no parameters; one that names a longer path before the root.
    pub(super) fn plain(&self) -> Option<Request> {
        let is_plain = |operation: &Operation| operation.method == "GET" && operation.parameters.is_empty();
        let is_deep = |operation: &Operation| is_plain(operation) && operation.path.len() > 1;
        self.first(is_deep).or_else(|| self.first(is_plain)).map(|request| request.request.clone())
    }

    /// A request with text in its path, and that text; one that only reads before others.
    pub(super) fn named(&self) -> Option<(Request, String)> {
        let has_name = |operation: &Operation| {
            operation.parameters.iter().any(|one| one.place == Place::Path && is_text(one))
        };
        let reads = |operation: &Operation| operation.method == "GET" && has_name(operation);
        let found = self.first(reads).or_else(|| self.first(has_name))?;
        let segment = found.path_segment.clone()?;
        Some((found.request.clone(), segment))
    }

    /// A request with text in its query, and the name of that parameter; a text without a pattern before others.
    pub(super) fn text_query(&self) -> Option<(Request, String)> {
        let is_free = |one: &Parameter| is_text(one) && one.schema.get("pattern").is_none();
        self.query(is_free).or_else(|| self.query(is_text))
    }

    /// A request with a whole number in its query, and the name of that parameter.
    pub(super) fn number_query(&self) -> Option<(Request, String)> {
        self.query(|one| one.schema["type"] == "integer")
    }

    fn query(&self, is_it: impl Fn(&Parameter) -> bool) -> Option<(Request, String)> {
        self.operations.iter().find_map(|(operation, request)| {
            let parameter =
                operation.parameters.iter().find(|one| one.place == Place::Query && is_it(one))?;
            Some((without(&request.request, &parameter.name), parameter.name.clone()))
        })
    }

    /// A request that takes JSON, with a body that is allowed.
    pub(super) fn json(&self) -> Option<(Request, String)> {
        let found = self.first(|operation| {
            let body = operation.body.as_ref();
            body.is_some_and(|body| {
                body.content.keys().any(|media_type| media_type.starts_with("application/json"))
            })
        })?;
        Some((found.request.clone(), found.body.clone()?))
    }
}

fn is_text(parameter: &Parameter) -> bool {
    parameter.schema["type"] == "string" && parameter.schema.get("enum").is_none()
}

/// The request without one name in its query, so that it can be added again in another way.
fn without(request: &Request, name: &str) -> Request {
    let Some((path, query)) = request.target.split_once('?') else { return request.clone() };
    let others: Vec<&str> = query.split('&').filter(|pair| pair.split('=').next() != Some(name)).collect();
    let target = if others.is_empty() { path.to_owned() } else { format!("{path}?{}", others.join("&")) };
    Request { target, ..request.clone() }
}
