//! The black-box suite against this server's real binary and the real stack.

use std::path::Path;

use black_box::Target;

fn main() -> std::process::ExitCode {
    black_box::run(Target {
        binary: Path::new(env!("CARGO_BIN_EXE_api-actix-spec")),
        name: "api-actix-spec",
        framework: "actix-web",
        approach: "spec-first",
        version: env!("CARGO_PKG_VERSION"),
    })
}
