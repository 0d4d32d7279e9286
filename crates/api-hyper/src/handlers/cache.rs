//! Keys of the Redis Cluster, on whichever node holds them.

use wire_spec::types::{CacheDelete, CacheEntry, CacheSet, CacheSetAction};

use crate::errors::{Answer, ApiResult};
use crate::extract::{CacheKeyInput, SetCacheInput};
use crate::state::AppState;

/// Read a key with its remaining life.
pub(crate) async fn get_cache(state: &AppState, CacheKeyInput { key }: CacheKeyInput) -> ApiResult<Answer> {
    let found = state.services().cache.get(&key).await?;
    Answer::json(&CacheEntry::new(key, found))
}

/// Write a key, with a life if one is given.
pub(crate) async fn set_cache(
    state: &AppState,
    SetCacheInput { key, value, ttl }: SetCacheInput,
) -> ApiResult<Answer> {
    state.services().cache.set(&key, &value, ttl).await?;
    let ttl = ttl.map(|ttl| ttl.seconds().into());
    Answer::json(&CacheSet { key, value, ttl, action: CacheSetAction::default() })
}

/// Delete a key.
pub(crate) async fn delete_cache(
    state: &AppState,
    CacheKeyInput { key }: CacheKeyInput,
) -> ApiResult<Answer> {
    let deleted = state.services().cache.delete(&key).await?;
    Answer::json(&CacheDelete::new(key, deleted))
}
