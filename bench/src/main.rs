//! The program `bench`; everything is in the library's `cli`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    bench::cli::run().await
}
