//! The command `devstack`: arguments in, the library's calls, text or JSON out.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    devstack::cli::run().await
}
