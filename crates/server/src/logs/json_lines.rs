//! The JSON form of a log line.
//!
//! Members in this order: `timestamp`, `level`, `message`, `service`, `request_id` (null outside requests), then
//! `method`, `endpoint`, `status`, `duration_ms`, `trace_id` where they are known, then the other fields of the event,
//! then those of the spans around it, the innermost first. A name that occurs twice is written once, with the value
//! that is nearest to the event. Fields of spans with a dot in their name are for traces, and are left out.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::io::Write as _;
use std::ops::Range;

use causes::Chain;
use chrono::{DateTime, Utc};
use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::sink::Sink;

/// Written right after the fixed members, in this order, where the event or a span has them.
const OF_REQUESTS: [&str; 5] = ["method", "endpoint", "status", "duration_ms", "trace_id"];
const MESSAGE: &str = "message";
const REQUEST_ID: &str = "request_id";
/// Names that the fixed members have; a field of such a name would make the object ambiguous.
const FIXED: [&str; 5] = ["timestamp", "level", MESSAGE, "service", REQUEST_ID];
/// Begins the names of fields that `tracing-log` makes of a `log` record: its place in some library's sources.
const OF_LOG_RECORDS: &str = "log.";
/// Longer buffers are given back after use.
const KEPT_BYTES: usize = 16 * 1024;

/// A layer that writes each event as one line.
pub(super) struct JsonLines {
    /// As JSON.
    service: Vec<u8>,
    sink: Sink,
}

impl JsonLines {
    pub(super) fn new(service: &str, sink: Sink) -> Self {
        let mut json = Vec::new();
        write_text(&mut json, service);
        Self { service: json, sink }
    }
}

impl<S> Layer<S> for JsonLines
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::of_a_span();
            attributes.record(&mut Recorder::of_span(&mut fields));
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(&mut Recorder::of_span(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        thread_local! {
            static KEPT: Cell<Buffers> = Cell::default();
        }
        // Taken out and not borrowed: what writes a value may log as well.
        let mut buffers = KEPT.take();
        let Buffers { fields, line, clock } = &mut buffers;
        event.record(&mut Recorder::of_event(fields));
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.extend_with_outer(outer);
            }
        }
        write_line(line, clock, *event.metadata().level(), &self.service, fields);
        self.sink.push(line);
        buffers.clear();
        KEPT.set(buffers);
    }
}

impl fmt::Debug for JsonLines {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("JsonLines").finish_non_exhaustive()
    }
}

fn write_line(line: &mut Vec<u8>, clock: &mut Clock, level: tracing::Level, service: &[u8], fields: &Fields) {
    line.extend_from_slice(b"{\"timestamp\":\"");
    clock.write(line, Utc::now());
    line.extend_from_slice(b"\",\"level\":\"");
    line.extend_from_slice(level.as_str().as_bytes());
    line.push(b'"');
    member(line, MESSAGE, fields.get(MESSAGE).unwrap_or(b"\"\""));
    member(line, "service", service);
    member(line, REQUEST_ID, fields.get(REQUEST_ID).unwrap_or(b"null"));
    for of_request in OF_REQUESTS {
        if let Some(value) = fields.get(of_request) {
            member(line, of_request, value);
        }
    }
    for (name, value) in fields.iter().filter(|(name, _)| !is_placed(name)) {
        line.push(b',');
        write_text(line, name);
        line.push(b':');
        line.extend_from_slice(value);
    }
    line.extend_from_slice(b"}\n");
}

/// Writes a member whose name is known to need no escapes.
fn member(line: &mut Vec<u8>, name: &'static str, value: &[u8]) {
    line.extend_from_slice(b",\"");
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(b"\":");
    line.extend_from_slice(value);
}

/// Whether a member of that name has a place of its own.
fn is_placed(name: &str) -> bool {
    FIXED.into_iter().chain(OF_REQUESTS).any(|placed| placed == name)
}

fn write_text(to: &mut Vec<u8>, text: &str) {
    let escapes = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    // Not `any`, which would stop in the middle: a look at all of them is many at a time.
    if text.bytes().fold(false, |found, byte| found | escapes(byte)) {
        return write_json(to, text);
    }
    to.reserve(text.len() + 2);
    to.push(b'"');
    to.extend_from_slice(text.as_bytes());
    to.push(b'"');
}

fn write_json(to: &mut Vec<u8>, value: impl Serialize) {
    // Texts and numbers are written into a Vec without fail; not-a-number and infinities become null.
    drop(serde_json::to_writer(to, &value));
}

/// What a thread keeps from line to line, so that a line needs no memory of its own.
#[derive(Default)]
struct Buffers {
    fields: Fields,
    line: Vec<u8>,
    clock: Clock,
}

