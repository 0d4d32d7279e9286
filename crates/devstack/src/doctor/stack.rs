//! What a stack needs to be in order: permissions, pid files, certificates, health.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use causes::Chain;

use super::{Finding, machine};
use crate::Stack;
use crate::account::Account;
use crate::home::{Home, Settings};
use crate::launch::EPMD;
use crate::manifest::Service;
use crate::pid_file;
use crate::process::Process;
use crate::vault::certificate;
use crate::vault::pki::{self, CertificateFiles};

pub(super) async fn examine(home: &Home, settings: &Settings) -> Vec<Finding> {
    let text = format!("in {}, port offset {}", home.root().display(), settings.port_offset);
    let mut findings = vec![Finding::fine("stack", text)];
    findings.extend(machine::ports(home, &settings.services, settings.port_offset));
    findings.extend(permissions(home));
    findings.extend(owners(home, settings));
    findings.extend(pid_files(home));
    findings.extend(leftovers(home));
    findings.extend(certificates(home));
    findings.extend(health(home, settings).await);
    findings
}

/// Secrets are for their owner only.
fn permissions(home: &Home) -> Vec<Finding> {
    let mut open = Vec::new();
    let mut folders = vec![home.vault()];
    while let Some(folder) = folders.pop() {
        if is_open(&folder) {
            open.push(folder.clone());
        }
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if is_open(&path) {
                open.push(path);
            }
        }
    }
    if open.is_empty() {
        return vec![Finding::fine("permissions", "what is below vault/ is for its owner only")];
    }
    let next = format!("chmod -R go= {}", home.vault().display());
    vec![Finding::wrong("permissions", format!("others can get at {}", list(&open)), next)]
}

fn is_open(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// Each data folder belongs to the user that its server runs as.
fn owners(home: &Home, settings: &Settings) -> Vec<Finding> {
    let ourselves = nix::unistd::geteuid().as_raw();
    let foreign = settings.services.iter().filter_map(|service| {
        let folder = home.data().join(service.name());
        let owner = fs::metadata(&folder).ok()?.uid();
        let expected = Account::of(*service).ok()?.change_to().map_or(ourselves, |(user, _)| user);
        (owner != expected).then(|| {
            let text = format!(
                "{} belongs to user {owner}, and the server would run as {expected}",
                folder.display()
            );
            Finding::wrong(
                "owners",
                text,
                format!("chown -R {expected} {}, or run devstack as the user that made it", folder.display()),
            )
        })
    });
    let foreign: Vec<Finding> = foreign.collect();
    if foreign.is_empty() {
        vec![Finding::fine("owners", "every data folder belongs to its server's user")]
    } else {
        foreign
    }
}

/// Pid files of processes that are gone.
fn pid_files(home: &Home) -> Vec<Finding> {
    let stale: Vec<&str> = Service::ALL
        .iter()
        .map(|service| service.name())
        .chain([EPMD])
        .filter(|name| pid_file::noted(home, name).is_some_and(|process: Process| !process.lives()))
        .collect();
    if stale.is_empty() {
        return vec![Finding::fine("pid files", "each speaks of a process that lives")];
    }
    let text = format!("after a crash or a reboot, {} left a pid file; it harms nothing", stale.join(", "));
    vec![Finding::remark("pid files", text, Some("devstack up".into()))]
}

/// Folders of starts that were cut short.
fn leftovers(home: &Home) -> Vec<Finding> {
    fs::read_dir(home.data())
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter_map(|path| {
            let next = match path.extension()?.to_str()? {
                "unfinished" => Some(format!("rm -r {}", path.display())),
                "new" => None,
                _ => return None,
            };
            Some(Finding::remark(
                "leftovers",
                format!("{} is of a start that was cut short", path.display()),
                next,
            ))
        })
        .collect()
}

/// Every certificate, verified as a client would.
fn certificates(home: &Home) -> Vec<Finding> {
    let broken: Vec<Finding> = pki::holders()
        .filter_map(|holder| {
            let error = certificate::verify(&CertificateFiles::of(home, holder), Duration::ZERO).err()?;
            Some(Finding::wrong(
                format!("certificate of {holder}"),
                Chain(&error).to_string(),
                "devstack up issues it again",
            ))
        })
        .collect();
    if broken.is_empty() {
        let text = format!(
            "all {} chain to the root, fit their keys and names, and are valid",
            pki::holders().count()
        );
        return vec![Finding::fine("certificates", text)];
    }
    broken
}

async fn health(home: &Home, settings: &Settings) -> Vec<Finding> {
    let stack = Stack::new(home.clone(), settings.clone());
    stack
        .health()
        .await
        .into_iter()
        .map(|health| {
            let subject = format!("health of {}", health.service);
            match (health.error, health.pid) {
                (None, _) => Finding::fine(subject, health.version.unwrap_or_default()),
                (Some(_), None) => Finding::remark(subject, "stopped", Some("devstack up".into())),
                (Some(error), Some(_)) => Finding::wrong(
                    subject,
                    error,
                    format!("devstack logs {}, then devstack up", health.service),
                ),
            }
        })
        .collect()
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
