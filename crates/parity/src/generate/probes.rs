//! The constraints of an operation, each with requests that meet it at its bound or break it.

use proptest::prelude::*;
use spec::Operation;
use spec::operations::{Parameter, Place};

use super::draft::{Content, Part, Recipe};
use super::json;
use super::scalar::Scalar;

/// The constraint of requests that break nothing.
pub(super) const VALID: &str = "valid";

const JSON: &str = "application/json";

/// One way of meeting or breaking one constraint.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    /// Such as `query.ttl/minimum/past`; requests that break nothing have `valid`.
    pub(super) constraint: String,
    pub(super) recipe: Recipe,
    /// Whether targets with one store keep apart in what it names.
    pub(super) is_private: bool,
}

/// All probes of an operation, the one that breaks nothing first; and what nothing could be made for.
pub(super) fn of(operation: &Operation) -> (Vec<Probe>, Vec<String>) {
    let mut unmade = Vec::new();
    let valid: Vec<BoxedStrategy<Part>> = operation.parameters.iter().map(valid_part).collect();
    let content = valid_content(operation, &mut unmade);
    let mut probes = Vec::new();
    let can_be_private = names_something(operation);
    let mut add = |constraint: String,
                   parts: Vec<BoxedStrategy<Part>>,
                   content: BoxedStrategy<Content>,
                   is_private: bool| {
        probes.push(Probe { constraint, recipe: Recipe { parts, content }, is_private });
    };
    add(VALID.to_owned(), valid.clone(), content.clone(), true);
    for (index, parameter) in operation.parameters.iter().enumerate() {
        let at = format!("{}.{}", parameter.place.as_str(), parameter.name);
        let replaced = |part: BoxedStrategy<Part>| {
            let mut parts = valid.clone();
            parts[index] = part;
            parts
        };
        let is_its_name = can_be_private && parameter.place == Place::Path || is_namespaced(parameter);
        for (constraint, texts) in Scalar::read(&parameter.schema).probes(is_namespaced(parameter)) {
            // Just past its shortest and with a wrong character, a name cannot hold what keeps targets apart.
            let is_private =
                !is_its_name || !constraint.starts_with("minLength") && !constraint.starts_with("pattern/b");
            add(format!("{at}/{constraint}"), replaced(part(parameter, texts)), content.clone(), is_private);
        }
        if parameter.place == Place::Path {
            continue;
        }
        let constraint = if parameter.required { "required/missing" } else { "required/absent" };
        let left_out = Just(Part { place: parameter.place, name: parameter.name.clone(), value: None });
        add(format!("{at}/{constraint}"), replaced(left_out.boxed()), content.clone(), true);
        if parameter.place == Place::Query {
            for (name, parts) in repeated(parameter, &valid, index) {
                add(format!("{at}/{name}"), parts, content.clone(), true);
            }
        }
    }
    let mut extra = valid.clone();
    let unknown = "[a-z]{0,9}".prop_map(|value| Part {
        place: Place::Query,
        name: "unknown_name".to_owned(),
        value: Some(value),
    });
    extra.push(unknown.boxed());
    add("query/unknown_name".to_owned(), extra, content.clone(), true);
    for (constraint, broken) in content_probes(operation) {
        add(constraint, valid.clone(), broken, true);
    }
    (probes, unmade)
}

/// Whether the operation has a path parameter, by which requests of different targets could meet in one store.
fn names_something(operation: &Operation) -> bool {
    operation.parameters.iter().any(is_namespaced)
}

fn is_namespaced(parameter: &Parameter) -> bool {
    matches!(parameter.place, Place::Path | Place::Query) && Scalar::read(&parameter.schema).holds_namespace()
}

fn valid_part(parameter: &Parameter) -> BoxedStrategy<Part> {
    let texts = Scalar::read(&parameter.schema).valid(is_namespaced(parameter));
    let texts = header_safe(parameter, texts);
    if parameter.required || parameter.place == Place::Path {
        return part(parameter, texts);
    }
    let (place, name) = (parameter.place, parameter.name.clone());
    proptest::option::of(texts).prop_map(move |value| Part { place, name: name.clone(), value }).boxed()
}

fn part(parameter: &Parameter, texts: BoxedStrategy<String>) -> BoxedStrategy<Part> {
    let (place, name) = (parameter.place, parameter.name.clone());
    header_safe(parameter, texts)
        .prop_map(move |value| Part { place, name: name.clone(), value: Some(value) })
        .boxed()
}

/// A header holds no line ends and no NUL: that would be another request, which is for the catalogue.
fn header_safe(parameter: &Parameter, texts: BoxedStrategy<String>) -> BoxedStrategy<String> {
    if parameter.place != Place::Header {
        return texts;
    }
    texts.prop_map(|text| text.chars().filter(|c| !c.is_control()).collect::<String>()).boxed()
}