impl Buffers {
    fn clear(&mut self) {
        self.fields.known.clear();
        for buffer in [&mut self.fields.json, &mut self.line] {
            buffer.clear();
            buffer.shrink_to(KEPT_BYTES);
        }
    }
}

/// Writes times of RFC 3339 with microseconds, and works out the calendar once a second.
#[derive(Default)]
struct Clock {
    second: Option<i64>,
    /// That second, up to the point before its fraction.
    calendar: String,
}

impl Clock {
    fn write(&mut self, to: &mut Vec<u8>, now: DateTime<Utc>) {
        let second = now.timestamp();
        if self.second != Some(second) {
            self.second = Some(second);
            self.calendar = now.format("%Y-%m-%dT%H:%M:%S.").to_string();
        }
        // A Vec takes all that is written.
        let _ = write!(to, "{}{:06}Z", self.calendar, now.timestamp_subsec_micros());
    }
}

/// The fields of an event or a span, each name once, in the order in which they were first recorded.
#[derive(Debug, Default)]
struct Fields {
    /// Each name, and where in `json` its value stands.
    known: Vec<(&'static str, Range<usize>)>,
    json: Vec<u8>,
}

impl Fields {
    /// With room for what the spans of requests and of calls to backends have.
    fn of_a_span() -> Self {
        Self { known: Vec::with_capacity(4), json: Vec::with_capacity(96) }
    }

    fn iter(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.known.iter().map(|(name, place)| (*name, &self.json[place.clone()]))
    }

    fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Puts in the value that `write` writes, in place of one that the name had.
    fn set(&mut self, name: &'static str, write: impl FnOnce(&mut Vec<u8>)) {
        let begin = self.json.len();
        write(&mut self.json);
        let place = begin..self.json.len();
        match self.known.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = place,
            None => self.known.push((name, place)),
        }
    }

    fn extend_with_outer(&mut self, outer: &Self) {
        for (name, value) in outer.iter() {
            if self.get(name).is_none() {
                self.set(name, |json| json.extend_from_slice(value));
            }
        }
    }
}

/// Records into [`Fields`] what belongs into a line.
struct Recorder<'a> {
    fields: &'a mut Fields,
    is_left_out: fn(&str) -> bool,
}

impl<'a> Recorder<'a> {
    fn of_event(fields: &'a mut Fields) -> Self {
        Self { fields, is_left_out: |name| name.starts_with(OF_LOG_RECORDS) }
    }

    /// The conventions of traces give every name a dot, and ours have none.
    fn of_span(fields: &'a mut Fields) -> Self {
        Self { fields, is_left_out: |name| name.contains('.') }
    }

    fn record(&mut self, field: &Field, value: impl Serialize) {
        self.set(field, |json| write_json(json, value));
    }

    fn set(&mut self, field: &Field, write: impl FnOnce(&mut Vec<u8>)) {
        if !(self.is_left_out)(field.name()) {
            self.fields.set(field.name(), write);
        }
    }
}

