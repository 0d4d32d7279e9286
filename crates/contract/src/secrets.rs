//! The names by which secrets are asked for.

use crate::rule::TextRule;
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
    // It becomes a segment of a path as it is.
    backend: TextRule::ANY.pattern("^[a-zA-Z0-9_-]+$"),
}

text::restricted_text! {
    /// The name of one member of a secret: 1 to 100 characters of `[a-zA-Z0-9_-]`.
    SecretKey,
    max: 100,
    pattern: "^[a-zA-Z0-9_-]+$",
    backend: TextRule::ANY,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::FieldFault;

    #[test]
    fn a_wider_document_does_not_let_a_name_leave_its_folder() {
        let rule = TextRule::ANY.pattern("^[a-z./]+$");
        assert_eq!(SecretName::by(&rule, "../sys/seal"), Err(FieldFault::Pattern(SecretName::PATTERN)));
        assert!(SecretName::by(&rule, "postgres").is_ok());
    }
}
