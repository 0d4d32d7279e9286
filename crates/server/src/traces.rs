//! Traces: the span of a request, which joins the caller's trace, and the names that its facts have in it.
//!
//! A server's middleware works inside the span of its [`Exchange`](crate::Exchange). Calls to backends become its children
//! by themselves: `integrations` has a span around each. Spans leave the process when an [`Exporter`] is there.
//!
//! Names and values follow OpenTelemetry's semantic conventions. The path is left out of a span, because it holds
//! names that the caller chose.

mod export;

use std::sync::atomic::{AtomicBool, Ordering};

use contract::{RequestId, TraceParent, metrics};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing::field::{Empty, display};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

pub use export::{ExportError, Exporter};

use crate::metrics::InFlight;

/// What a trace calls a method that the contract does not know; the name of its span is `HTTP`.
const OTHER_METHOD: &str = "_OTHER";
/// The first status that is the server's fault, and makes the span one that failed.
const FIRST_FAULT: u16 = 500;

/// Whether the process's subscriber has the layer of an [`Exporter`]; without it, nobody reads what a trace would have.
static EXPORTING: AtomicBool = AtomicBool::new(false);

pub(crate) fn exporting() {
    EXPORTING.store(true, Ordering::Relaxed);
}

/// The span around one request, from its first check to its answer.
///
/// Every line that is logged inside has `request_id`, and `trace_id` when the caller has a trace or traces are
/// exported. The span's level is the highest, so that a filter that lets only errors through does not take the ids off
/// their lines.
pub(crate) fn request_span(request: &InFlight, request_id: &RequestId, parent: Option<TraceParent>) -> Span {
    let trace_id = parent.map(|parent| display(parent.trace_id()));
    let span = tracing::error_span!(
        "request",
        request_id = request_id.as_str(),
        trace_id,
        otel.kind = "server",
        otel.name = Empty,
        otel.status_code = Empty,
        http.request.method = Empty,
        http.route = Empty,
        http.response.status_code = Empty,
        error.type = Empty,
    );
    if EXPORTING.load(Ordering::Relaxed) {
        describe(&span, request);
        join(&span, parent);
    }
    span
}

/// Says in the span of a request how it was answered.
///
/// `error` is the name in the error envelope, where the answer is one.
pub(crate) fn answered(span: &Span, status: u16, error: Option<&'static str>) {
    if EXPORTING.load(Ordering::Relaxed) {
        span.record("http.response.status_code", status);
        if status >= FIRST_FAULT {
            span.record("otel.status_code", "ERROR");
            // Only `/health/ready` fails without an envelope.
            span.record("error.type", error.unwrap_or("unhealthy"));
        }
    }
}

fn describe(span: &Span, request: &InFlight) {
    let route = Some(request.endpoint()).filter(|endpoint| *endpoint != metrics::UNMATCHED);
    let (method, name) = match request.method() {
        metrics::OTHER_METHOD => (OTHER_METHOD, "HTTP"),
        method => (method, method),
    };
    span.record("http.request.method", method);
    match route {
        Some(route) => {
            span.record("http.route", route);
            span.record("otel.name", format_args!("{name} {route}"));
        }
        None => {
            span.record("otel.name", name);
        }
    }
}

/// Puts the span into the caller's trace; without one it begins a trace of its own, whose id the log is told.
fn join(span: &Span, parent: Option<TraceParent>) {
    let Some(parent) = parent else {
        let id = span.context().span().span_context().trace_id();
        if id != TraceId::INVALID {
            span.record("trace_id", display(id));
        }
        return;
    };
    let caller = SpanContext::new(
        TraceId::from(parent.trace_id().get()),
        SpanId::from(parent.parent_id()),
        if parent.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED },
        true,
        TraceState::NONE,
    );
    // It fails when the subscriber has no such layer, which a test's may not have.
    let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(caller));
}
