//! The command `devstack`; everything is in the library's `cli`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    devstack::cli::run().await
}
