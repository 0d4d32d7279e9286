//! The metrics of this server.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use contract::headers::PROMETHEUS_TEXT;
use server::metrics::Metrics;
use service::Services;
use wire_code::MetricsText;

/// Give the metrics of this server in the Prometheus text format.
#[utoipa::path(
    get, path = "/metrics", tag = "service", operation_id = "get_metrics",
    responses((
        status = 200, description = "The metrics.", body = MetricsText,
        content_type = "text/plain; version=0.0.4; charset=utf-8"
    ))
)]
pub(crate) async fn get_metrics(
    State(services): State<Services>,
    State(metrics): State<Metrics>,
) -> impl IntoResponse {
    services.observe_breakers();
    ([(header::CONTENT_TYPE, PROMETHEUS_TEXT)], metrics.render())
}
