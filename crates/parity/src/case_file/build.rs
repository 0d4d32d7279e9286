//! From what was written to cases.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use serde_saphyr::{Location, Spanned};

use super::CaseFileError;
use super::form::{CaseForm, FileForm, Scalar, StepForm};
use crate::form::Form;
use crate::model::{Body, Bytes, Capture, Case, Header, Message, Origin, Request, Sending, Step};
use crate::variables::{HOST, NAMESPACE, Variables, fill, names};

/// What a file has in common.
struct File<'a> {
    name: &'a str,
    stem: &'a str,
    known: &'a [String],
}

/// What is wrong, before it is known where.
type Fault = String;

pub(super) fn cases(form: FileForm, name: &str, known: &[String]) -> Result<Vec<Case>, CaseFileError> {
    let stem = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let file = File { name, stem: stem.rsplit_once('.').map_or(stem, |(stem, _)| stem), known };
    let mut cases: Vec<Case> = Vec::new();
    let mut ids = BTreeSet::new();
    // Only its anchors were of use.
    drop(form.shared);
    for written in form.cases {
        let rows =
            if written.value.rows.is_empty() { vec![BTreeMap::new()] } else { written.value.rows.clone() };
        let mut own = BTreeMap::new();
        for row in rows {
            let mut case = file.case(&written, row, &form.tags)?;
            // Rows whose values differ by signs only have one id, which is then numbered.
            let times: &mut u32 = own.entry(case.id.clone()).or_default();
            *times += 1;
            if *times > 1 {
                case.id = format!("{}_{times}", case.id);
            }
            if !ids.insert(case.id.clone()) {
                return Err(file.error(written.referenced, format!("another case has the id {}", case.id)));
            }
            cases.push(case);
        }
    }
    Ok(cases)
}

impl File<'_> {
    fn error(&self, at: Location, message: Fault) -> CaseFileError {
        CaseFileError { file: self.name.to_owned(), line: at.line(), column: at.column(), message }
    }

    fn case(
        &self,
        written: &Spanned<CaseForm>,
        row: BTreeMap<String, Scalar>,
        tags: &[String],
    ) -> Result<Case, CaseFileError> {
        let form = &written.value;
        let values = form.variables.clone().into_iter().chain(row);
        let variables: Variables = values.map(|(name, value)| (name, text_of(value))).collect();
        let name = fill(&form.name, &variables);
        let steps = match (&form.request, form.steps.as_slice()) {
            (Some(request), []) => std::slice::from_ref(request),
            (None, steps) if !steps.is_empty() => steps,
            _ => return Err(self.error(written.referenced, "a case has `request` or `steps`".to_owned())),
        };
        let mut known: BTreeSet<String> = variables.keys().chain(self.known).cloned().collect();
        known.extend([NAMESPACE.to_owned(), HOST.to_owned()]);
        let mut built = Vec::new();
        for step in steps {
            let step =
                built_step(&step.value, &mut known).map_err(|fault| self.error(step.referenced, fault))?;
            built.push(step);
        }
        Ok(Case {
            id: format!("{}::{}", self.stem, slug(&name)),
            name,
            tags: tags.iter().chain(&form.tags).cloned().collect(),
            origin: Origin::Written { file: self.name.to_owned(), line: written.referenced.line() },
            variables,
            steps: built,
            hostile: form.hostile,
            alone: form.alone,
            shared_namespace: form.shared_namespace,
        })
    }
}

fn text_of(value: Scalar) -> String {
    match value {
        Scalar::Text(text) | Scalar::Other(Value::String(text)) => text,
        Scalar::Other(value) => value.to_string(),
        Scalar::Repeated(repeated) => repeated.repeat.repeat(repeated.times),
    }
}

/// A name as an id: small letters, digits, and one `_` for everything between them.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_alphanumeric() {
            slug.extend(c.to_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    // A row's long value is no name.
    slug.trim_end_matches('_').chars().take(120).collect()
}

