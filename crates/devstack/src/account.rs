//! Which user a server runs as.
//!
//! A normal user runs everything as itself. Root hands each server to the user that the distribution made for it,
//! or to `nobody`: PostgreSQL refuses root, and the others have no use for it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use nix::unistd::User;

use crate::error::Error;
use crate::home;
use crate::manifest::Service;

/// A user that servers run as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// User and group to change to; `None` when we are that user already.
    change_to: Option<(u32, u32)>,
}

impl Account {
    /// The user for a service.
    ///
    /// # Errors
    /// [`Error::NoAccount`] when root finds none of the users that could run it.
    pub(crate) fn of(service: Service) -> Result<Self, Error> {
        if !nix::unistd::geteuid().is_root() {
            return Ok(Self { change_to: None });
        }
        service
            .entry()
            .system_users
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| Self { change_to: Some((user.uid.as_raw(), user.gid.as_raw())) })
            .ok_or(Error::NoAccount { service })
    }

    /// The user that we are.
    #[cfg(test)]
    pub(crate) fn ourselves() -> Self {
        Self { change_to: None }
    }

    /// User and group to change to, when we are root.
    pub(crate) fn change_to(&self) -> Option<(u32, u32)> {
        self.change_to
    }

    /// Make a folder that only this user enters.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn private_folder(&self, path: &Path) -> Result<(), Error> {
        home::private_folder(path)?;
        self.own(path)
    }

    /// Write a file that only this user reads, completely or not at all.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn write_private(&self, path: &Path, content: &str) -> Result<(), Error> {
        home::write_private(path, content.as_bytes())?;
        self.own(path)
    }

    fn own(&self, path: &Path) -> Result<(), Error> {
        match self.change_to {
            Some((user, group)) => std::os::unix::fs::chown(path, Some(user), Some(group))
                .map_err(|source| Error::io("hand over", path, source)),
            None => Ok(()),
        }
    }

    /// A path at which this user can run `program`: its own place, or a link to it among the stack's data where the
    /// place is closed to others (root's cache folder is).
    ///
    /// # Errors
    /// [`Error::Io`] when neither a link nor a copy can be made.
    pub(crate) fn runnable(&self, program: &Path, data: &Path) -> Result<std::path::PathBuf, Error> {
        if self.change_to.is_none() || home::reachable_by_all(program) {
            return Ok(program.to_owned());
        }
        let folder = data.join("programs");
        home::folder(&folder, 0o711)?;
        let link = folder.join(program.file_name().unwrap_or_default());
        if same_file(program, &link) {
            return Ok(link);
        }
        let mut temporary = link.clone().into_os_string();
        temporary.push(format!(".{}", std::process::id()));
        let failed = |source| Error::io("copy the program to", &link, source);
        std::fs::hard_link(program, &temporary)
            .or_else(|_| std::fs::copy(program, &temporary).map(drop))
            .and_then(|()| std::fs::set_permissions(&temporary, std::fs::Permissions::from_mode(0o755)))
            .and_then(|()| std::fs::rename(&temporary, &link))
            .map_err(failed)?;
        Ok(link)
    }
}

fn same_file(left: &Path, right: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let (Ok(left), Ok(right)) = (left.metadata(), right.metadata()) else { return false };
    (left.dev(), left.ino()) == (right.dev(), right.ino())
        || (left.len() == right.len() && left.modified().ok() <= right.modified().ok())
}
