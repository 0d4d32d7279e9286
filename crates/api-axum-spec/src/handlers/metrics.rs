//! The metrics of this server.

use axum::extract::State;
use server::metrics::Metrics;
use service::Services;

use crate::generated::responses::GetMetricsResponse;

/// Gives the metrics of this server in the Prometheus text format.
pub(crate) async fn get_metrics(
    State(services): State<Services>,
    State(metrics): State<Metrics>,
) -> GetMetricsResponse {
    services.observe_breakers();
    GetMetricsResponse::Ok(metrics.render().into())
}
