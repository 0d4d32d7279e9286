//! The program `bench`; everything is in the library's `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::cli::run()
}
