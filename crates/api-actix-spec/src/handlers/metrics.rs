//! The metrics of this server.

use actix_web::web::Data;

use crate::generated::responses::GetMetricsResponse;
use crate::state::AppState;

/// Give the metrics of this server in the Prometheus text format.
pub(crate) async fn get_metrics(state: Data<AppState>) -> GetMetricsResponse {
    state.services.observe_breakers();
    GetMetricsResponse::Ok(state.server.metrics.render().into())
}
