//! Prints the reference of the environment variables: `cargo run -p server --example configuration`.
//!
//! This is how `docs/configuration.md` is made. It is not a chore of `xtask`, because that also generates a part of
//! what this is built from, and must build without it.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    io::stdout().write_all(server::settings::reference::page().as_bytes())
}
