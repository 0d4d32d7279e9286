//! The files of the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder that holds the workspace.
pub(crate) fn root() -> PathBuf {
    // Two levels above this crate, as Cargo tells when it runs us; so the chore works from any folder. What was true when
    // this was compiled can be another checkout, with which the target folder is shared.
    let here = std::env::var_os("CARGO_MANIFEST_DIR");
    let here = here.as_deref().map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")), Path::new);
    here.ancestors().nth(2).unwrap_or_else(|| Path::new(".")).to_owned()
}

/// Runs a program in the root folder and gives what it wrote.
///
/// # Errors
/// A line that says which program failed and what it said.
pub(crate) fn output_of(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{program} wrote something that is not UTF-8"))
}
