//! The names by which secrets are asked for.

use crate::text;

text::restricted_text! {
    /// The name of a secret: 1 to 50 characters of `[a-zA-Z0-9_-]`.
    ///
    /// The set has neither slash nor dot, so a name cannot leave its folder of Vault.
    ///
    /// ```
    /// use contract::SecretName;
    /// assert!(SecretName::parse("postgres").is_ok());
    /// assert!(SecretName::parse("../sys/seal").is_err());
    /// ```
    SecretName,
    max: 50,
    pattern: "^[a-zA-Z0-9_-]+$",
    allowed: |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
}

text::restricted_text! {
    /// The name of one member of a secret: 1 to 100 characters of `[a-zA-Z0-9_-]`.
    SecretKey,
    max: 100,
    pattern: "^[a-zA-Z0-9_-]+$",
    allowed: |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
}
