//! One request and its answer, as logs, metrics and traces are told of it.
//!
//! A server's middleware begins an [`Exchange`] with what the request says, works inside its span, and finishes it with
//! the answer.

use contract::{Problem, RequestId, TraceParent, headers, metrics};
use tracing::Span;

use crate::metrics::{HttpMetrics, InFlight};
use crate::traces;

/// A request that is being answered.
///
/// Dropped without [`Exchange::finish`], when the client went away in the middle, it leaves no log line, and of the
/// metrics only the count of requests in progress knows.
#[derive(Debug)]
#[must_use = "dropping it says that the request is over"]
pub struct Exchange {
    request_id: RequestId,
    span: Span,
    in_flight: InFlight,
}

impl Exchange {
    /// Takes over, or makes, the request's id, opens its span and counts it as in progress.
    ///
    /// `endpoint` is the template of its path, `None` where no route has it; `values` gives the values of a header, as
    /// they were sent.
    pub fn begin<'a, V: Iterator<Item = &'a [u8]>>(
        http_metrics: &HttpMetrics,
        endpoint: Option<&str>,
        method: &str,
        values: impl Fn(&'static str) -> V,
    ) -> Self {
        let in_flight = http_metrics.begin(endpoint.unwrap_or(metrics::UNMATCHED), method);
        let request_id = RequestId::from_header(values(headers::X_REQUEST_ID));
        let trace_parent = TraceParent::from_header(values(headers::TRACEPARENT));
        let span = traces::request_span(&in_flight, &request_id, trace_parent);
        Self { request_id, span, in_flight }
    }

    /// The id that the answer and every log line have.
    pub fn request_id(&self) -> &RequestId {
        &self.request_id
    }

    /// The span that everything belongs into which is done for the request.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Counts the answer, says in the span how it was, and writes the request's log line.
    ///
    /// `problem` is what the error envelope tells, where the answer is one.
    pub fn finish(self, status: u16, problem: Option<&Problem>) {
        let Self { span, in_flight, .. } = self;
        let error = problem.map(Problem::name);
        traces::answered(&span, status, error);
        let (method, endpoint) = (in_flight.method(), in_flight.endpoint());
        let elapsed = in_flight.finish(status, error);
        // Whole microseconds.
        let duration_ms = (elapsed.as_secs_f64() * 1e6).round() / 1e3;
        // The message as a field is a text, and not something to be formatted.
        let message = "request answered";
        span.in_scope(|| tracing::info!(message, method, endpoint, status, duration_ms));
    }
}
