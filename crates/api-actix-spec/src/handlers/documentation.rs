//! The document that this server is made from, and two readers of it.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use contract::Problem;
use server::document::{self, Asset};

use crate::errors::{ApiResult, method_not_allowed};
use crate::generated::responses::{
    GetDocsResponse, GetOpenapiJsonResponse, GetOpenapiYamlResponse, GetRedocResponse,
};
use crate::state::AppState;

/// Give the document as JSON.
pub(crate) async fn get_openapi_json(state: Data<AppState>) -> GetOpenapiJsonResponse {
    GetOpenapiJsonResponse::Ok(bytes(state.server.documents.json.clone()))
}

/// Give the document as YAML.
pub(crate) async fn get_openapi_yaml(state: Data<AppState>) -> GetOpenapiYamlResponse {
    GetOpenapiYamlResponse::Ok(bytes(state.server.documents.yaml.clone()))
}

/// Show the document with Swagger UI.
pub(crate) async fn get_docs() -> GetDocsResponse {
    GetDocsResponse::Ok(bytes(document::swagger_page()))
}

/// Show the document with Redoc.
pub(crate) async fn get_redoc() -> GetRedocResponse {
    GetRedocResponse::Ok(bytes(document::redoc_page()))
}

/// Registers the files of the two pages; they belong to the pages and are no operations of the contract.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/docs/{file}")
                .route(web::get().to(get_docs_file))
                .route(web::head().to(get_docs_file))
                .default_service(web::to(method_not_allowed)),
        )
        .service(
            web::resource("/redoc/{file}")
                .route(web::get().to(get_redoc_file))
                .route(web::head().to(get_redoc_file))
                .default_service(web::to(method_not_allowed)),
        );
}

async fn get_docs_file(file: Path<String>) -> ApiResult<HttpResponse> {
    Ok(send(document::swagger_file(&file).ok_or(Problem::RouteNotFound)?))
}

async fn get_redoc_file(file: Path<String>) -> ApiResult<HttpResponse> {
    Ok(send(document::redoc_file(&file).ok_or(Problem::RouteNotFound)?))
}

fn send(asset: Asset) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, asset.content_type.as_ref())).body(bytes(asset))
}

fn bytes(asset: Asset) -> Bytes {
    match asset.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    }
}
