//! Everything that can go wrong, each with what to do next.
//!
//! `Display` says its own level, `source()` the rest, [`Error::hint`] the next command.

use std::path::{Path, PathBuf};

use crate::install::InstallError;

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No folder for the stack was given, and none follows from the current folder.
    #[error("no folder for the stack: DEVSTACK_HOME is not set and this folder is in no Cargo workspace")]
    NoHome,
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
    /// The programs that the services need are not there, and could not be installed.
    #[error("the programs of the stack are not complete")]
    Install(#[from] InstallError),
    /// There is no stack in the home.
    #[error("there is no stack in {}", home.display())]
    NoStack {
        /// The folder looked at.
        home: PathBuf,
    },
    /// The chosen runtime does not exist yet.
    #[error("the compose runtime is not there yet")]
    NoCompose,
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// What to do next, as one or more lines for a person; `None` when there is nothing better than the message.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoHome => Some("run it inside the repository, or set DEVSTACK_HOME to a folder of your choice".into()),
            Self::NoStack { .. } => Some("run `devstack up`".into()),
            Self::NoCompose => Some("run it with `--runtime native`".into()),
            Self::Io { .. } | Self::Install(_) => None,
        }
    }
}
