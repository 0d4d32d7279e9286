//! What a stack needs of the machine: programs, free ports, room on the disk.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;

use futures_util::future::join_all;

use super::Finding;
use crate::environment_variable;
use crate::home::{Home, SYSTEM_DATA};
use crate::install::{self, Kind, Program};
use crate::manifest::Service;
use crate::running::{self, Running};

/// Room that a stack of small databases wants, with its logs.
const ROOM_WANTED: u128 = 2 << 30;

/// Every program that a service needs, with its version.
pub(super) async fn programs() -> Vec<Finding> {
    let mut needed: Vec<Program> =
        Service::ALL.iter().flat_map(|service| Program::needed_by(*service)).copied().collect();
    needed.sort_unstable();
    needed.dedup();
    let server = install::locate(Program::Mysqld, &environment_variable);
    if server.is_some_and(|server| server.kind == Kind::Mysql) {
        needed.retain(|program| *program != Program::MysqlInstallDb);
    }
    join_all(needed.into_iter().map(async |program| {
        let subject = format!("program {program}");
        match install::locate(program, &environment_variable) {
            Some(found) => {
                let version = found.version().await.unwrap_or_default();
                Finding::fine(subject, format!("{} {version} at {}", found.kind, found.path.display()))
            }
            None => Finding::wrong(subject, "not installed", "devstack install"),
        }
    }))
    .await
}

/// The umask, which does not matter: every file is given its mode.
pub(super) fn umask() -> Finding {
    let umask = Command::new("/bin/sh").args(["-c", "umask"]).output().ok();
    let umask =
        umask.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    Finding::fine("umask", format!("{umask}; the files of the stack get their modes explicitly"))
}

/// Room where the data is.
pub(super) fn disk_space(home: &Home) -> Finding {
    let data = home.data();
    let existing = data.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let disk = nix::sys::statvfs::statvfs(existing);
    // The types of both numbers differ between systems; all of them fit this one.
    let Some(free) = disk
        .ok()
        .and_then(|disk| u128::from(disk.blocks_available()).checked_mul(disk.fragment_size().into()))
    else {
        return Finding::remark("disk", format!("the room in {} cannot be seen", existing.display()), None);
    };
    let text = format!("{} MiB are free in {}", free >> 20, existing.display());
    if free < ROOM_WANTED {
        Finding::wrong("disk", text, format!("make room: a stack wants {} MiB", ROOM_WANTED >> 20))
    } else {
        Finding::fine("disk", text)
    }
}

/// Ports that others hold.
pub(super) fn ports(home: &Home, services: &[Service], port_offset: u16) -> Vec<Finding> {
    let running = match Running::look(home, services, port_offset) {
        Ok(running) => running,
        Err(error) => return vec![super::of_error("ports", &error)],
    };
    let stopped: Vec<Service> = services.iter().copied().filter(|service| !running.has(*service)).collect();
    match running::refuse_taken_ports(&running, &stopped, port_offset) {
        Ok(()) => vec![Finding::fine("ports", "all are free, or held by the stack's own servers")],
        Err(error) => vec![super::of_error("ports", &error)],
    }
}

/// Data folders outside of homes that no longer exist.
pub(super) fn abandoned_data() -> Vec<Finding> {
    let Ok(folders) = fs::read_dir(SYSTEM_DATA) else { return Vec::new() };
    folders
        .flatten()
        .filter_map(|folder| {
            let owner = fs::read(folder.path().join("home")).ok()?;
            let home = Path::new(OsStr::from_bytes(&owner));
            (!home.exists()).then(|| {
                let next = format!("rm -r {}", folder.path().display());
                Finding::remark(
                    "leftovers",
                    format!("{} belongs to {}, which is gone", folder.path().display(), home.display()),
                    Some(next),
                )
            })
        })
        .collect()
}
