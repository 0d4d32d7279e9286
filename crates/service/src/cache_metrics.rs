//! Hits and misses of one of our own caches.

use contract::metrics::{CACHE_HITS_TOTAL, CACHE_MISSES_TOTAL};
use metrics::{Counter, counter};

/// The counters of one cache, looked up once.
#[derive(Clone)]
pub(crate) struct CacheMetrics {
    hits: Counter,
    misses: Counter,
}

impl CacheMetrics {
    /// `cache` is the label's value.
    pub(crate) fn new(cache: &'static str) -> Self {
        Self {
            hits: counter!(CACHE_HITS_TOTAL, "cache" => cache),
            misses: counter!(CACHE_MISSES_TOTAL, "cache" => cache),
        }
    }

    pub(crate) fn hit(&self) {
        self.hits.increment(1);
    }

    pub(crate) fn miss(&self) {
        self.misses.increment(1);
    }
}
