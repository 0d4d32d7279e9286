//! The front page.

use axum::extract::State;
use server::ServerIdentity;
use wire_spec::types::RootResponse;

use crate::generated::responses::GetRootResponse;

/// Says what this server is and where its parts are.
pub(crate) async fn get_root(State(identity): State<&'static ServerIdentity>) -> GetRootResponse {
    let ServerIdentity { name, version, framework, approach, .. } = identity;
    GetRootResponse::Ok(RootResponse::new(name, version, framework, approach))
}
