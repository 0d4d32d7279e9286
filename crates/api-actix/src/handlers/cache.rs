//! Keys of the Redis Cluster, on whichever node holds them.

use actix_web::route;
use actix_web::web::{Data, Json};
use contract::input::SetCache;
use contract::{CacheKey, CacheTtl, CacheValue};
use wire_code::{CacheDelete, CacheEntry, CacheSet, CacheUnavailable, InputErrors};

use crate::errors::ApiResult;
use crate::extract::{CacheKeyPath, SetCacheInput};
use crate::state::AppState;

/// Read a key with its remaining life.
#[utoipa::path(
    get, path = "/{key}", tag = "cache", operation_id = "get_cache",
    params(("key" = CacheKey, Path, description = "The key.")),
    responses(
        (status = 200, description = "The key as it is now.", body = CacheEntry),
        InputErrors, CacheUnavailable,
    )
)]
#[route("/{key}", method = "GET", method = "HEAD")]
pub(crate) async fn get_cache(state: Data<AppState>, key: CacheKeyPath) -> ApiResult<Json<CacheEntry>> {
    let CacheKeyPath(key) = key;
    let found = state.services.cache.get(&key).await?;
    Ok(Json(CacheEntry::new(key, found)))
}

/// Write a key, with a life if one is given.
#[utoipa::path(
    post, path = "/{key}", tag = "cache", operation_id = "set_cache",
    params(
        ("key" = CacheKey, Path, description = "The key."),
        ("value" = CacheValue, Query, description = "The value; it may be empty."),
        ("ttl" = Option<CacheTtl>, Query, description = "Life of the key in whole seconds; without it the key stays."),
    ),
    responses(
        (status = 200, description = "The key was written.", body = CacheSet),
        InputErrors, CacheUnavailable,
    )
)]
#[route("/{key}", method = "POST")]
pub(crate) async fn set_cache(state: Data<AppState>, input: SetCacheInput) -> ApiResult<Json<CacheSet>> {
    let SetCacheInput(SetCache { key, value, ttl }) = input;
    state.services.cache.set(&key, &value, ttl).await?;
    Ok(Json(CacheSet::new(key, value, ttl)))
}

/// Delete a key.
#[utoipa::path(
    delete, path = "/{key}", tag = "cache", operation_id = "delete_cache",
    params(("key" = CacheKey, Path, description = "The key.")),
    responses(
        (status = 200, description = "The key is not there any more.", body = CacheDelete),
        InputErrors, CacheUnavailable,
    )
)]
#[route("/{key}", method = "DELETE")]
pub(crate) async fn delete_cache(state: Data<AppState>, key: CacheKeyPath) -> ApiResult<Json<CacheDelete>> {
    let CacheKeyPath(key) = key;
    let deleted = state.services.cache.delete(&key).await?;
    Ok(Json(CacheDelete::new(key, deleted)))
}
