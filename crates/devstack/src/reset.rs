//! `reset`: stop everything and delete it, after saying what that is.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::home::{self, Home};
use crate::launch::EPMD;
use crate::lock::Lock;
use crate::manifest::Service;
use crate::pid_file;
use crate::progress::{Event, Progress};
use crate::stack::Stack;

/// The entries of a home that are ours. Anything else in it stays.
const OURS: [&str; 4] = ["data", "vault", "run", "logs"];

/// What a reset would delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    home: Home,
    paths: Vec<PathBuf>,
}

impl Deletion {
    /// Look at the stack in `home`, of whichever layout.
    ///
    /// # Errors
    /// [`Error::NoStack`] when there is nothing of ours, [`Error::OtherLayout`] for somebody else's folder,
    /// [`Error::Io`].
    pub fn of(home: &Path) -> Result<Self, Error> {
        let home = Home::at(home);
        match home.settings() {
            Err(Error::OtherLayout { found: Some(_), .. } | Error::Malformed { .. }) | Ok(Some(_)) => {}
            Ok(None) => return Err(Error::NoStack { home: home.root().to_owned() }),
            Err(error) => return Err(error),
        }
        let mut paths: Vec<PathBuf> = OURS
            .iter()
            .map(|name| home.root().join(name))
            .filter(|path| path.symlink_metadata().is_ok())
            .collect();
        // Data that is elsewhere belongs to this home only if it says so itself.
        let data = home.data();
        let owner = fs::read(data.join("home")).unwrap_or_default();
        if !data.starts_with(home.root()) && owner == home.root().as_os_str().as_encoded_bytes() {
            paths.push(data);
        }
        // The settings go last: as long as they are there, a reset that was cut short can be run again.
        paths.push(home.settings_file());
        Ok(Self { home, paths })
    }

    /// What would be deleted.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Stop every server of the stack and delete it.
    ///
    /// # Errors
    /// [`Error::Unstoppable`], [`Error::Io`]; run again, it goes on where it stopped.
    pub async fn carry_out(&self, progress: &dyn Progress) -> Result<(), Error> {
        if let Ok(Some(stack)) = Stack::open(self.home.root()).await {
            crate::serve::stop_all(&self.home, progress).await?;
            stack.stop(&Service::ALL, progress).await?;
        }
        let _lock = Lock::take(&self.home, progress).await?;
        // What an older layout or a lost setting left running is found by its pid files alone.
        for name in Service::ALL.iter().map(|service| service.name()).chain([EPMD]) {
            if let Some(process) = pid_file::living(&self.home, name) {
                process.end_by_force().await?;
            }
        }
        for path in &self.paths {
            home::remove(path)?;
            progress.event(&Event::note(format!("deleted {}", path.display())));
        }
        home::remove(&self.home.lock_file())?;
        // Only when nothing of anybody's is left in it.
        let _ = fs::remove_dir(self.home.root());
        Ok(())
    }
}
