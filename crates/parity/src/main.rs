//! `parity`: compares the answers of two to sixteen servers of one API.

use std::process::ExitCode;

fn main() -> ExitCode {
    parity::cli::main()
}
