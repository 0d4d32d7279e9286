//! What has to be done so that nothing is missing: which packages, which builds. Decides, and does nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::error::InstallError;
use super::go::{self, FERRETDB, GoProgram, VAULT};
use super::locate::Search;
use super::packages::{Package, PackageManager};
use super::program::{Kind, Program};
use super::{apt, homebrew};
use crate::manifest::Service;

/// What is to be done. Nothing, when it is empty.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What is missing.
    pub programs: Vec<Program>,
    /// With which manager, found where, and which packages.
    pub packages: Option<(PackageManager, PathBuf, Vec<&'static Package>)>,
    /// In this order: what is quick comes first.
    pub builds: Vec<&'static GoProgram>,
}

/// The build that gives a program.
fn build_of(program: Program) -> Option<&'static GoProgram> {
    match program {
        Program::Vault => Some(&VAULT),
        Program::Mongod => Some(&FERRETDB),
        _ => None,
    }
}

/// Whether a program can be built where no package manager has it.
#[cfg(test)]
pub(super) fn can_be_built(program: Program) -> bool {
    build_of(program).is_some()
}

/// The programs that `services` need and that are not there.
pub(super) fn missing(services: &[Service], search: &Search) -> Vec<(Service, Program)> {
    let mut seen = BTreeSet::new();
    services
        .iter()
        .flat_map(|service| Program::needed_by(*service).iter().map(|program| (*service, *program)))
        .filter(|(_, program)| seen.insert(*program))
        .filter(|(_, program)| search.find(*program).is_none() && !is_spared(*program, search))
        .collect()
}

/// MySQL itself makes its data folder; only MariaDB has a program for it.
fn is_spared(program: Program, search: &Search) -> bool {
    program == Program::MysqlInstallDb
        && search.find(Program::Mysqld).is_some_and(|found| found.kind == Kind::Mysql)
}

impl Plan {
    /// # Errors
    /// [`InstallError::NoPackage`] when no package manager that is here has a program, and it cannot be built.
    pub(super) fn make(services: &[Service], search: &Search) -> Result<Self, InstallError> {
        let manager = PackageManager::ALL
            .into_iter()
            .find_map(|manager| search.tool(manager.program(), &["usr/bin"]).map(|path| (manager, path)));
        let mut plan = Self::default();
        let mut packages: Vec<&'static Package> = Vec::new();
        let mut nowhere = Vec::new();
        for (service, program) in missing(services, search) {
            plan.programs.push(program);
            if let Some(package) = manager.as_ref().and_then(|(manager, _)| manager.package(service)) {
                if packages.iter().all(|other| other.name != package.name) {
                    packages.push(package);
                }
            } else if let Some(build) = build_of(program) {
                plan.builds.push(build);
            } else {
                nowhere.push(program);
            }
        }
        if !nowhere.is_empty() {
            return Err(InstallError::NoPackage { programs: nowhere });
        }
        plan.builds.sort_by_key(|build| build.disk);
        plan.packages =
            manager.filter(|_| !packages.is_empty()).map(|(manager, path)| (manager, path, packages));
        Ok(plan)
    }

    /// What would be done, a line each: commands as a person would type them, and what is built.
    pub(super) fn lines(&self) -> Vec<String> {
        let packages = self.packages.iter().flat_map(|(manager, _, packages)| match manager {
            PackageManager::Apt => apt::shown(packages),
            PackageManager::Homebrew => homebrew::shown(packages),
        });
        packages.chain(self.builds.iter().map(|build| build.description())).collect()
    }
}

impl go::GoProgram {
    /// One line for a plan.
    pub(super) fn description(&self) -> String {
        format!("build {} {} with Go from the module proxy ({})", self.title, self.version, self.expect)
    }
}

#[cfg(test)]
mod tests {
    use super::super::locate::tests::Machine;
    use super::*;

    #[test]
    fn an_empty_debian_gets_packages_and_two_builds_the_quick_one_first() {
        let machine = Machine::new();
        machine.executable("usr/bin/apt-get");
        let plan = Plan::make(&Service::ALL, &machine.search()).unwrap();
        let (manager, _, packages) = plan.packages.as_ref().unwrap();
        assert_eq!(*manager, PackageManager::Apt);
        let names: Vec<_> = packages.iter().map(|package| package.name).collect();
        assert_eq!(names, ["postgresql", "pgbouncer", "mariadb-server", "redis-server", "rabbitmq-server"]);
        assert_eq!(plan.builds.iter().map(|build| build.name).collect::<Vec<_>>(), ["ferretdb", "vault"]);
        assert!(plan.lines().iter().any(|line| line.contains("apt-get install")), "{:?}", plan.lines());
    }

    #[test]
    fn an_empty_mac_gets_packages_alone() {
        let machine = Machine::new();
        machine.executable("opt/homebrew/bin/brew");
        let plan = Plan::make(&Service::ALL, &machine.search()).unwrap();
        assert!(plan.builds.is_empty());
        let lines = plan.lines().join("\n");
        for name in
            ["hashicorp/tap/vault", "postgresql@17", "mysql", "mongodb/brew/mongodb-community", "rabbitmq"]
        {
            assert!(lines.contains(name), "{name} in {lines}");
        }
    }

    #[test]
    fn what_is_there_is_not_installed_again() {
        let machine = Machine::new();
        machine.executable("usr/bin/apt-get");
        machine.executable("usr/bin/redis-server");
        machine.executable("usr/sbin/pgbouncer");
        let plan =
            Plan::make(&[Service::Redis1, Service::Redis2, Service::Pgbouncer], &machine.search()).unwrap();
        assert!(plan.programs.is_empty() && plan.lines().is_empty(), "{plan:?}");
    }

    #[test]
    fn mysql_needs_no_install_db_and_mariadb_does() {
        let machine = Machine::new();
        machine.executable("opt/homebrew/opt/mysql/bin/mysqld");
        assert_eq!(missing(&[Service::Mysql], &machine.search()), []);
        let machine = Machine::new();
        machine.executable("usr/sbin/mariadbd");
        assert_eq!(
            missing(&[Service::Mysql], &machine.search()),
            [(Service::Mysql, Program::MysqlInstallDb)]
        );
    }

    #[test]
    fn without_a_package_manager_the_rest_is_named_and_vault_is_still_built() {
        let machine = Machine::new();
        let error = Plan::make(&[Service::Vault, Service::Redis1], &machine.search()).unwrap_err();
        assert!(
            matches!(&error, InstallError::NoPackage { programs } if programs == &[Program::RedisServer]),
            "{error:?}"
        );
        let plan = Plan::make(&[Service::Vault], &machine.search()).unwrap();
        assert_eq!(plan.builds.iter().map(|build| build.name).collect::<Vec<_>>(), ["vault"]);
    }
}
