//! Cross-origin answers (WHATWG Fetch, section 3.2): one pure decision for all servers.
//!
//! The frameworks' own CORS layers disagree with each other in names, order and `Vary`, so none is used.

/// `Access-Control-Allow-Headers` of a preflight.
pub const ALLOW_HEADERS: &str = "content-type, traceparent, x-request-id";
/// `Access-Control-Max-Age` of a preflight, in seconds.
pub const MAX_AGE: &str = "600";
/// `Access-Control-Expose-Headers` of every answer to a listed origin.
pub const EXPOSE_HEADERS: &str =
    "retry-after, x-request-id, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset";

/// The origins listed unless others are given.
pub const DEFAULT_ORIGINS: [&str; 6] = [
    "http://localhost:3000",
    "http://localhost:8000",
    "http://localhost:8001",
    "http://localhost:8002",
    "http://localhost:8003",
    "http://localhost:8004",
];

/// Which origins may read the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorsPolicy {
    origins: Vec<String>,
}

impl Default for CorsPolicy {
    fn default() -> Self {
        Self::new(DEFAULT_ORIGINS.map(str::to_owned))
    }
}

impl CorsPolicy {
    /// A policy that lists these origins, compared byte for byte.
    pub fn new(origins: impl IntoIterator<Item = String>) -> Self {
        Self { origins: origins.into_iter().collect() }
    }

    /// Whether a request is a preflight rather than a plain `OPTIONS`: it has `Origin` and
    /// `Access-Control-Request-Method`.
    pub const fn is_preflight(has_origin: bool, has_request_method: bool) -> bool {
        has_origin && has_request_method
    }

    /// The headers that a preflight's answer (204) adds; none for an origin that is not listed.
    ///
    /// `allow` is the path's `Allow` value.
    pub fn preflight_headers<'a>(&self, origin: &'a str, allow: &'a str) -> Vec<(&'static str, &'a str)> {
        if !self.is_listed(origin) {
            return Vec::new();
        }
        vec![
            ("access-control-allow-origin", origin),
            ("access-control-allow-methods", allow),
            ("access-control-allow-headers", ALLOW_HEADERS),
            ("access-control-max-age", MAX_AGE),
        ]
    }

    /// The headers that every answer adds, a preflight's too; none without an origin, or for one that is not
    /// listed.
    pub fn response_headers<'a>(&self, origin: Option<&'a str>) -> Vec<(&'static str, &'a str)> {
        match origin {
            Some(origin) if self.is_listed(origin) => {
                vec![
                    ("access-control-allow-origin", origin),
                    ("access-control-expose-headers", EXPOSE_HEADERS),
                ]
            }
            _ => Vec::new(),
        }
    }

    fn is_listed(&self, origin: &str) -> bool {
        self.origins.iter().any(|listed| listed == origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_origins_are_told_anything() {
        let policy = CorsPolicy::default();
        assert_eq!(policy.response_headers(Some("http://localhost:8002")).len(), 2);
        assert!(policy.response_headers(Some("http://localhost:80020")).is_empty());
        assert!(policy.response_headers(Some("HTTP://localhost:8002")).is_empty());
        assert!(policy.response_headers(None).is_empty());
        assert!(policy.preflight_headers("null", "GET").is_empty());
    }
}
