//! What `cargo xtask codegen` makes of `openapi/openapi.yaml`: the routes, the extraction of inputs, the answers.

pub(crate) mod params;
#[expect(clippy::large_enum_variant, reason = "an answer is made once and written at once")]
pub(crate) mod responses;
pub(crate) mod routes;
