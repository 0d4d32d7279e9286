//! The JSON form of a log line.
//!
//! Members in this order: `timestamp`, `level`, `message`, `service`, `request_id` (null outside requests), then
//! `method`, `endpoint`, `status`, `duration_ms` where they are known, then the other fields of the event, then
//! those of the spans around it, the innermost first. A name that occurs twice is written once, with the value
//! that is nearest to the event.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;

use chrono::{SecondsFormat, Utc};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::Chain;
use super::sink::Sink;

/// Written right after the fixed members, in this order, where the event or a span has them.
const OF_REQUESTS: [&str; 4] = ["method", "endpoint", "status", "duration_ms"];
const MESSAGE: &str = "message";
const REQUEST_ID: &str = "request_id";
/// Names that the fixed members have; a field of such a name would make the object ambiguous.
const FIXED: [&str; 5] = ["timestamp", "level", MESSAGE, "service", REQUEST_ID];
/// Longer buffers are given back after use.
const KEPT: usize = 16 * 1024;

/// A layer that writes each event as one line.
pub(super) struct JsonLines {
    service: &'static str,
    sink: Sink,
}

impl JsonLines {
    pub(super) fn new(service: &'static str, sink: Sink) -> Self {
        Self { service, sink }
    }
}

impl<S> Layer<S> for JsonLines
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        thread_local! {
            static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.extend_with_outer(outer);
            }
        }
        LINE.with_borrow_mut(|line| {
            write_line(line, *event.metadata().level(), self.service, &fields);
            self.sink.push(line);
            line.clear();
            line.shrink_to(KEPT);
        });
    }
}

impl fmt::Debug for JsonLines {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("JsonLines").field("service", &self.service).finish_non_exhaustive()
    }
}

fn write_line(line: &mut Vec<u8>, level: tracing::Level, service: &str, fields: &Fields) {
    line.extend_from_slice(b"{\"timestamp\":\"");
    line.extend_from_slice(Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true).as_bytes());
    line.extend_from_slice(b"\",\"level\":\"");
    line.extend_from_slice(level.as_str().as_bytes());
    line.push(b'"');
    member(line, MESSAGE, fields.get(MESSAGE).unwrap_or(&Value::Text(String::new())));
    name(line, "service");
    text(line, service);
    member(line, REQUEST_ID, fields.get(REQUEST_ID).unwrap_or(&Value::Null));
    for of_request in OF_REQUESTS {
        if let Some(value) = fields.get(of_request) {
            member(line, of_request, value);
        }
    }
    for (name, value) in &fields.0 {
        if !FIXED.contains(name) && !OF_REQUESTS.contains(name) {
            member(line, name, value);
        }
    }
    line.extend_from_slice(b"}\n");
}

fn member(line: &mut Vec<u8>, member: &str, value: &Value) {
    name(line, member);
    match value {
        Value::Text(value) => text(line, value),
        // serde_json writes into a Vec without fail; not-a-number and infinities become null.
        Value::Signed(value) => drop(serde_json::to_writer(line, value)),
        Value::Unsigned(value) => drop(serde_json::to_writer(line, value)),
        Value::Float(value) => drop(serde_json::to_writer(line, value)),
        Value::Bool(value) => drop(serde_json::to_writer(line, value)),
        Value::Null => line.extend_from_slice(b"null"),
    }
}

fn name(line: &mut Vec<u8>, name: &str) {
    line.push(b',');
    text(line, name);
    line.push(b':');
}

fn text(line: &mut Vec<u8>, value: &str) {
    drop(serde_json::to_writer(line, value));
}

/// The fields of an event or a span, each name once, in the order in which they were first recorded.
#[derive(Debug, Default)]
struct Fields(Vec<(&'static str, Value)>);

#[derive(Debug, Clone)]
enum Value {
    Text(String),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Bool(bool),
    Null,
}

impl Fields {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    fn set(&mut self, field: &Field, value: Value) {
        let name = field.name();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }

    fn extend_with_outer(&mut self, outer: &Self) {
        for (name, value) in &outer.0 {
            if self.get(name).is_none() {
                self.0.push((name, value.clone()));
            }
        }
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, Value::Signed(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, Value::Unsigned(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, Value::Float(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, Value::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, Value::Text(value.to_owned()));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.set(field, Value::Text(Chain(value).to_string()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, Value::Text(format!("{value:?}")));
    }
}
