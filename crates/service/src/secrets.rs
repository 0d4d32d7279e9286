//! Secrets, masked before anything else may see them.

use std::sync::Arc;

use contract::metrics::CACHE_SECRETS;
use contract::problem::ResourceKind;
use contract::{SecretKey, SecretName, mask};
use integrations::Vault;
use moka::future::Cache;
use serde_json::{Map, Value};

use crate::cache_metrics::CacheMetrics;
use crate::{Error, Settings};

/// The most secrets that are kept; the least used one makes room.
const MAX_CACHED: u64 = 1000;

/// Reads secrets and keeps them, masked, for a while.
///
/// What it keeps and hands out never held a value that must not be shown. A name that Vault does not know is
/// not kept.
#[derive(Clone)]
pub struct SecretService {
    vault: Vault,
    cache: Cache<SecretName, Arc<MaskedSecret>>,
    metrics: CacheMetrics,
}

/// The members of a secret, sorted by name at every depth, with [`mask::MASK`] in place of what is not shown.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskedSecret(Map<String, Value>);

impl MaskedSecret {
    /// Masks and sorts the members of a secret as Vault gave them.
    pub fn new(members: Map<String, Value>) -> Self {
        let mut value = Value::Object(members);
        mask::mask(&mut value);
        value.sort_all_objects();
        match value {
            Value::Object(members) => Self(members),
            _ => Self(Map::new()),
        }
    }

    /// The members.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl SecretService {
    pub(crate) fn new(settings: &Settings, vault: Vault) -> Self {
        let cache = Cache::builder().max_capacity(MAX_CACHED).time_to_live(settings.secret_cache).build();
        Self { vault, cache, metrics: CacheMetrics::new(CACHE_SECRETS) }
    }

    /// Reads a secret, from the cache while it is fresh. Callers who ask for the same name at once share one
    /// call to Vault.
    ///
    /// # Errors
    /// [`Error::NotFound`] when Vault does not know the name, [`Error::Backend`].
    pub async fn get(&self, name: &SecretName) -> Result<Arc<MaskedSecret>, Error> {
        let not_found = || Error::NotFound { kind: ResourceKind::Secret, id: name.as_str().to_owned() };
        self.find(name).await?.ok_or_else(not_found)
    }

    /// Reads one member of a secret.
    ///
    /// # Errors
    /// [`Error::NotFound`] when Vault does not know the secret or it has no such member, [`Error::Backend`].
    pub async fn get_key(&self, name: &SecretName, key: &SecretKey) -> Result<Value, Error> {
        let secret = self.find(name).await?;
        secret
            .and_then(|secret| secret.0.get(key.as_str()).cloned())
            .ok_or_else(|| Error::NotFound { kind: ResourceKind::SecretKey, id: format!("{name}/{key}") })
    }

    async fn find(&self, name: &SecretName) -> Result<Option<Arc<MaskedSecret>>, Error> {
        if let Some(secret) = self.cache.get(name).await {
            self.metrics.hit();
            return Ok(Some(secret));
        }
        self.metrics.miss();
        // Boxed, so that the future of a hit stays small.
        let read = Box::pin(async {
            match self.vault.read_secret(name).await {
                Ok(Some(members)) => Ok(Arc::new(MaskedSecret::new(members))),
                Ok(None) => Err(Unread::Unknown),
                Err(error) => Err(Unread::Failed(Arc::new(error))),
            }
        });
        match self.cache.try_get_with_by_ref(name, read).await {
            Ok(secret) => Ok(Some(secret)),
            Err(unread) => match unread.as_ref() {
                Unread::Unknown => Ok(None),
                Unread::Failed(error) => Err(Error::Backend(Arc::clone(error))),
            },
        }
    }
}

/// Why nothing was put into the cache; shared by all who waited.
enum Unread {
    Unknown,
    Failed(Arc<integrations::Error>),
}

impl std::fmt::Debug for SecretService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretService").field("cached", &self.cache.entry_count()).finish_non_exhaustive()
    }
}
