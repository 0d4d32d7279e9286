//! The adversarial catalogue: what frameworks answer each in their own way when nobody decided it.
//!
//! Each [`Entry`] is a small set of requests about one such matter. It knows no API: from the document it takes an
//! operation that will do, and where there is none, the entry makes no case. An entry expects nothing of its own; it is
//! for the targets to agree. After each case every target is asked again, because a request of this kind can take a
//! server down.

mod bodies;
mod connections;
mod headers;
mod paths;
mod queries;
mod sample;

use std::collections::BTreeMap;

use spec::Document;

use crate::model::{Case, Compare, Message, Origin, Request, Step};
use sample::Sample;

/// The ids of the catalogue's cases begin with this word.
pub const ID: &str = "catalogue";

/// One matter in which servers differ by themselves.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The name by which it is chosen.
    pub name: &'static str,
    /// What is sent, and what is known to come of it.
    pub about: &'static str,
    requests: fn(&Sample) -> Option<Variants>,
}

/// The messages of an entry, each with the name of its variant; none where the document has no operation for it.
type Variants = Vec<(&'static str, Message)>;

/// A name that no entry has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the catalogue has no {name:?}; it has: {known}")]
pub struct UnknownEntry {
    name: String,
    known: String,
}

/// All entries, in the order in which they are sent.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    [paths::ENTRIES, queries::ENTRIES, bodies::ENTRIES, headers::ENTRIES, connections::ENTRIES]
        .into_iter()
        .flatten()
}

/// The entries of these names; `all` stands for every one.
///
/// # Errors
/// [`UnknownEntry`] lists the names there are.
pub fn chosen(names: &[String]) -> Result<Vec<&'static Entry>, UnknownEntry> {
    if names.iter().any(|name| name == "all") {
        return Ok(entries().collect());
    }
    let entry = |name: &String| {
        entries().find(|entry| entry.name == name).ok_or_else(|| UnknownEntry {
            name: name.clone(),
            known: entries().map(|entry| entry.name).chain(["all"]).collect::<Vec<_>>().join(", "),
        })
    };
    names.iter().map(entry).collect()
}

/// The cases of some entries for the operations of a document.
///
/// # Errors
/// As [`Document::operations`].
pub fn cases(document: &Document, entries: &[&Entry]) -> Result<Vec<Case>, spec::Error> {
    let sample = Sample::of(document)?;
    let cases = entries.iter().flat_map(|entry| {
        let requests = (entry.requests)(&sample).unwrap_or_default().into_iter();
        requests.map(|(variant, message)| case(entry, variant, message))
    });
    Ok(cases.collect())
}

fn case(entry: &Entry, variant: &str, message: Message) -> Case {
    let has_several_answers = matches!(message, Message::Exact { answers: 2.., .. });
    let mut step = Step::new(message);
    if has_several_answers {
        // Whether all come is the question; what is in each of them others ask.
        step.compare = Compare::Status;
    }
    Case {
        id: format!("{ID}::{}::{variant}", entry.name),
        name: format!("{}: {}", entry.name, variant.replace('_', " ")),
        tags: vec![ID.to_owned(), entry.name.to_owned()],
        origin: Origin::Catalogue,
        variables: BTreeMap::new(),
        steps: vec![step],
        hostile: true,
        alone: false,
        shared_namespace: false,
    }
}

/// The request with something in place of its target.
fn at(request: &Request, target: impl Into<String>) -> Message {
    Request { target: target.into(), ..request.clone() }.into()
}

/// The request with one pair more in its query.
fn with_query(request: &Request, pair: &str) -> Message {
    let joint = if request.target.contains('?') { '&' } else { '?' };
    at(request, format!("{}{joint}{pair}", request.target))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const DOCUMENT: &str = r"
openapi: 3.1.0
paths:
  /: { get: { responses: { '200': { description: x } } } }
  /state: { get: { responses: { '200': { description: x } } } }
  /things/{id}:
    get:
      parameters:
        - { name: id, in: path, required: true, schema: { type: string } }
        - { name: text, in: query, schema: { type: string } }
        - { name: limit, in: query, schema: { type: integer } }
      responses: { '200': { description: x } }
  /notes:
    post:
      requestBody: { content: { application/json: { schema: { type: object, required: [a], properties: { a: { type: string } } } } } }
      responses: { '200': { description: x } }
";

    fn all(document: &str) -> Vec<Case> {
        cases(&Document::from_yaml(document).unwrap(), &entries().collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn every_entry_makes_cases_of_a_document_that_has_everything() {
        let cases = all(DOCUMENT);
        for entry in entries() {
            let prefix = format!("catalogue::{}::", entry.name);
            assert!(cases.iter().any(|case| case.id.starts_with(&prefix)), "{} makes no case", entry.name);
            assert!(entry.about.ends_with('.'), "{}: {}", entry.name, entry.about);
        }
        let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(ids.len(), cases.len(), "two cases have one id");
        assert!(cases.len() >= 80, "{}", cases.len());
        assert!(cases.iter().all(|case| case.hostile));
    }

    #[test]
    fn what_a_document_has_not_is_left_out() {
        let cases =
            all("openapi: 3.1.0\npaths: { /a: { get: { responses: { '200': { description: x } } } } }");
        assert!(cases.iter().any(|case| case.id == "catalogue::unknown_path::below_a_known_one"));
        assert!(!cases.iter().any(|case| case.id.starts_with("catalogue::repeated_query_name::")));
    }

    #[test]
    fn an_unknown_name_is_told_which_there_are() {
        let error = chosen(&["nosuch".to_owned()]).unwrap_err().to_string();
        assert!(error.starts_with(r#"the catalogue has no "nosuch"; it has: unknown_path, "#), "{error}");
        assert_eq!(chosen(&["all".to_owned()]).unwrap().len(), entries().count());
    }
}
