//! `api-axum-spec`: brings up what is missing, then serves until it is told to stop.

use std::process::ExitCode;

use server::ServerIdentity;

fn main() -> ExitCode {
    launch::main(&ServerIdentity::AXUM_SPEC, api_axum_spec::start)
}
