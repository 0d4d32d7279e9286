//! Secrets of Vault, masked.

use axum::extract::State;
use service::SecretService;
use wire_spec::inputs::{GetSecret, GetSecretKey};
use wire_spec::types::{SecretKeyResponse, SecretResponse};

use crate::errors::{Answer, not_found_or_failed};
use crate::extract::Input;
use crate::generated::responses::{GetSecretKeyResponse, GetSecretResponse};

/// Reads a secret; every sensitive value is masked.
pub(crate) async fn get_secret(
    State(secrets): State<SecretService>,
    Input(input): Input<GetSecret>,
) -> Answer<GetSecretResponse> {
    let secret = secrets.get(&input.service_name).await.map_err(not_found_or_failed)?;
    Ok(GetSecretResponse::Ok(SecretResponse::new(input.service_name, &secret)))
}

/// Reads one member of a secret; a sensitive value is masked.
pub(crate) async fn get_secret_key(
    State(secrets): State<SecretService>,
    Input(input): Input<GetSecretKey>,
) -> Answer<GetSecretKeyResponse> {
    let value = secrets.get_key(&input.service_name, &input.key).await.map_err(not_found_or_failed)?;
    Ok(GetSecretKeyResponse::Ok(SecretKeyResponse::new(input.service_name, input.key, value)))
}
