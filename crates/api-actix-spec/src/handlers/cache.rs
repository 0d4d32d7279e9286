//! Keys of the Redis Cluster, on whichever node holds them.

use actix_web::web::Data;
use wire_spec::inputs::{DeleteCache, GetCache, SetCache};
use wire_spec::types::{CacheDelete, CacheEntry};

use crate::errors::failed;
use crate::extract::Input;
use crate::generated::responses::{DeleteCacheResponse, GetCacheResponse, SetCacheResponse};
use crate::state::AppState;

/// Read a key with its remaining life.
pub(crate) async fn get_cache(state: Data<AppState>, Input(input): Input<GetCache>) -> GetCacheResponse {
    match state.services.cache.get(&input.key).await {
        Ok(found) => GetCacheResponse::Ok(CacheEntry::new(input.key, found)),
        Err(error) => failed(error),
    }
}

/// Write a key, with a life if one is given.
pub(crate) async fn set_cache(state: Data<AppState>, Input(input): Input<SetCache>) -> SetCacheResponse {
    match state.services.cache.set(&input.key, &input.value, input.ttl).await {
        Ok(()) => SetCacheResponse::Ok(input.into()),
        Err(error) => failed(error),
    }
}

/// Delete a key.
pub(crate) async fn delete_cache(
    state: Data<AppState>,
    Input(input): Input<DeleteCache>,
) -> DeleteCacheResponse {
    match state.services.cache.delete(&input.key).await {
        Ok(deleted) => DeleteCacheResponse::Ok(CacheDelete::new(input.key, deleted)),
        Err(error) => failed(error),
    }
}
