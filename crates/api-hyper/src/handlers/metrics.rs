//! The metrics of this server.

use contract::headers::PROMETHEUS_TEXT;
use hyper::header::HeaderValue;

use crate::errors::{Answer, ApiResult};
use crate::state::AppState;

/// Give the metrics of this server in the Prometheus text format.
#[expect(clippy::unnecessary_wraps, reason = "all handlers have one form")]
pub(crate) fn get_metrics(state: &AppState, (): ()) -> ApiResult<Answer> {
    state.services().observe_breakers();
    Ok(Answer::new(HeaderValue::from_static(PROMETHEUS_TEXT), state.server().metrics.render()))
}
