//! The id under which a request is answered and logged.

use uuid::Uuid;

/// A request id: the caller's own, 1 to 128 characters of `[A-Za-z0-9._-]`, or a new UUID v4.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// The most characters of a caller's id.
    pub const MAX_LENGTH: usize = 128;

    /// Takes over the caller's id when there is exactly one well-formed value of `X-Request-ID`, else makes one.
    pub fn from_header<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (Some(value), None) => Self::parse(value).unwrap_or_else(Self::generate),
            _ => Self::generate(),
        }
    }

    /// Makes a new id, a UUID v4.
    pub fn generate() -> Self {
        Self(Uuid::new_v4().to_string())
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if value.is_empty() || value.len() > Self::MAX_LENGTH || !value.iter().all(allowed) {
            return None;
        }
        String::from_utf8(value.to_vec()).ok().map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_well_formed_id_is_taken_over() {
        let longest = "a".repeat(128);
        for id in ["a", "trace-1.2_3", &longest] {
            assert_eq!(RequestId::from_header([id.as_bytes()]).as_str(), id);
        }
    }

    #[test]
    fn anything_else_gives_a_new_uuid() {
        let too_long = "a".repeat(129);
        for values in [vec![], vec![""], vec!["a", "a"], vec!["a b"], vec!["é"], vec![too_long.as_str()]] {
            let id = RequestId::from_header(values.iter().map(|value| value.as_bytes()));
            assert_eq!(Uuid::parse_str(id.as_str()).map(|uuid| uuid.get_version_num()), Ok(4), "{values:?}");
        }
    }
}
