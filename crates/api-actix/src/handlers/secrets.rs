//! Secrets of Vault, masked.

use actix_web::route;
use actix_web::web::{Data, Json};
use contract::{SecretKey, SecretName};
use wire_code::{
    InputErrors, SecretKeyNotFound, SecretKeyResponse, SecretNotFound, SecretResponse, VaultUnavailable,
};

use crate::errors::ApiResult;
use crate::extract::{SecretKeyPath, SecretNamePath};
use crate::state::AppState;

/// Read a secret; every sensitive value is masked.
#[utoipa::path(
    get, path = "/{service_name}", tag = "vault", operation_id = "get_secret",
    params(("service_name" = SecretName, Path, description = "Name of the secret below `secret/`.")),
    responses(
        (status = 200, description = "The secret, masked.", body = SecretResponse),
        InputErrors, SecretNotFound, VaultUnavailable,
    )
)]
#[route("/{service_name}", method = "GET", method = "HEAD")]
pub(crate) async fn get_secret(
    state: Data<AppState>,
    name: SecretNamePath,
) -> ApiResult<Json<SecretResponse>> {
    let SecretNamePath(name) = name;
    let secret = state.services.secrets.get(&name).await?;
    Ok(Json(SecretResponse::new(name, secret)))
}

/// Read one member of a secret; a sensitive value is masked.
#[utoipa::path(
    get, path = "/{service_name}/{key}", tag = "vault", operation_id = "get_secret_key",
    params(
        ("service_name" = SecretName, Path, description = "Name of the secret below `secret/`."),
        ("key" = SecretKey, Path, description = "Name of a member of the secret."),
    ),
    responses(
        (status = 200, description = "The member, masked.", body = SecretKeyResponse),
        InputErrors, SecretKeyNotFound, VaultUnavailable,
    )
)]
#[route("/{service_name}/{key}", method = "GET", method = "HEAD")]
pub(crate) async fn get_secret_key(
    state: Data<AppState>,
    path: SecretKeyPath,
) -> ApiResult<Json<SecretKeyResponse>> {
    let SecretKeyPath((name, key)) = path;
    let value = state.services.secrets.get_key(&name, &key).await?;
    Ok(Json(SecretKeyResponse::new(name, key, value)))
}
