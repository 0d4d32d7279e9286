//! One exchange as places and values, ready to be compared.

use spec::Document;

use super::json::{self, Leaf, Leaves, escaped};
use super::prometheus;
use crate::config::{BodyKind, Config, HeaderPolicy, JsonMode};
use crate::model::{Answer, Compare, Exchange};
use crate::variables::replace;

/// What a comparison sees of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct View {
    /// The values in the order in which they came.
    pub leaves: Leaves,
}

/// How an exchange is to be read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// What the project declares.
    pub config: &'a Config,
    /// The operation that was called.
    pub operation: Option<&'a str>,
    /// What of it counts.
    pub compare: &'a Compare,
    /// The target's own namespace, which is taken out of the answer.
    pub namespace: &'a str,
    /// The body of the answer since which samples are to be counted.
    pub since: Option<&'a str>,
}

impl View {
    /// Reads an exchange.
    pub fn of(exchange: &Exchange, reading: &Reading<'_>) -> Self {
        let mut view = Self::default();
        match reading.compare {
            Compare::Nothing => {}
            Compare::Error => {
                let is_error = exchange.answer().is_none_or(|answer| answer.status >= 400);
                view.leaves.push(Leaf::text("error", is_error.to_string()));
            }
            Compare::Status | Compare::All | Compare::Since(_) => {
                if !exchange.ending.is_complete() {
                    view.leaves.push(Leaf::text("connection", exchange.ending.to_string()));
                }
                for (index, answer) in exchange.answers.iter().enumerate() {
                    let before = if index == 0 { String::new() } else { format!("answer {} ", index + 1) };
                    let leaves = answer_leaves(answer, reading).into_iter();
                    view.leaves
                        .extend(leaves.map(|leaf| Leaf { place: format!("{before}{}", leaf.place), ..leaf }));
                }
            }
        }
        view
    }

    /// What two views of the same meaning have in common, and no others.
    pub fn key(&self) -> String {
        let one = |leaf: &Leaf| format!("{}\u{0}{}{}\u{0}", leaf.place, u8::from(leaf.is_text), leaf.key);
        self.leaves.iter().map(one).collect()
    }
}

fn answer_leaves(answer: &Answer, reading: &Reading<'_>) -> Leaves {
    let mut leaves = vec![Leaf::json("status", answer.status.to_string())];
    match reading.compare {
        Compare::All => {
            leaves.extend(header_leaves(answer, reading));
            leaves.extend(body_leaves(answer, reading));
        }
        Compare::Since(_) => leaves.extend(growth(answer, reading)),
        Compare::Status | Compare::Error | Compare::Nothing => {}
    }
    leaves
}

fn header_leaves(answer: &Answer, reading: &Reading<'_>) -> Leaves {
    let mut names: Vec<String> =
        answer.headers.iter().map(|header| header.name.to_ascii_lowercase()).collect();
    names.sort();
    names.dedup();
    let leaf = |name: String| {
        let place = format!("header {name}");
        match reading.config.header_policy(&name) {
            HeaderPolicy::Ignored => None,
            HeaderPolicy::Present => {
                Some(Leaf { key: "there".to_owned(), ..Leaf::text(place, values(answer, &name, reading)) })
            }
            HeaderPolicy::Equal => Some(Leaf::text(place, values(answer, &name, reading))),
        }
    };
    names.into_iter().filter_map(leaf).collect()
}

/// The values of a header; what no header may hold stands between several.
fn values(answer: &Answer, name: &str, reading: &Reading<'_>) -> String {
    let values = answer.values(name).map(|value| shown(&without_namespace(value.as_slice(), reading)));
    values.collect::<Vec<_>>().join("\n")
}

fn body_leaves(answer: &Answer, reading: &Reading<'_>) -> Leaves {
    if answer.body.is_empty() {
        return Vec::new();
    }
    let body = without_namespace(answer.body.as_slice(), reading);
    let Ok(text) = std::str::from_utf8(&body) else {
        return vec![Leaf::text("body", shown(&body))];
    };
    let read = match kind(answer, reading) {
        BodyKind::Opaque => return vec![Leaf::text("body", "something")],
        BodyKind::Text => None,
        BodyKind::Prometheus => Some(prometheus::leaves(text)),
        BodyKind::Openapi => promises(text, answer),
        BodyKind::Json => {
            let is_unordered = |place: &str| {
                reading.config.unordered.iter().any(|list| {
                    (list.operations.is_empty()
                        || list.operations.iter().any(|own| Some(own.as_str()) == reading.operation))
                        && crate::mask::matches(&list.at, place)
                })
            };
            json::leaves(text, reading.config.json, &is_unordered).ok()
        }
    };
    read.unwrap_or_else(|| vec![Leaf::text("body", text)])
}

/// What a body is: by the project's rule for a success of the operation, else by its media type.
fn kind(answer: &Answer, reading: &Reading<'_>) -> BodyKind {
    let rule = reading.config.body.iter().find(|rule| {
        answer.status == 200 && rule.operations.iter().any(|own| Some(own.as_str()) == reading.operation)
    });
    let media_type = answer.header("Content-Type").unwrap_or_default().to_ascii_lowercase();
    match rule {
        Some(rule) => rule.read_as,
        None if media_type.starts_with(prometheus::MEDIA_TYPE) => BodyKind::Prometheus,
        None if media_type.split(';').next().is_some_and(|essence| {
            let essence = essence.trim();
            essence == "application/json" || essence.ends_with("+json")
        }) =>
        {
            BodyKind::Json
        }
        None => BodyKind::Text,
    }
}

/// What a document promises, operation by operation; `None` for what is no document.
fn promises(text: &str, answer: &Answer) -> Option<Leaves> {
    let is_json = answer.header("Content-Type").is_some_and(|kind| kind.contains("json"));
    let document = if is_json { Document::from_json(text) } else { Document::from_yaml(text) }.ok()?;
    let mut leaves = Vec::new();
    for ((path, method), promise) in spec::normalise::normalise(&document).ok()? {
        let place = format!("body /{method} {}", escaped(&path));
        leaves.push(Leaf::text(format!("{place}/operationId"), promise.id.unwrap_or_default()));
        let terms = json::leaves(&promise.terms.to_string(), JsonMode::ByValue, &|_| false).ok()?;
        leaves.extend(terms.into_iter().map(|leaf| Leaf {
            place: format!("{place}{}", leaf.place.strip_prefix("body ").unwrap_or_default()),
            ..leaf
        }));
    }
    leaves.sort_by(|one, other| one.place.cmp(&other.place));
    Some(leaves)
}

/// By how much the samples of a text have grown; those that have not are left out.
fn growth(answer: &Answer, reading: &Reading<'_>) -> Leaves {
    let before = prometheus::samples(reading.since.unwrap_or_default());
    let now = prometheus::samples(&answer.body.lossy());
    let grown = now.into_iter().filter_map(|(place, value)| {
        let growth = value - before.get(&place).copied().unwrap_or_default();
        (growth != 0.0).then(|| Leaf::json(place, growth.to_string()))
    });
    grown.collect()
}

fn without_namespace(bytes: &[u8], reading: &Reading<'_>) -> Vec<u8> {
    replace(bytes, reading.namespace.as_bytes(), b"{{ns}}")
}

/// Text as it is, and other bytes escaped.
fn shown(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.escape_ascii().to_string(), str::to_owned)
}
