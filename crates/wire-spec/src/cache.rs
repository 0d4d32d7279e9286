//! Cache entries.

use contract::CacheKey;

use crate::inputs;
use crate::types::{
    CacheDelete, CacheDeleteAction, CacheEntry, CacheEntryTtl, CacheEntryTtlNoExpiration, CacheSet,
    CacheSetAction,
};

impl CacheEntry {
    /// What was found under `key`.
    pub fn new(key: CacheKey, found: Option<service::CacheEntry>) -> Self {
        let exists = found.is_some();
        let (value, ttl) = found.map(|entry| (entry.value.into(), remaining_life(entry.ttl))).unzip();
        Self { key, value, exists, ttl }
    }
}

fn remaining_life(seconds: Option<u64>) -> CacheEntryTtl {
    seconds.map_or(CacheEntryTtl::NoExpiration(CacheEntryTtlNoExpiration::default()), CacheEntryTtl::Integer)
}

impl From<inputs::SetCache> for CacheSet {
    /// What was written.
    fn from(input: inputs::SetCache) -> Self {
        let ttl = input.ttl.map(|ttl| ttl.seconds().into());
        Self { key: input.key, value: input.value, ttl, action: CacheSetAction::default() }
    }
}

impl CacheDelete {
    /// What was deleted.
    pub fn new(key: CacheKey, deleted: bool) -> Self {
        Self { key, deleted, action: CacheDeleteAction::default() }
    }
}
