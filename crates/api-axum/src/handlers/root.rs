//! The front page.

use axum::Json;
use axum::extract::State;
use server::ServerIdentity;
use wire_code::RootResponse;

/// Say what this server is and where its parts are.
#[utoipa::path(
    get, path = "/", tag = "service", operation_id = "get_root",
    responses((status = 200, description = "The front page.", body = RootResponse))
)]
pub(crate) async fn get_root(State(identity): State<&'static ServerIdentity>) -> Json<RootResponse> {
    Json(RootResponse::new(identity.name, identity.version, identity.framework, identity.approach))
}