/// A query parameter twice: both allowed, and one of them not, on either side.
fn repeated(
    parameter: &Parameter,
    valid: &[BoxedStrategy<Part>],
    index: usize,
) -> Vec<(&'static str, Vec<BoxedStrategy<Part>>)> {
    let good = part(parameter, Scalar::read(&parameter.schema).valid(is_namespaced(parameter)));
    let broken = Scalar::read(&parameter.schema)
        .probes(false)
        .into_iter()
        .find(|(name, _)| name.ends_with("/past") || name.starts_with("type/") || name == "enum/other");
    let with = |first: &BoxedStrategy<Part>, second: &BoxedStrategy<Part>| {
        let mut parts = valid.to_vec();
        parts[index] = first.clone();
        parts.push(second.clone());
        parts
    };
    let mut all = vec![("repeated/both_valid", with(&good, &good))];
    if let Some((_, texts)) = broken {
        let broken = part(parameter, texts);
        all.push(("repeated/broken_first", with(&broken, &good)));
        all.push(("repeated/broken_last", with(&good, &broken)));
    }
    all
}

fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(JSON) || essence.to_ascii_lowercase().ends_with("+json")
}

/// The media type and the schema of the body, where it is JSON.
fn json_body(operation: &Operation) -> Option<(&str, serde_json::Value)> {
    let body = operation.body.as_ref()?;
    let (media_type, content) = body.content.iter().find(|(media_type, _)| is_json(media_type))?;
    Some((media_type, content.schema.clone().unwrap_or_else(|| serde_json::json!({}))))
}

fn valid_content(operation: &Operation, unmade: &mut Vec<String>) -> BoxedStrategy<Content> {
    if let Some((media_type, schema)) = json_body(operation) {
        return content(media_type, json::valid(&schema, 0));
    }
    if let Some(body) = &operation.body {
        let types: Vec<&str> = body.content.keys().map(String::as_str).collect();
        if let Some(media_type) = types.iter().find(|media_type| media_type.starts_with("text/")) {
            let media_type = (*media_type).to_owned();
            return "[a-z ]{1,20}"
                .prop_map(move |text| Content {
                    media_type: Some(media_type.clone()),
                    body: Some(text.into_bytes()),
                })
                .boxed();
        }
        unmade.push(format!("bodies of {}", types.join(", ")));
    }
    Just(Content::default()).boxed()
}

fn content(media_type: &str, values: BoxedStrategy<serde_json::Value>) -> BoxedStrategy<Content> {
    let media_type = media_type.to_owned();
    values
        .prop_map(move |value| Content {
            media_type: Some(media_type.clone()),
            body: Some(value.to_string().into_bytes()),
        })
        .boxed()
}

fn content_probes(operation: &Operation) -> Vec<(String, BoxedStrategy<Content>)> {
    let Some((media_type, schema)) = json_body(operation) else {
        // An operation that declares no body is sent one all the same.
        let small = content(JSON, Just(serde_json::json!({ "a": 1 })).boxed());
        return if operation.body.is_none() {
            vec![("body/undeclared".to_owned(), small)]
        } else {
            Vec::new()
        };
    };
    let mut probes: Vec<(String, BoxedStrategy<Content>)> = json::probes(&schema, "body", 0)
        .into_iter()
        .map(|(constraint, values)| (constraint, content(media_type, values)))
        .collect();
    let texts = || json::valid(&schema, 0).prop_map(|value| value.to_string());
    let mut add = |name: &str, media_type: Option<&str>, bodies: BoxedStrategy<String>| {
        let media_type = media_type.map(str::to_owned);
        let contents = bodies
            .prop_map(move |body| Content { media_type: media_type.clone(), body: Some(body.into_bytes()) })
            .boxed();
        probes.push((name.to_owned(), contents));
    };
    add("content_type/missing", None, texts().boxed());
    add("content_type/text", Some("text/plain"), texts().boxed());
    add("content_type/form", Some("application/x-www-form-urlencoded"), texts().boxed());
    add("content_type/capitals", Some("APPLICATION/JSON"), texts().boxed());
    add("content_type/charset", Some("application/json; charset=utf-8"), texts().boxed());
    add("content_type/vendor", Some("application/vnd.example+json"), texts().boxed());
    add("content_type/malformed", Some("application"), texts().boxed());
    add("body/empty", Some(media_type), Just(String::new()).boxed());
    add("body/spaced", Some(media_type), texts().prop_map(|text| format!(" \t\r\n{text}\n ")).boxed());
    add("body/junk_after", Some(media_type), texts().prop_map(|text| text + " x").boxed());
    let cut = texts().prop_map(|text| text.chars().take(text.chars().count().saturating_sub(1)).collect());
    add("body/cut_short", Some(media_type), cut.boxed());
    let content_type_alone = Content { media_type: Some(media_type.to_owned()), body: None };
    probes.push(("body/required/missing".to_owned(), Just(Content::default()).boxed()));
    probes.push(("body/required/type_alone".to_owned(), Just(content_type_alone).boxed()));
    probes
}
