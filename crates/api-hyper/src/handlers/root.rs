//! The front page.

use server::ServerIdentity;
use wire_spec::types::RootResponse;

use crate::errors::{Answer, ApiResult};
use crate::state::AppState;

/// Say what this server is and where its parts are.
pub(crate) fn get_root(state: &AppState, (): ()) -> ApiResult<Answer> {
    let ServerIdentity { name, version, framework, approach, .. } = *state.server().identity;
    let path_of = |id: &str| state.table().path_of(id);
    Answer::json(&RootResponse::with_paths(path_of, name, version, framework, approach))
}
