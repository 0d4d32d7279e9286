//! Cache entries.

use contract::{CacheKey, CacheTtl, CacheValue, texts};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};

use crate::schema::{constant_text, integer, nullable_integer, schemas};

schemas! {
    set => constant_text("set");
    delete => constant_text("delete");
    ttl_as_asked => nullable_integer(CacheTtl::MIN, Some(CacheTtl::MAX));
}

/// A key as it is now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheEntry {
    key: CacheKey,
    /// Null when the key does not exist.
    #[schema(required)]
    value: Option<String>,
    exists: bool,
    /// Remaining life in whole seconds; null when the key does not exist.
    #[schema(schema_with = remaining_life, required)]
    ttl: RemainingLife,
}

#[derive(Debug)]
enum RemainingLife {
    Seconds(u64),
    NoExpiration,
    Absent,
}

impl Serialize for RemainingLife {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Seconds(seconds) => serializer.serialize_u64(*seconds),
            Self::NoExpiration => serializer.serialize_str(texts::NO_EXPIRATION),
            Self::Absent => serializer.serialize_unit(),
        }
    }
}

fn remaining_life() -> Schema {
    OneOfBuilder::new()
        .item(integer(0, None))
        .item(constant_text(texts::NO_EXPIRATION))
        .item(ObjectBuilder::new().schema_type(Type::Null))
        .build()
        .into()
}

impl CacheEntry {
    /// What was found under `key`.
    pub fn new(key: CacheKey, found: Option<service::CacheEntry>) -> Self {
        match found {
            Some(service::CacheEntry { value, ttl }) => Self {
                key,
                value: Some(value),
                exists: true,
                ttl: ttl.map_or(RemainingLife::NoExpiration, RemainingLife::Seconds),
            },
            None => Self { key, value: None, exists: false, ttl: RemainingLife::Absent },
        }
    }
}

/// A key that was written.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheSet {
    key: CacheKey,
    value: CacheValue,
    /// As asked for; null when it was not.
    #[schema(schema_with = ttl_as_asked, required)]
    ttl: Option<u32>,
    #[schema(schema_with = set)]
    action: &'static str,
}

impl CacheSet {
    /// What was written.
    pub fn new(key: CacheKey, value: CacheValue, ttl: Option<CacheTtl>) -> Self {
        Self { key, value, ttl: ttl.map(CacheTtl::seconds), action: "set" }
    }
}

/// A key that is not there any more.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheDelete {
    key: CacheKey,
    /// Whether the key existed.
    deleted: bool,
    #[schema(schema_with = delete)]
    action: &'static str,
}

impl CacheDelete {
    /// What was deleted.
    pub const fn new(key: CacheKey, deleted: bool) -> Self {
        Self { key, deleted, action: "delete" }
    }
}
