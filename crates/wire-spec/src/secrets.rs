//! Secrets, masked.

use contract::{SecretKey, SecretName, texts};
use serde_json::Value;
use service::MaskedSecret;

use crate::types::{SecretKeyResponse, SecretResponse};

impl SecretResponse {
    /// The secret of that name.
    pub fn new(service: SecretName, secret: &MaskedSecret) -> Self {
        Self { service, data: secret.members().clone(), note: texts::SECRET_NOTE.into() }
    }
}

impl SecretKeyResponse {
    /// The member `key`, masked already.
    pub fn new(service: SecretName, key: SecretKey, value: Value) -> Self {
        Self { service, key, value, note: texts::SECRET_NOTE.into() }
    }
}
