//! Secrets, masked.

use std::sync::Arc;

use contract::{SecretKey, SecretName, texts};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use service::MaskedSecret;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

use crate::schema::{text, with_keyword};

/// Any JSON value; `***` where it is sensitive.
#[derive(Debug, Serialize)]
struct SecretValue(Value);

impl utoipa::PartialSchema for SecretValue {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let any = [Type::String, Type::Number, Type::Boolean, Type::Object, Type::Array, Type::Null];
        with_keyword(ObjectBuilder::new().schema_type(SchemaType::from_iter(any)), "items", json!(true))
            .into()
    }
}

impl ToSchema for SecretValue {}

/// A secret, masked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretResponse {
    service: SecretName,
    /// The members, sorted by name.
    #[schema(value_type = std::collections::BTreeMap<String, SecretValue>)]
    #[serde(serialize_with = "members")]
    data: Arc<MaskedSecret>,
    #[schema(schema_with = text)]
    note: &'static str,
}

fn members<S: Serializer>(secret: &Arc<MaskedSecret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.members().serialize(serializer)
}

impl SecretResponse {
    /// The secret of that name.
    pub const fn new(service: SecretName, secret: Arc<MaskedSecret>) -> Self {
        Self { service, data: secret, note: texts::SECRET_NOTE }
    }
}

/// One member of a secret, masked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretKeyResponse {
    service: SecretName,
    key: SecretKey,
    value: SecretValue,
    #[schema(schema_with = text)]
    note: &'static str,
}

impl SecretKeyResponse {
    /// The member `key`, masked already.
    pub const fn new(service: SecretName, key: SecretKey, value: Value) -> Self {
        Self { service, key, value: SecretValue(value), note: texts::SECRET_NOTE }
    }
}