impl Visit for Recorder<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.record(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.record(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, |json| write_text(json, value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.record(field, format_args!("{}", Chain(value)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record(field, format_args!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::Duration;

    use proptest::prelude::*;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What `log` logs, line by line.
    fn lines(log: impl FnOnce()) -> Vec<String> {
        let buffer = Buffer::default();
        let sink = Sink::start(buffer.clone()).expect("a thread");
        let subscriber = tracing_subscriber::registry().with(JsonLines::new("api-test", sink.clone()));
        tracing::subscriber::with_default(subscriber, log);
        sink.close(Duration::from_secs(10));
        let bytes = buffer.0.lock().expect("no panic").clone();
        String::from_utf8(bytes).expect("UTF-8").lines().map(str::to_owned).collect()
    }

    fn object(line: &str) -> serde_json::Map<String, serde_json::Value> {
        serde_json::from_str(line).expect(line)
    }

    /// The line without its timestamp, after the form of that was checked.
    fn without_timestamp(line: &str) -> String {
        let rest = line.strip_prefix("{\"timestamp\":\"").expect(line);
        let (timestamp, rest) = rest.split_once("\",").expect(line);
        assert_eq!(timestamp.len(), "2026-01-02T03:04:05.678901Z".len(), "{timestamp}");
        assert!(timestamp.ends_with('Z'), "{timestamp}");
        chrono::DateTime::parse_from_rfc3339(timestamp).expect(timestamp);
        rest.to_owned()
    }

    #[test]
    fn a_line_outside_requests_has_the_fixed_members_in_their_order() {
        let lines = lines(|| tracing::info!(port = 8004, "listening"));
        assert_eq!(
            lines.iter().map(|line| without_timestamp(line)).collect::<Vec<_>>(),
            [r#""level":"INFO","message":"listening","service":"api-test","request_id":null,"port":8004}"#]
        );
    }

    #[test]
    fn a_time_is_written_as_chrono_writes_it_within_a_second_and_beyond() {
        let mut clock = Clock::default();
        for micros in [0, 1, 999_999, 1_000_000, 1_000_001, 1_796_000_000_123_456, 999_999] {
            let time = DateTime::from_timestamp_micros(micros).expect("within range");
            let mut written = Vec::new();
            clock.write(&mut written, time);
            let expected = time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
            assert_eq!(String::from_utf8(written).expect("ASCII"), expected);
        }
    }

    #[test]
    fn a_request_s_line_has_its_members_next_whatever_the_order_of_recording() {
        let lines = lines(|| {
            let span =
                tracing::info_span!("request", endpoint = "/", request_id = "r-1", method = "GET", peer = 7);
            let _entered = span.enter();
            let backend = tracing::info_span!("backend", backend = "redis", operation = "get");
            let _backend = backend.enter();
            tracing::warn!(duration_ms = 1.5, cached = true, status = 200_u16, "answered");
        });
        assert_eq!(
            without_timestamp(&lines[0]),
            concat!(
                r#""level":"WARN","message":"answered","service":"api-test","request_id":"r-1","#,
                r#""method":"GET","endpoint":"/","status":200,"duration_ms":1.5,"#,
                r#""cached":true,"backend":"redis","operation":"get","peer":7}"#
            )
        );
    }

    #[test]
    fn fields_recorded_later_are_there_and_the_nearest_value_of_a_name_wins() {
        let lines = lines(|| {
            let span = tracing::info_span!("request", status = tracing::field::Empty, attempt = 1);
            let _entered = span.enter();
            span.record("status", 503);
            tracing::info!(attempt = 2, "answered");
        });
        assert!(lines[0].contains(r#""status":503,"attempt":2}"#), "{}", lines[0]);
    }

    #[test]
    fn a_field_cannot_take_the_place_of_a_fixed_member() {
        let lines = lines(|| tracing::info!(service = "other", level = "none", timestamp = "now", "hello"));
        assert_eq!(
            without_timestamp(&lines[0]),
            r#""level":"INFO","message":"hello","service":"api-test","request_id":null}"#
        );
    }

    #[test]
    fn the_place_of_a_library_s_log_record_is_left_out() {
        let lines = lines(|| tracing::info!(log.file = "/home/me/lib.rs", log.line = 7, depth = 1, "hello"));
        assert!(lines[0].ends_with(r#""request_id":null,"depth":1}"#), "{}", lines[0]);
    }

    #[test]
    fn the_trace_stands_after_the_members_of_a_request_and_what_is_for_traces_alone_is_left_out() {
        let lines = lines(|| {
            let span = tracing::info_span!(
                "request",
                trace_id = "t-1",
                request_id = "r-1",
                "http.route" = "/",
                "error.type" = tracing::field::Empty
            );
            let _entered = span.enter();
            span.record("error.type", "timeout");
            tracing::info!(endpoint = "/", duration_ms = 1.5, db.statement = "SELECT 1", "answered");
        });
        assert!(
            lines[0]
                .ends_with(r#""endpoint":"/","duration_ms":1.5,"trace_id":"t-1","db.statement":"SELECT 1"}"#),
            "{}",
            lines[0]
        );
    }

    #[test]
    fn an_error_is_written_with_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("the query failed")]
        struct Failed(#[source] io::Error);
        let lines = lines(|| {
            let error = Failed(io::Error::other("the pipe broke"));
            tracing::error!(error = &error as &(dyn Error + 'static), "a request failed");
        });
        assert_eq!(object(&lines[0])["error"], "the query failed: the pipe broke");
    }

    #[test]
    fn numbers_that_json_does_not_have_are_null() {
        let lines = lines(|| tracing::info!(ratio = f64::NAN, "divided"));
        assert_eq!(object(&lines[0])["ratio"], serde_json::Value::Null);
    }

    proptest! {
        #[test]
        fn any_text_is_one_line_and_reads_back_as_it_was(text in "\\PC{0,20}|[\\x00-\\x1f\"\\\\\u{2028}]{0,10}") {
            let lines = lines(|| tracing::info!(text = text.as_str(), "{text}"));
            prop_assert_eq!(lines.len(), 1);
            let line = object(&lines[0]);
            prop_assert_eq!(line["message"].as_str(), Some(text.as_str()));
            prop_assert_eq!(line["text"].as_str(), Some(text.as_str()));
        }
    }
}
