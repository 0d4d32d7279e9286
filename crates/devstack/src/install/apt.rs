//! Installs Debian packages.
//!
//! `apt.sh` does it, as root: it keeps the packages' own services from starting while they are installed (they would
//! take the standard ports) and, for packages that are new, from starting at every boot. Services that were here
//! before are left as they are.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::Instant;

use super::error::InstallError;
use super::locate::Search;
use super::packages::Package;
use super::run::Run;
use crate::progress::{Event, Progress};

const SCRIPT: &str = include_str!("apt.sh");
const LIMIT: Duration = Duration::from_mins(15);

/// What is done, for a person.
pub(super) fn shown(packages: &[&Package]) -> Vec<String> {
    let sudo = if nix::unistd::geteuid().is_root() { "" } else { "sudo " };
    vec![
        format!("{sudo}{}", command(packages)),
        "  (the packages' own services are neither started now nor at boot)".to_owned(),
    ]
}

fn command(packages: &[&Package]) -> String {
    format!("apt-get install -y --no-install-recommends {}", names(packages))
}

fn names(packages: &[&Package]) -> String {
    packages.iter().map(|package| package.name).collect::<Vec<_>>().join(" ")
}

/// Install packages.
///
/// # Errors
/// [`InstallError::NotRoot`] for a normal user without `sudo`, [`InstallError::Command`] when apt fails.
pub(super) async fn install(
    packages: &[&Package],
    search: &Search,
    log: &Path,
    progress: &dyn Progress,
) -> Result<(), InstallError> {
    let step = "install packages";
    let mut run = if nix::unistd::geteuid().is_root() {
        Command::new("/bin/sh")
    } else {
        let sudo = search
            .tool("sudo", &["usr/bin"])
            .ok_or_else(|| InstallError::NotRoot { command: command(packages) })?;
        progress.event(&Event::note("sudo may ask for your password"));
        let mut run = Command::new(sudo);
        run.arg("/bin/sh");
        run
    };
    run.args(["-c", SCRIPT, "devstack-install"]).args(packages.iter().map(|package| argument(package)));
    let begun = Instant::now();
    progress.event(&Event::started(step, command(packages)));
    let runner = Run { step, shown: command(packages), log, begun, limit: LIMIT, progress };
    runner.lines(run, |line| tells(line).then(|| line.to_owned())).await?;
    progress.event(&Event::done(step, names(packages), begun.elapsed()));
    Ok(())
}

/// A package and its units as the script takes them.
fn argument(package: &Package) -> String {
    format!("{}:{}", package.name, package.units.join(","))
}

/// Whether a line of apt's says what is being done.
fn tells(line: &str) -> bool {
    ["Get:", "Unpacking ", "Setting up ", "Processing triggers"].iter().any(|begin| line.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::packages::PackageManager;
    use crate::manifest::Service;

    #[test]
    fn the_command_that_is_shown_names_every_package() {
        let packages: Vec<_> = [Service::Postgres, Service::Rabbitmq]
            .into_iter()
            .filter_map(|service| PackageManager::Apt.package(service))
            .collect();
        assert_eq!(
            command(&packages),
            "apt-get install -y --no-install-recommends postgresql rabbitmq-server"
        );
        assert_eq!(argument(packages[1]), "rabbitmq-server:rabbitmq-server.service,epmd.socket");
    }

    #[test]
    fn the_script_is_one_that_the_shell_can_read() {
        let checked = std::process::Command::new("/bin/sh").args(["-n", "-c", SCRIPT]).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }

    #[test]
    fn only_lines_that_say_what_is_done_are_shown() {
        assert!(tells("Setting up redis-server (5:7.0.15-1~deb12u5) ..."));
        assert!(!tells("Reading package lists..."));
    }
}
