//! Installs Homebrew formulae. Homebrew starts no services by itself, and does not run as root.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::Instant;

use super::error::InstallError;
use super::packages::Package;
use super::run::Run;
use crate::progress::{Event, Progress};

/// Some formulae are built from source on older systems.
const LIMIT: Duration = Duration::from_mins(30);

/// What is done, for a person.
pub(super) fn shown(packages: &[&Package]) -> Vec<String> {
    vec![command(packages)]
}

fn command(packages: &[&Package]) -> String {
    format!("brew install {}", names(packages))
}

fn names(packages: &[&Package]) -> String {
    packages.iter().map(|package| package.name).collect::<Vec<_>>().join(" ")
}

/// Install formulae.
///
/// # Errors
/// [`InstallError::HomebrewAsRoot`] for root, [`InstallError::Command`] when Homebrew fails.
pub(super) async fn install(
    brew: &Path,
    packages: &[&Package],
    log: &Path,
    progress: &dyn Progress,
) -> Result<(), InstallError> {
    if nix::unistd::geteuid().is_root() {
        return Err(InstallError::HomebrewAsRoot { command: command(packages) });
    }
    let step = "install packages";
    let begun = Instant::now();
    progress.event(&Event::started(step, command(packages)));
    let mut run = Command::new(brew);
    run.arg("install").args(packages.iter().map(|package| package.name)).env("NONINTERACTIVE", "1");
    let runner = Run { step, shown: command(packages), log, begun, limit: LIMIT, progress };
    runner.lines(run, |line| line.strip_prefix("==> ").map(str::to_owned)).await?;
    progress.event(&Event::done(step, names(packages), begun.elapsed()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::packages::PackageManager;
    use crate::manifest::Service;

    #[test]
    fn a_formula_of_a_tap_is_named_with_its_tap() {
        let vault = PackageManager::Homebrew.package(Service::Vault).unwrap();
        assert_eq!(command(&[vault]), "brew install hashicorp/tap/vault");
    }
}
