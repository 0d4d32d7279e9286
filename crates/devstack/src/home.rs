//! The folders and files of a stack: where each is, who may read it, and which layout it has.
//!
//! ```text
//! <home>/stack.json          layout version, port offset, services brought up
//! <home>/lock                held by whoever changes the stack
//! <home>/vault/              keys.json root-token ca/ certs/ approle/, for the owner's eyes only
//! <home>/run/<process>.json  pid files
//! <home>/logs/<process>.log  what the servers say
//! <home>/data/<service>/     what the servers keep; a symbolic link where server users cannot reach the home
//! ```

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::manifest::Service;

/// The layout that this program writes and reads.
pub(crate) const LAYOUT: u32 = 1;

/// What there may be in a home before it is one.
const OUR_BEGINNINGS: [&str; 2] = ["lock", "stack.json.new"];

/// Where data goes when the servers' users cannot reach the home.
pub(crate) const SYSTEM_DATA: &str = "/var/lib/devstack";

/// What the home remembers between commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub layout: u32,
    pub port_offset: u16,
    /// What was ever brought up here, in the manifest's order.
    pub services: Vec<Service>,
}

/// The folder of one stack. Holds paths only; making it touches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home {
    root: PathBuf,
}

impl Home {
    pub(crate) fn at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self { root: std::path::absolute(&root).unwrap_or(root) }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(crate) fn settings_file(&self) -> PathBuf {
        self.root.join("stack.json")
    }

    pub(crate) fn vault(&self) -> PathBuf {
        self.root.join("vault")
    }

    pub(crate) fn pid_file(&self, process: &str) -> PathBuf {
        self.root.join("run").join(format!("{process}.json"))
    }

    pub(crate) fn log_file(&self, process: &str) -> PathBuf {
        self.root.join("logs").join(format!("{process}.log"))
    }

    /// The data folder with its symbolic link resolved: what servers are given, and what their processes stand in.
    pub(crate) fn data(&self) -> PathBuf {
        let data = self.root.join("data");
        fs::canonicalize(&data).unwrap_or(data)
    }

    /// What the home remembers; `None` when there is no stack yet.
    ///
    /// # Errors
    /// [`Error::OtherLayout`] for a home that this program cannot read, [`Error::Io`], [`Error::Malformed`].
    pub(crate) fn settings(&self) -> Result<Option<Settings>, Error> {
        let path = self.settings_file();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => {
                return if self.has_foreign_content()? {
                    Err(Error::OtherLayout { home: self.root.clone(), found: None })
                } else {
                    Ok(None)
                };
            }
            Err(source) => return Err(Error::io("read", &path, source)),
        };
        let malformed = |source| Error::Malformed { path: path.clone(), source };
        let value: serde_json::Value = serde_json::from_slice(&text).map_err(malformed)?;
        let found = value.get("layout").and_then(serde_json::Value::as_u64);
        if found != Some(u64::from(LAYOUT)) {
            return Err(Error::OtherLayout { home: self.root.clone(), found });
        }
        serde_json::from_value(value).map(Some).map_err(malformed)
    }

    pub(crate) fn remember(&self, settings: &Settings) -> Result<(), Error> {
        let path = self.settings_file();
        let text = serde_json::to_vec_pretty(settings)
            .map_err(|source| Error::Malformed { path: path.clone(), source })?;
        write_private(&path, &text)
    }

    /// Whether the folder holds something that no layout of ours begins with.
    fn has_foreign_content(&self) -> Result<bool, Error> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(source) => return Err(Error::io("read", &self.root, source)),
        };
        for entry in entries {
            let entry = entry.map_err(|source| Error::io("read", &self.root, source))?;
            // A half-written `stack.json` is of an `up` that begins just now, or that was killed doing so.
            if !OUR_BEGINNINGS.iter().any(|ours| entry.file_name() == *ours) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Make the folders of a new stack. Returns where the data went, when that is outside of the home.
    ///
    /// # Errors
    /// [`Error::Io`] when a folder cannot be made.
    pub(crate) fn create(&self) -> Result<Option<PathBuf>, Error> {
        private_folder(&self.vault())?;
        private_folder(&self.root.join("run"))?;
        private_folder(&self.root.join("logs"))?;
        let data = self.root.join("data");
        if fs::symlink_metadata(&data).is_ok() {
            // A link whose target was deleted is an empty stack's; the folder is made again.
            let target = fs::read_link(&data).unwrap_or_else(|_| data.clone());
            return if target.is_dir() {
                Ok(None)
            } else {
                folder(&target, open_to_servers()).map(|()| None)
            };
        }
        if !nix::unistd::geteuid().is_root() {
            return private_folder(&data).map(|()| None);
        }
        if reachable_by_all(&self.root) {
            return folder(&data, 0o711).map(|()| None);
        }
        let elsewhere = Path::new(SYSTEM_DATA).join(self.identity());
        folder(Path::new(SYSTEM_DATA), 0o711)?;
        folder(&elsewhere, 0o711)?;
        write_private(&elsewhere.join("home"), self.root.as_os_str().as_encoded_bytes())?;
        std::os::unix::fs::symlink(&elsewhere, &data).map_err(|source| Error::io("link", &data, source))?;
        Ok(Some(elsewhere))
    }

    /// Make the home itself, so that its lock can be taken.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be made.
    pub(crate) fn create_root(&self) -> Result<(), Error> {
        if self.root.is_dir() {
            return Ok(());
        }
        folder(&self.root, open_to_servers())
    }

    /// Sixteen hexadecimal digits that tell this home's path from others (FNV-1a, which unlike the standard library's
    /// hasher never changes).
    pub(crate) fn identity(&self) -> String {
        let hash =
            self.root.as_os_str().as_encoded_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            });
        format!("{hash:016x}")
    }
}

