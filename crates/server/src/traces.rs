//! Traces: the span of a request, which joins the caller's trace, and the names that its facts have in it.
//!
//! A server's middleware makes the span by [`request_span`], works inside it, and ends by [`answered`]. Calls to
//! backends become its children by themselves: `integrations` has a span around each.
//!
//! Names and values follow OpenTelemetry's semantic conventions. The path is left out of a span, because it holds
//! names that the caller chose.

use contract::{RequestId, TraceParent, metrics};
use tracing::Span;
use tracing::field::{Empty, display};

use crate::metrics::InFlight;

/// What a trace calls a method that the contract does not know.
const OTHER_METHOD: &str = "_OTHER";
/// The first status that is the server's fault, and makes the span one that failed.
const FIRST_FAULT: u16 = 500;

/// The span around one request, from its first check to its answer.
///
/// Every line that is logged inside has `request_id`, and `trace_id` when the caller has a trace. The span's level is
/// the highest, so that a filter that lets only errors through does not take the ids off their lines.
pub fn request_span(request: &InFlight, request_id: &RequestId, parent: Option<TraceParent>) -> Span {
    let method = if request.method() == metrics::OTHER_METHOD { OTHER_METHOD } else { request.method() };
    let route = Some(request.endpoint()).filter(|endpoint| *endpoint != metrics::UNMATCHED);
    let trace_id = parent.map(|parent| display(parent.trace_id()));
    tracing::error_span!(
        "request",
        request_id = request_id.as_str(),
        trace_id,
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        error.type = Empty,
    )
}

/// Says in the span of a request how it was answered.
///
/// `error` is the name in the error envelope, where the answer is one.
pub fn answered(span: &Span, status: u16, error: Option<&'static str>) {
    span.record("http.response.status_code", status);
    if status >= FIRST_FAULT {
        span.record("otel.status_code", "ERROR");
        // The fault of `/health/ready` alone has no name.
        span.record("error.type", error.unwrap_or("unhealthy"));
    }
}
