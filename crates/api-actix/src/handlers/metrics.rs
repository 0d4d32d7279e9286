//! The metrics of this server.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, route};
use contract::headers::PROMETHEUS_TEXT;
use wire_code::MetricsText;

use crate::state::AppState;

/// Give the metrics of this server in the Prometheus text format.
#[utoipa::path(
    get, path = "/metrics", tag = "service", operation_id = "get_metrics",
    responses((
        status = 200, description = "The metrics.", body = MetricsText,
        content_type = "text/plain; version=0.0.4; charset=utf-8"
    ))
)]
#[route("/metrics", method = "GET", method = "HEAD")]
pub(crate) async fn get_metrics(state: Data<AppState>) -> HttpResponse {
    state.services.observe_breakers();
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, PROMETHEUS_TEXT))
        .body(state.server.metrics.render())
}
