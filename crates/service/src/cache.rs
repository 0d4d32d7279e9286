//! Cache entries.

use contract::{CacheKey, CacheTtl, CacheValue};
use integrations::{CacheEntry, Redis};

use crate::Error;

/// Reads, writes and deletes cache entries.
#[derive(Debug, Clone)]
pub struct CacheService {
    redis: Redis,
}

impl CacheService {
    pub(crate) fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Reads an entry; `None` when there is none.
    ///
    /// # Errors
    /// [`Error::Backend`].
    pub async fn get(&self, key: &CacheKey) -> Result<Option<CacheEntry>, Error> {
        Ok(self.redis.get(key).await?)
    }

    /// Writes an entry, in place of any that was there.
    ///
    /// # Errors
    /// [`Error::Backend`].
    pub async fn set(&self, key: &CacheKey, value: &CacheValue, ttl: Option<CacheTtl>) -> Result<(), Error> {
        Ok(self.redis.set(key, value, ttl).await?)
    }

    /// Deletes an entry; `false` when there was none.
    ///
    /// # Errors
    /// [`Error::Backend`].
    pub async fn delete(&self, key: &CacheKey) -> Result<bool, Error> {
        Ok(self.redis.delete(key).await?)
    }
}
