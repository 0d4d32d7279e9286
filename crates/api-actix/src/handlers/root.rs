//! The front page.

use actix_web::route;
use actix_web::web::{Data, Json};
use wire_code::RootResponse;

use crate::state::AppState;

/// Say what this server is and where its parts are.
#[utoipa::path(
    get, path = "/", tag = "service", operation_id = "get_root",
    responses((status = 200, description = "The front page.", body = RootResponse))
)]
#[route("/", method = "GET", method = "HEAD")]
pub(crate) async fn get_root(state: Data<AppState>) -> Json<RootResponse> {
    let identity = state.server.identity;
    Json(RootResponse::new(identity.name, identity.version, identity.framework, identity.approach))
}
