//! This server's description of itself, and two readers of it.

use std::borrow::Cow;

use actix_web::http::header;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpResponse, route};
use contract::Problem;
use server::document::{self, Asset};
use wire_code::{HtmlPage, OpenapiDocument};

use crate::errors::ApiResult;
use crate::state::AppState;

/// Give the description of this server as JSON.
#[utoipa::path(
    get, path = "/openapi.json", tag = "documentation", operation_id = "get_openapi_json",
    responses((status = 200, description = "The description.", body = OpenapiDocument))
)]
#[route("/openapi.json", method = "GET", method = "HEAD")]
pub(crate) async fn get_openapi_json(state: Data<AppState>) -> HttpResponse {
    send(state.server.documents.json.clone())
}

/// Give the description of this server as YAML.
#[utoipa::path(
    get, path = "/openapi.yaml", tag = "documentation", operation_id = "get_openapi_yaml",
    responses((
        status = 200, description = "The description.", body = OpenapiDocument, content_type = "application/yaml"
    ))
)]
#[route("/openapi.yaml", method = "GET", method = "HEAD")]
pub(crate) async fn get_openapi_yaml(state: Data<AppState>) -> HttpResponse {
    send(state.server.documents.yaml.clone())
}

/// Show the description with Swagger UI.
#[utoipa::path(
    get, path = "/docs", tag = "documentation", operation_id = "get_docs",
    responses((
        status = 200, description = "The page.", body = HtmlPage, content_type = "text/html; charset=utf-8"
    ))
)]
#[route("/docs", method = "GET", method = "HEAD")]
pub(crate) async fn get_docs() -> HttpResponse {
    send(document::swagger_page())
}

/// Show the description with Redoc.
#[utoipa::path(
    get, path = "/redoc", tag = "documentation", operation_id = "get_redoc",
    responses((
        status = 200, description = "The page.", body = HtmlPage, content_type = "text/html; charset=utf-8"
    ))
)]
#[route("/redoc", method = "GET", method = "HEAD")]
pub(crate) async fn get_redoc() -> HttpResponse {
    send(document::redoc_page())
}

/// Gives a file of Swagger UI; it belongs to the page and is no operation of the contract.
#[route("/docs/{file}", method = "GET", method = "HEAD")]
pub(crate) async fn get_docs_file(file: Path<String>) -> ApiResult<HttpResponse> {
    Ok(send(document::swagger_file(&file).ok_or(Problem::RouteNotFound)?))
}

/// Gives a file of Redoc; it belongs to the page and is no operation of the contract.
#[route("/redoc/{file}", method = "GET", method = "HEAD")]
pub(crate) async fn get_redoc_file(file: Path<String>) -> ApiResult<HttpResponse> {
    Ok(send(document::redoc_file(&file).ok_or(Problem::RouteNotFound)?))
}

fn send(asset: Asset) -> HttpResponse {
    let bytes = match asset.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, asset.content_type.as_ref())).body(bytes)
}
