//! Port offsets for private stacks: each is one test's alone, across all processes of this machine.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use devstack::Service;
use devstack::manifest::APIS;

use crate::stack::PORT_OFFSET;

/// The last offset that leaves every port below 32768; see [`PORT_OFFSET`].
const LAST: u16 = 32_767 - 27_017;
/// More stacks than that at once no machine bears.
const MOST: usize = 24;

/// A port offset that nobody else has, until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Reservation {
    offset: u16,
    /// Locked; holds the path of the home that uses the offset.
    lock: File,
}

/// All offsets for private stacks are reserved or have a port that somebody uses.
#[derive(Debug, thiserror::Error)]
#[error("all {MOST} port offsets for private stacks are in use; is there a stack that nobody took down?")]
pub struct NoneLeft;

impl Reservation {
    /// Reserve the first offset whose ports are all free.
    ///
    /// Blocks on the file system for a moment.
    pub(crate) fn take() -> Result<Self, crate::StackError> {
        for offset in offsets() {
            if let Some(reservation) = Self::of(offset)?
                && ports(offset).all(is_free)
            {
                return Ok(reservation);
            }
        }
        Err(NoneLeft.into())
    }

    /// The homes that killed processes left behind, each with the offset that it uses, reserved.
    ///
    /// Blocks on the file system for a moment.
    pub(crate) fn left_behind() -> io::Result<Vec<(Self, PathBuf)>> {
        let mut all = Vec::new();
        for offset in offsets() {
            if let Some(reservation) = Self::of(offset)?
                && let Some(home) = reservation.noted_home()?
            {
                all.push((reservation, home));
            }
        }
        Ok(all)
    }

    /// The offset, unless somebody has it.
    fn of(offset: u16) -> io::Result<Option<Self>> {
        let folder = std::env::temp_dir().join("devstack-private-stacks");
        std::fs::create_dir_all(&folder)?;
        let lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join(format!("{offset}.lock")))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { offset, lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The home that the lock file notes, if it is still there.
    fn noted_home(&self) -> io::Result<Option<PathBuf>> {
        let mut noted = String::new();
        (&self.lock).read_to_string(&mut noted)?;
        Ok(Some(PathBuf::from(noted)).filter(|home| home.is_absolute() && home.exists()))
    }

    pub(crate) fn offset(&self) -> u16 {
        self.offset
    }

    /// A new empty folder, noted in the lock file before anything can run in it.
    pub(crate) fn make_home(&self) -> io::Result<PathBuf> {
        let home = tempfile::Builder::new()
            .prefix("devstack-test-")
            // The servers run as users of their own, who must get in.
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir()?
            .keep();
        let mut lock = &self.lock;
        lock.set_len(0)?;
        lock.rewind()?;
        lock.write_all(path_bytes(&home))?;
        lock.flush()?;
        Ok(home)
    }
}

fn path_bytes(path: &Path) -> &[u8] {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str())
}

/// The offsets that private stacks may have. No two share a port with one another, with the shared stack, or with a
/// stack at the standard ports.
fn offsets() -> Vec<u16> {
    let mut taken: BTreeSet<u16> = ports(0).chain(ports(PORT_OFFSET)).collect();
    (10..=LAST)
        .step_by(10)
        .filter(|&offset| {
            let free = ports(offset).all(|port| !taken.contains(&port));
            if free {
                taken.extend(ports(offset));
            }
            free
        })
        .take(MOST)
        .collect()
}

/// Every port of a stack at `offset`, those of the API servers included.
fn ports(offset: u16) -> impl Iterator<Item = u16> {
    let servers = Service::ALL.into_iter().flat_map(|service| {
        let entry = service.entry();
        std::iter::once(entry.port).chain(entry.side_ports.iter().map(|side| side.port))
    });
    let apis = APIS.iter().flat_map(|api| [api.http_port, api.https_port]);
    servers.chain(apis).map(move |port| port + offset)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_enough_offsets_and_none_reaches_the_ports_of_outgoing_connections() {
        let offsets = offsets();
        assert_eq!(offsets.len(), MOST, "{offsets:?}");
        for offset in offsets.into_iter().chain([PORT_OFFSET]) {
            for port in ports(offset) {
                assert!(port < 32_768, "port {port} at offset {offset}");
            }
        }
    }

    #[test]
    fn no_two_stacks_share_a_port() {
        let mut seen = BTreeSet::new();
        for offset in offsets().into_iter().chain([0, PORT_OFFSET]) {
            for port in ports(offset) {
                assert!(seen.insert(port), "port {port} at offset {offset}");
            }
        }
    }

    #[test]
    fn two_reservations_differ() {
        let (one, other) = (Reservation::take().unwrap(), Reservation::take().unwrap());
        assert_ne!(one.offset(), other.offset());
    }
}
