//! Files that are generated and checked in, so that a change of their source is seen as a change of them.

mod operations;

use std::fs;

use crate::tree;

/// A file as it should be.
struct Generated {
    /// Below the root folder.
    path: &'static str,
    text: String,
}

/// Writes every generated file, or with `check` compares it with what is there.
///
/// # Errors
/// A line for each file that is stale or cannot be made.
pub(crate) fn run(check: bool) -> Result<Vec<String>, Vec<String>> {
    let (mut done, mut faults) = (Vec::new(), Vec::new());
    for generate in [operations::generate] {
        match generate().and_then(|file| deliver(&file, check)) {
            Ok(line) => done.push(line),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(done) } else { Err(faults) }
}

/// The one place that writes or compares, so that the two cannot come to mean different things.
fn deliver(file: &Generated, check: bool) -> Result<String, String> {
    let path = tree::root().join(file.path);
    if fs::read_to_string(&path).is_ok_and(|found| found == file.text) {
        return Ok(format!("{} is up to date", file.path));
    }
    if check {
        return Err(format!("{} is stale; run: cargo xtask codegen", file.path));
    }
    fs::write(&path, &file.text).map_err(|error| format!("cannot write {}: {error}", file.path))?;
    Ok(format!("{} is written", file.path))
}

#[cfg(test)]
mod tests {
    #[test]
    fn generated_files_are_up_to_date() {
        if let Err(faults) = super::run(true) {
            panic!("{}", faults.join("\n"));
        }
    }
}
