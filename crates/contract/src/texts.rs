//! Fixed texts of success bodies that must be the same from every server.

/// `description` on the front page.
pub const DESCRIPTION: &str = "One API contract, answered alike by five Rust servers";
/// `security.cors` on the front page.
pub const SECURITY_CORS: &str = "listed origins only, without credentials";
/// `security.rate_limiting` on the front page.
pub const SECURITY_RATE_LIMITING: &str =
    "per client address and kind of route, told in the X-RateLimit headers";
/// `security.request_validation` on the front page.
pub const SECURITY_REQUEST_VALIDATION: &str = "every parameter and body is checked before a backend is asked";
/// `security.circuit_breakers` on the front page.
pub const SECURITY_CIRCUIT_BREAKERS: &str =
    "one for each backend; while it is open, its routes answer 503 at once";
/// `note` on the front page.
pub const ROOT_NOTE: &str = "A reference implementation for development machines, not for production";
/// `note` beside secrets.
pub const SECRET_NOTE: &str = "Sensitive values are masked";
/// `ttl` of a cache entry that does not expire.
pub const NO_EXPIRATION: &str = "no expiration";
/// `query` beside PostgreSQL's clock.
pub const POSTGRES_QUERY: &str = "SELECT current_timestamp";
/// `query` beside MySQL's clock.
pub const MYSQL_QUERY: &str = "SELECT NOW()";
