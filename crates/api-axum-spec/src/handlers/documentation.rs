//! The document that this server is generated from, and two readers of it.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use contract::Problem;
use server::document::{self, Asset};

use crate::app::CONTRACT;
use crate::errors::ApiResult;
use crate::extract::FileName;
use crate::generated::responses::{
    GetDocsResponse, GetOpenapiJsonResponse, GetOpenapiYamlResponse, GetRedocResponse,
};
use crate::state::AppState;

/// Gives the contract as JSON.
pub(crate) async fn get_openapi_json(State(state): State<AppState>) -> GetOpenapiJsonResponse {
    GetOpenapiJsonResponse::Ok(state.server().documents.json.bytes.clone().into())
}

/// Gives the contract as it was written.
pub(crate) async fn get_openapi_yaml() -> GetOpenapiYamlResponse {
    GetOpenapiYamlResponse::Ok(CONTRACT.into())
}

/// Shows the contract with Swagger UI.
pub(crate) async fn get_docs() -> GetDocsResponse {
    GetDocsResponse::Ok(document::swagger_page().bytes.into())
}

/// Shows the contract with Redoc.
pub(crate) async fn get_redoc() -> GetRedocResponse {
    GetRedocResponse::Ok(document::redoc_page().bytes.into())
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
