//! Why a program could not be had, each with what to do next.

use std::path::{Path, PathBuf};

use super::program::Program;

/// Why a program is not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// Something is missing, and installing is forbidden.
    #[error("not installed: {}", names(programs))]
    Forbidden {
        /// What is missing.
        programs: Vec<Program>,
        /// What would have been done, a line each.
        plan: Vec<String>,
    },
    /// Something is missing, and the answer was no.
    #[error("not installed, and not wanted: {}", names(programs))]
    Declined {
        /// What is missing.
        programs: Vec<Program>,
        /// What would have been done, a line each.
        plan: Vec<String>,
    },
    /// Something is missing, and this program knows no way to install it here.
    #[error("not installed, and there is no known package manager here (apt-get, brew): {}", names(programs))]
    NoPackage {
        /// What is missing.
        programs: Vec<Program>,
    },
    /// Packages can only be installed by root, and `sudo` is not there.
    #[error("only root can install packages, and there is no sudo")]
    NotRoot {
        /// The command to run as root.
        command: String,
    },
    /// Homebrew refuses to run as root.
    #[error("Homebrew does not run as root")]
    HomebrewAsRoot {
        /// The command to run as a normal user.
        command: String,
    },
    /// Something must be built, and there is no Go.
    #[error("{title} must be built, and there is no Go compiler")]
    NoGo {
        /// What is to be built.
        title: &'static str,
    },
    /// Something must be built, and Go is too old and may not fetch a newer one.
    #[error("{title} needs Go {needed} or newer, and this is {found}")]
    OldGo {
        /// What is to be built.
        title: &'static str,
        /// The version that its `go.mod` asks for.
        needed: String,
        /// The version that is installed.
        found: String,
    },
    /// No folder for the cache follows from the environment.
    #[error("there is no folder for what is built: neither XDG_CACHE_HOME nor HOME names one")]
    NoCache,
    /// The disk is too full for the build.
    #[error("{} has {} MB left, and building {title} takes {} MB for a while", folder.display(), available >> 20, needed >> 20)]
    DiskFull {
        /// What is to be built.
        title: &'static str,
        /// Where.
        folder: PathBuf,
        /// How many bytes it takes.
        needed: u64,
        /// How many bytes are left.
        available: u64,
    },
    /// Another process builds the same thing and did not finish.
    #[error("{title} is being built by {holder}, which has not finished within {} minutes", minutes)]
    Busy {
        /// What is to be built.
        title: &'static str,
        /// Who builds it.
        holder: String,
        /// How long we waited.
        minutes: u64,
    },
    /// The source to be changed is not as expected.
    #[error("{} has the text to be changed {found} times instead of once", file.display())]
    Change {
        /// The file.
        file: PathBuf,
        /// How often the text occurs.
        found: usize,
    },
    /// A command did not succeed.
    #[error("`{command}` {how}")]
    Command {
        /// The command as a person would type it.
        command: String,
        /// How it ended: `failed with exit code 1`, `was stopped after 30 minutes`.
        how: String,
        /// The end of what it said.
        last_lines: Vec<String>,
        /// Everything that it said.
        log: PathBuf,
    },
    /// A command's answer was not understood.
    #[error("the answer of `{command}` was not understood")]
    Answer {
        /// The command.
        command: &'static str,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// All went well, and the program is still not found.
    #[error("installed, but still not found on PATH or in the usual places: {}", names(programs))]
    StillMissing {
        /// What is missing.
        programs: Vec<Program>,
    },
    /// A file or folder could not be used.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

impl InstallError {
    pub(super) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// What to do next, as one or more lines for a person; `None` when there is nothing better than the message.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Forbidden { plan, .. } | Self::Declined { plan, .. } => {
                Some(format!("`devstack install --yes` would do this:\n{}", indented(plan)))
            }
            Self::NoPackage { .. } => {
                Some("install them with the system's package manager, so that they are on PATH, and run this again".into())
            }
            Self::NotRoot { command } => Some(format!("run this as root, then `devstack up` again:\n  {command}")),
            Self::HomebrewAsRoot { command } => {
                Some(format!("run this as a normal user, then `devstack up` again:\n  {command}"))
            }
            Self::NoGo { .. } | Self::OldGo { .. } => {
                Some("install a current Go from https://go.dev/dl/ or by the package manager, and run this again".into())
            }
            Self::NoCache => Some("set HOME, or XDG_CACHE_HOME to a folder with some gigabytes of room".into()),
            Self::DiskFull { .. } => {
                Some("make room, or set XDG_CACHE_HOME to a folder on a larger disk, and run this again".into())
            }
            Self::Busy { .. } => Some("end that process if it hangs, and run this again".into()),
            Self::Command { last_lines, log, .. } => Some(format!(
                "it ended with:\n{}\nall of it is in {}\n\
                 packages and sources come from the network: see that it is there, and run this again",
                indented(last_lines),
                log.display()
            )),
            Self::StillMissing { .. } => Some("add the folder where they were installed to PATH".into()),
            Self::Change { .. } | Self::Answer { .. } | Self::Io { .. } => None,
        }
    }
}

fn names(programs: &[Program]) -> String {
    programs.iter().map(|program| program.name()).collect::<Vec<_>>().join(", ")
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
