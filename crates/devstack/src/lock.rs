//! One at a time: a file lock on the home, held while the stack is changed.
//!
//! The lock dies with its holder, so a killed `up` leaves nothing to clean.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::home::Home;
use crate::progress::{Event, Progress};

/// How long to wait for another command to finish: as long as the longest install may take.
const LIMIT: Duration = Duration::from_mins(40);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The right to change the stack, until dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Wait for the lock, saying on whom.
    ///
    /// # Errors
    /// [`Error::Busy`] when another command still holds it after 40 minutes, [`Error::Io`].
    pub(crate) async fn take(home: &Home, progress: &dyn Progress) -> Result<Self, Error> {
        let path = home.lock_file();
        let failed = |source| Error::io("lock", &path, source);
        let mut file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        let begun = Instant::now();
        let mut said = None;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(failed(source)),
                Err(TryLockError::WouldBlock) => {}
            }
            let holder = fs::read_to_string(&path).unwrap_or_default().trim().to_owned();
            if begun.elapsed() > LIMIT {
                return Err(Error::Busy { home: home.root().to_owned(), holder });
            }
            if said.as_ref() != Some(&holder) {
                let whom = if holder.is_empty() { "another command".to_owned() } else { holder.clone() };
                progress.event(&Event::waiting("lock", format!("{whom}, which is changing this stack")));
                said = Some(holder);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        if said.is_some() {
            progress.event(&Event::done("lock", "our turn", begun.elapsed()));
        }
        let program = std::env::current_exe().ok();
        let name = program.as_deref().and_then(|path| path.file_name()).unwrap_or_default();
        file.set_len(0)
            .and_then(|()| {
                file.write_all(format!("{} (pid {})\n", name.display(), std::process::id()).as_bytes())
            })
            .map_err(failed)?;
        Ok(Self { _file: file })
    }
}
