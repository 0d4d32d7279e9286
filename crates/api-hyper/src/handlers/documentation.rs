//! The document that this server answers by, and two readers of it.

use std::borrow::Cow;

use contract::Problem;
use hyper::header::HeaderValue;
use server::document::{self, Asset};

use crate::errors::{Answer, ApiResult};
use crate::interpreter::FileByName;
use crate::state::AppState;

/// Give the document as JSON.
pub(crate) fn get_openapi_json(state: &AppState, (): ()) -> ApiResult<Answer> {
    send(state.server().documents.json.clone())
}

/// Give the document as YAML.
pub(crate) fn get_openapi_yaml(state: &AppState, (): ()) -> ApiResult<Answer> {
    send(state.server().documents.yaml.clone())
}

/// Show the document with Swagger UI.
pub(crate) fn get_docs(_: &AppState, (): ()) -> ApiResult<Answer> {
    send(document::swagger_page())
}

/// Show the document with Redoc.
pub(crate) fn get_redoc(_: &AppState, (): ()) -> ApiResult<Answer> {
    send(document::redoc_page())
}

/// Gives a file of one of the two; it belongs to the page and is no operation of the contract.
pub(crate) fn get_file(file: FileByName, path: &str) -> ApiResult<Answer> {
    let name = path.rsplit('/').next().unwrap_or_default();
    send(file(name).ok_or(Problem::RouteNotFound)?)
}

fn send(Asset { content_type, bytes }: Asset) -> ApiResult<Answer> {
    let content_type = HeaderValue::try_from(&*content_type).map_err(|_| Problem::Internal)?;
    Ok(match bytes {
        Cow::Borrowed(bytes) => Answer::new(content_type, bytes),
        Cow::Owned(bytes) => Answer::new(content_type, bytes),
    })
}
