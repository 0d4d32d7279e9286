//! Keys of the Redis Cluster, on whichever node holds them.

use axum::extract::State;
use service::CacheService;
use wire_spec::inputs::{DeleteCache, GetCache, SetCache};
use wire_spec::types::{CacheDelete, CacheEntry};

use crate::errors::Answer;
use crate::extract::Input;
use crate::generated::responses::{DeleteCacheResponse, GetCacheResponse, SetCacheResponse};

/// Reads a key with its remaining life.
pub(crate) async fn get_cache(
    State(cache): State<CacheService>,
    Input(input): Input<GetCache>,
) -> Answer<GetCacheResponse> {
    let found = cache.get(&input.key).await?;
    Ok(GetCacheResponse::Ok(CacheEntry::new(input.key, found)))
}

/// Writes a key, with a life if one is given.
pub(crate) async fn set_cache(
    State(cache): State<CacheService>,
    Input(input): Input<SetCache>,
) -> Answer<SetCacheResponse> {
    cache.set(&input.key, &input.value, input.ttl).await?;
    Ok(SetCacheResponse::Ok(input.into()))
}

/// Deletes a key.
pub(crate) async fn delete_cache(
    State(cache): State<CacheService>,
    Input(input): Input<DeleteCache>,
) -> Answer<DeleteCacheResponse> {
    let deleted = cache.delete(&input.key).await?;
    Ok(DeleteCacheResponse::Ok(CacheDelete::new(input.key, deleted)))
}
