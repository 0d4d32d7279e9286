//! The front page.

use actix_web::web::Data;
use wire_spec::types::RootResponse;

use crate::generated::responses::GetRootResponse;
use crate::state::AppState;

/// Say what this server is and where its parts are.
pub(crate) async fn get_root(state: Data<AppState>) -> GetRootResponse {
    let identity = state.server.identity;
    GetRootResponse::Ok(RootResponse::new(
        identity.name,
        identity.version,
        identity.framework,
        identity.approach,
    ))
}
