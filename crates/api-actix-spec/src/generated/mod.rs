//! What `cargo xtask codegen` makes of `openapi/openapi.yaml` for actix-web.

pub(crate) mod params;
#[expect(
    clippy::large_enum_variant,
    reason = "an answer is made once and becomes a response at once, so that a box would cost more than it spares"
)]
pub(crate) mod responses;
pub(crate) mod routes;
