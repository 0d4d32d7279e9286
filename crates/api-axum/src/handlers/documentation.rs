//! This server's description of itself, and two readers of it.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use contract::Problem;
use server::document::{self, Asset};
use wire_code::{HtmlPage, OpenapiDocument};

use crate::errors::ApiResult;
use crate::extract::FileName;
use crate::state::AppState;

/// Give the description of this server as JSON.
#[utoipa::path(
    get, path = "/openapi.json", tag = "documentation", operation_id = "get_openapi_json",
    responses((status = 200, description = "The description.", body = OpenapiDocument))
)]
pub(crate) async fn get_openapi_json(State(state): State<AppState>) -> impl IntoResponse {
    send(state.server().documents.json.clone())
}

/// Give the description of this server as YAML.
#[utoipa::path(
    get, path = "/openapi.yaml", tag = "documentation", operation_id = "get_openapi_yaml",
    responses((
        status = 200, description = "The description.", body = OpenapiDocument, content_type = "application/yaml"
    ))
)]
pub(crate) async fn get_openapi_yaml(State(state): State<AppState>) -> impl IntoResponse {
    send(state.server().documents.yaml.clone())
}

/// Show the description with Swagger UI.
#[utoipa::path(
    get, path = "/docs", tag = "documentation", operation_id = "get_docs",
    responses((
        status = 200, description = "The page.", body = HtmlPage, content_type = "text/html; charset=utf-8"
    ))
)]
pub(crate) async fn get_docs() -> impl IntoResponse {
    send(document::swagger_page())
}

/// Show the description with Redoc.
#[utoipa::path(
    get, path = "/redoc", tag = "documentation", operation_id = "get_redoc",
    responses((
        status = 200, description = "The page.", body = HtmlPage, content_type = "text/html; charset=utf-8"
    ))
)]
pub(crate) async fn get_redoc() -> impl IntoResponse {
    send(document::redoc_page())
}

/// Gives a file of Swagger UI; it belongs to the page and is no operation of the contract.
pub(crate) async fn get_docs_file(FileName(file): FileName) -> ApiResult<impl IntoResponse> {
    Ok(send(document::swagger_file(&file).ok_or(Problem::RouteNotFound)?))
}

/// Gives a file of Redoc; it belongs to the page and is no operation of the contract.
pub(crate) async fn get_redoc_file(FileName(file): FileName) -> ApiResult<impl IntoResponse> {
    Ok(send(document::redoc_file(&file).ok_or(Problem::RouteNotFound)?))
}

fn send(asset: Asset) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, asset.content_type.into_owned())], asset.bytes)
}
