//! Keys of the Redis Cluster, on whichever node holds them.

use axum::Json;
use axum::extract::State;
use contract::input::SetCache;
use contract::{CacheKey, CacheTtl, CacheValue};
use service::CacheService;
use wire_code::{CacheDelete, CacheEntry, CacheSet, CacheUnavailable, InputErrors};

use crate::errors::ApiResult;
use crate::extract::{CacheKeyPath, SetCacheInput};

/// Read a key with its remaining life.
#[utoipa::path(
    get, path = "/examples/cache/{key}", tag = "cache", operation_id = "get_cache",
    params(("key" = CacheKey, Path, description = "The key.")),
    responses(
        (status = 200, description = "The key as it is now.", body = CacheEntry),
        InputErrors, CacheUnavailable,
    )
)]
pub(crate) async fn get_cache(
    State(cache): State<CacheService>,
    CacheKeyPath(key): CacheKeyPath,
) -> ApiResult<Json<CacheEntry>> {
    let found = cache.get(&key).await?;
    Ok(Json(CacheEntry::new(key, found)))
}

/// Write a key, with a life if one is given.
#[utoipa::path(
    post, path = "/examples/cache/{key}", tag = "cache", operation_id = "set_cache",
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
pub(crate) async fn set_cache(
    State(cache): State<CacheService>,
    SetCacheInput(SetCache { key, value, ttl }): SetCacheInput,
) -> ApiResult<Json<CacheSet>> {
    cache.set(&key, &value, ttl).await?;
    Ok(Json(CacheSet::new(key, value, ttl)))
}

/// Delete a key.
#[utoipa::path(
    delete, path = "/examples/cache/{key}", tag = "cache", operation_id = "delete_cache",
    params(("key" = CacheKey, Path, description = "The key.")),
    responses(
        (status = 200, description = "The key is not there any more.", body = CacheDelete),
        InputErrors, CacheUnavailable,
    )
)]
pub(crate) async fn delete_cache(
    State(cache): State<CacheService>,
    CacheKeyPath(key): CacheKeyPath,
) -> ApiResult<Json<CacheDelete>> {
    let deleted = cache.delete(&key).await?;
    Ok(Json(CacheDelete::new(key, deleted)))
}
