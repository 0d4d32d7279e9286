//! Pid files: which process serves what, as it was when we started it.

use std::fs;

use crate::error::Error;
use crate::home::{self, Home};
use crate::process::Process;

/// Note that `process` is the one called `name`.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn write(home: &Home, name: &str, process: &Process) -> Result<(), Error> {
    let path = home.pid_file(name);
    let text =
        serde_json::to_vec(process).map_err(|source| Error::Malformed { path: path.clone(), source })?;
    home::write_private(&path, &text)
}

/// The process called `name`, if it was noted and still lives.
///
/// A file that cannot be read, or that speaks of a process long gone, is as good as none: both happen after a crash.
pub(crate) fn living(home: &Home, name: &str) -> Option<Process> {
    noted(home, name).filter(Process::lives)
}

/// The process called `name` as it was noted, alive or not.
pub(crate) fn noted(home: &Home, name: &str) -> Option<Process> {
    serde_json::from_slice(&fs::read(home.pid_file(name)).ok()?).ok()
}

/// Forget about the process called `name`.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn forget(home: &Home, name: &str) -> Result<(), Error> {
    home::remove(&home.pid_file(name))
}