/// The mode of the folders above the servers' own: root's servers run as other users, who must be able to pass through.
fn open_to_servers() -> u32 {
    if nix::unistd::geteuid().is_root() { 0o711 } else { 0o700 }
}

/// Whether every folder on the way to `path` lets all users pass. Folders that do not exist yet will.
pub(crate) fn reachable_by_all(path: &Path) -> bool {
    path.ancestors().all(|folder| match fs::metadata(folder) {
        Ok(metadata) => metadata.permissions().mode() & 0o001 != 0,
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    })
}

/// Make a folder and its parents with exactly this mode, whatever the umask says.
pub(crate) fn folder(path: &Path, mode: u32) -> Result<(), Error> {
    let failed = |source| Error::io("make the folder", path, source);
    if !path.is_dir() {
        fs::DirBuilder::new().recursive(true).mode(mode | 0o700).create(path).map_err(failed)?;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(failed)
}

/// Make a folder that only its owner enters.
pub(crate) fn private_folder(path: &Path) -> Result<(), Error> {
    folder(path, 0o700)
}

/// Write a file that only its owner reads: completely or not at all, whatever the umask says.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), Error> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let failed = |source| Error::io("write", path, source);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(failed)?;
    file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(failed)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&temporary, path).map_err(failed)
}

/// Delete a file or a whole folder; nothing there is as good.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("delete", path, source))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_home_has_no_settings_and_what_is_remembered_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        assert_eq!(home.settings().unwrap(), None);
        let settings =
            Settings { layout: LAYOUT, port_offset: 1200, services: vec![Service::Vault, Service::Redis1] };
        // As another `up` leaves them for a moment.
        fs::write(folder.path().join("lock"), "").unwrap();
        fs::write(folder.path().join("stack.json.new"), "{").unwrap();
        assert_eq!(home.settings().unwrap(), None);
        home.remember(&settings).unwrap();
        assert_eq!(home.settings().unwrap(), Some(settings));
        let mode = fs::metadata(home.settings_file()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn another_layout_and_a_folder_of_somebody_else_are_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        fs::write(home.settings_file(), r#"{"layout": 0, "anything": true}"#).unwrap();
        assert!(matches!(home.settings(), Err(Error::OtherLayout { found: Some(0), .. })));
        fs::remove_file(home.settings_file()).unwrap();
        fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
        assert!(matches!(home.settings(), Err(Error::OtherLayout { found: None, .. })));
        assert_eq!(fs::read_to_string(folder.path().join("thesis.txt")).unwrap(), "years of work");
    }

    #[test]
    fn the_identity_is_the_published_fnv_1a() {
        assert_eq!(Home { root: PathBuf::from("") }.identity(), "cbf29ce484222325");
        assert_eq!(Home { root: PathBuf::from("foobar") }.identity(), "85944171f73967e8");
    }

    #[test]
    fn a_private_folder_above_is_not_reachable_by_all() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!reachable_by_all(&folder.path().join("deeper/still")));
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        assert!(reachable_by_all(&folder.path().join("deeper/still")));
    }
}
