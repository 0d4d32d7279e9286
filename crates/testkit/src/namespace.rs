//! Names that only one test uses, on servers that all tests share.

use std::fmt;

use uuid::Uuid;

/// How many characters of a random UUID make the token: 48 bits, so that two of a million tests collide with a
/// probability below one in five hundred.
const TOKEN_LENGTH: usize = 12;

/// A random token, and the names made of it.
///
/// The token has always the same length, so that answers which contain it have too.
/// Names made of it keep the rules of the API (cache keys, queue names, secret names).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    token: String,
}

impl Namespace {
    /// A namespace that no other test has.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each one differs, which nobody expects of a default")]
    pub fn new() -> Self {
        let mut token = Uuid::new_v4().simple().to_string();
        token.truncate(TOKEN_LENGTH);
        Self { token }
    }

    /// The token alone: twelve hexadecimal digits.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A cache key: `t-<token>:<name>`.
    pub fn key(&self, name: &str) -> String {
        format!("{self}:{name}")
    }

    /// A queue's name: `t-<token>-<name>`.
    pub fn queue(&self, name: &str) -> String {
        format!("{self}-{name}")
    }

    /// A secret's name in Vault: `t-<token>-<name>`.
    pub fn secret(&self, name: &str) -> String {
        format!("{self}-{name}")
    }

    /// The name of a collection or table: `t_<token>_<name>`, which needs no quotes in any of the databases.
    pub fn table(&self, name: &str) -> String {
        format!("t_{}_{name}", self.token)
    }
}

/// The prefix that all names but a table's begin with: `t-<token>`.
impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t-{}", self.token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_namespaces_differ_and_are_of_one_length() {
        let (one, other) = (Namespace::new(), Namespace::new());
        assert_ne!(one, other);
        assert_eq!(one.key("a").len(), other.key("a").len());
        assert_eq!(one.token().len(), TOKEN_LENGTH);
    }

    #[test]
    fn every_name_holds_the_token_and_the_name() {
        let namespace = Namespace::new();
        let token = namespace.token();
        assert_eq!(namespace.key("a"), format!("t-{token}:a"));
        assert_eq!(namespace.queue("a"), format!("t-{token}-a"));
        assert_eq!(namespace.secret("a"), format!("t-{token}-a"));
        assert_eq!(namespace.table("a"), format!("t_{token}_a"));
    }
}
