//! What `cargo xtask codegen` makes of `openapi/openapi.yaml`: `types`, one for each schema of an answer, and
//! `inputs`, one for each operation that has one.

pub mod inputs;
pub mod types;
