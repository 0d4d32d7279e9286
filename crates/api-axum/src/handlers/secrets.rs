//! Secrets of Vault, masked.

use axum::Json;
use axum::extract::State;
use contract::{SecretKey, SecretName};
use service::SecretService;
use wire_code::{
    InputErrors, SecretKeyNotFound, SecretKeyResponse, SecretNotFound, SecretResponse, VaultUnavailable,
};

use crate::errors::ApiResult;
use crate::extract::{SecretKeyPath, SecretNamePath};

/// Read a secret; every sensitive value is masked.
#[utoipa::path(
    get, path = "/examples/vault/secret/{service_name}", tag = "vault", operation_id = "get_secret",
    params(("service_name" = SecretName, Path, description = "Name of the secret below `secret/`.")),
    responses(
        (status = 200, description = "The secret, masked.", body = SecretResponse),
        InputErrors, SecretNotFound, VaultUnavailable,
    )
)]
pub(crate) async fn get_secret(
    State(secrets): State<SecretService>,
    SecretNamePath(name): SecretNamePath,
) -> ApiResult<Json<SecretResponse>> {
    let secret = secrets.get(&name).await?;
    Ok(Json(SecretResponse::new(name, secret)))
}

/// Read one member of a secret; a sensitive value is masked.
#[utoipa::path(
    get, path = "/examples/vault/secret/{service_name}/{key}", tag = "vault", operation_id = "get_secret_key",
    params(
        ("service_name" = SecretName, Path, description = "Name of the secret below `secret/`."),
        ("key" = SecretKey, Path, description = "Name of a member of the secret."),
    ),
    responses(
        (status = 200, description = "The member, masked.", body = SecretKeyResponse),
        InputErrors, SecretKeyNotFound, VaultUnavailable,
    )
)]
pub(crate) async fn get_secret_key(
    State(secrets): State<SecretService>,
    SecretKeyPath((name, key)): SecretKeyPath,
) -> ApiResult<Json<SecretKeyResponse>> {
    let value = secrets.get_key(&name, &key).await?;
    Ok(Json(SecretKeyResponse::new(name, key, value)))
}
