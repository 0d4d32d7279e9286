//! `api-actix-spec`: brings up what is missing, then serves until it is told to stop.

use std::process::ExitCode;

use server::ServerIdentity;

fn main() -> ExitCode {
    launch::main(&ServerIdentity::ACTIX_SPEC, api_actix_spec::start)
}