fn built_step(form: &StepForm, known: &mut BTreeSet<String>) -> Result<Step, Fault> {
    let messages = if form.requests.is_empty() {
        vec![message(form)?]
    } else {
        form.requests.iter().map(message).collect::<Result<_, _>>()?
    };
    let written = serde_json::to_string(&(&messages, &form.expect)).map_err(|error| error.to_string())?;
    if let Some(unknown) = names(&written).find(|name| !known.contains(*name)) {
        let there_are = known.iter().cloned().collect::<Vec<_>>().join(", ");
        return Err(format!("no variable is named {unknown:?} here; there are: {there_are}"));
    }
    if let Some(expect) = &form.expect {
        let values = expect.json.iter().chain(&expect.has).chain(None::<&Value>);
        let headers = expect.headers.values().flatten().chain(&expect.text);
        values.map(check_forms).chain(headers.map(|text| check_form(text))).collect::<Result<(), _>>()?;
    }
    known.extend(form.capture.keys().cloned());
    let capture = form.capture.iter().map(|(name, place)| {
        let capture = match place.strip_prefix("header ") {
            Some(header) => Capture::Header(header.to_owned()),
            None if place.is_empty() || place.starts_with('/') => Capture::Body(place.clone()),
            None => return Err(format!("{place:?} is no place: write a JSON pointer or `header NAME`")),
        };
        Ok((name.clone(), capture))
    });
    Ok(Step {
        name: form.name.clone(),
        send: Sending { messages, repeat: form.repeat.unwrap_or(1), concurrent: form.concurrent },
        compare: form.compare.clone(),
        expect: form.expect.clone(),
        capture: capture.collect::<Result<_, Fault>>()?,
        masks: form.masks.clone(),
        only: form.only,
    })
}

fn check_forms(value: &Value) -> Result<(), Fault> {
    match value {
        Value::String(text) => check_form(text),
        Value::Array(items) => items.iter().try_for_each(check_forms),
        Value::Object(members) => members.values().try_for_each(check_forms),
        _ => Ok(()),
    }
}

fn check_form(text: &str) -> Result<(), Fault> {
    if Form::is_one(text) {
        text.parse::<Form>().map(drop).map_err(|error| error.to_string())
    } else {
        Ok(())
    }
}

fn message(form: &StepForm) -> Result<Message, Fault> {
    let methods = [
        ("get", &form.get),
        ("head", &form.head),
        ("post", &form.post),
        ("put", &form.put),
        ("patch", &form.patch),
        ("delete", &form.delete),
        ("options", &form.options),
    ];
    let mut given = methods.into_iter().filter_map(|(name, target)| Some((name, target.as_ref()?)));
    let shorthand = given.next();
    if let (Some((first, _)), Some((second, _))) = (shorthand, given.next()) {
        return Err(format!("two methods: {first} and {second}"));
    }
    let (method, target) = match (shorthand, &form.method, &form.target, &form.raw) {
        (Some((method, target)), None, None, None) => (method.to_ascii_uppercase(), target.clone()),
        (None, Some(method), Some(target), None) => (method.clone(), target.clone()),
        (None, None, None, Some(bytes)) => {
            return Ok(Message::Exact { bytes: bytes.clone(), answers: form.answers.unwrap_or(1) });
        }
        _ => {
            return Err(
                "no request: write one of `get`, `head`, `post`, `put`, `patch`, `delete`, `options`, \
                        or `method` with `target`, or `raw`"
                    .to_owned(),
            );
        }
    };
    let mut headers = Vec::new();
    for (name, value) in &form.headers {
        let values = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        headers.extend(values.iter().map(|value| Header::new(name, header_value(value))));
    }
    let body = match (&form.json, &form.text, &form.body) {
        (None, None, None) => Body::None,
        (Some(json), None, None) => {
            if !headers.iter().any(|header| header.is("Content-Type")) {
                headers.push(Header::new("Content-Type", "application/json"));
            }
            Body::Whole(json.to_string().into())
        }
        (None, Some(text), None) => Body::Whole(text.as_str().into()),
        (None, None, Some(body)) => body.clone(),
        _ => return Err("one body: write only one of `json`, `text` and `body`".to_owned()),
    };
    Ok(Message::Request(Request {
        version: form.version.clone().unwrap_or_else(|| "HTTP/1.1".to_owned()),
        host: form.host.unwrap_or(true),
        headers,
        body,
        ..Request::new(method, target)
    }))
}

fn header_value(value: &Value) -> Bytes {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).into()
}
