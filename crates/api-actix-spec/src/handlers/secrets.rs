//! Secrets of Vault, masked.

use actix_web::web::Data;
use wire_spec::inputs::{GetSecret, GetSecretKey};
use wire_spec::types::{SecretKeyResponse, SecretResponse};

use crate::errors::not_found_or_failed;
use crate::extract::Input;
use crate::generated::responses::{GetSecretKeyResponse, GetSecretResponse};
use crate::state::AppState;

/// Read a secret; every sensitive value is masked.
pub(crate) async fn get_secret(state: Data<AppState>, Input(input): Input<GetSecret>) -> GetSecretResponse {
    match state.services.secrets.get(&input.service_name).await {
        Ok(secret) => GetSecretResponse::Ok(SecretResponse::new(input.service_name, &secret)),
        Err(error) => not_found_or_failed(error),
    }
}

/// Read one member of a secret; a sensitive value is masked.
pub(crate) async fn get_secret_key(
    state: Data<AppState>,
    Input(input): Input<GetSecretKey>,
) -> GetSecretKeyResponse {
    match state.services.secrets.get_key(&input.service_name, &input.key).await {
        Ok(value) => GetSecretKeyResponse::Ok(SecretKeyResponse::new(input.service_name, input.key, value)),
        Err(error) => not_found_or_failed(error),
    }
}
