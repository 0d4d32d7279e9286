//! Secrets of Vault, masked.

use wire_spec::types::{SecretKeyResponse, SecretResponse};

use crate::errors::{Answer, ApiResult};
use crate::extract::{SecretKeyInput, SecretNameInput};
use crate::state::AppState;

/// Read a secret; every sensitive value is masked.
pub(crate) async fn get_secret(
    state: &AppState,
    SecretNameInput { service_name: name }: SecretNameInput,
) -> ApiResult<Answer> {
    let secret = state.services().secrets.get(&name).await?;
    Answer::json(&SecretResponse::new(name, &secret))
}

/// Read one member of a secret; a sensitive value is masked.
pub(crate) async fn get_secret_key(
    state: &AppState,
    SecretKeyInput { service_name: name, key }: SecretKeyInput,
) -> ApiResult<Answer> {
    let value = state.services().secrets.get_key(&name, &key).await?;
    Answer::json(&SecretKeyResponse::new(name, key, value))
}
