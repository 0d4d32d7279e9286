//! The package managers as data: which package brings which service's programs.

use crate::manifest::Service;

/// A package manager that `devstack install` can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum PackageManager {
    /// `brew`, on macOS and Linux.
    Homebrew,
    /// `apt-get`, on Debian, Ubuntu and their kin.
    Apt,
}

/// A package, with where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Package {
    pub service: Service,
    /// The name that the package manager knows; `user/tap/name` for what Homebrew has from elsewhere.
    pub name: &'static str,
    /// The system services that it brings, started at boot if nobody says otherwise.
    pub units: &'static [&'static str],
}

const fn formula(service: Service, name: &'static str) -> Package {
    Package { service, name, units: &[] }
}

/// Homebrew. It starts nothing by itself.
const HOMEBREW: &[Package] = &[
    // Not in Homebrew's own list because of their licences.
    formula(Service::Vault, "hashicorp/tap/vault"),
    formula(Service::Mongodb, "mongodb/brew/mongodb-community"),
    formula(Service::Postgres, "postgresql@17"),
    formula(Service::Pgbouncer, "pgbouncer"),
    formula(Service::Mysql, "mysql"),
    formula(Service::Redis1, "redis"),
    formula(Service::Redis2, "redis"),
    formula(Service::Redis3, "redis"),
    formula(Service::Rabbitmq, "rabbitmq"),
];

const fn debian(service: Service, name: &'static str, units: &'static [&'static str]) -> Package {
    Package { service, name, units }
}

/// Debian and Ubuntu. Neither has Vault or MongoDB: those are built.
const APT: &[Package] = &[
    debian(Service::Postgres, "postgresql", &["postgresql.service"]),
    debian(Service::Pgbouncer, "pgbouncer", &["pgbouncer.service"]),
    debian(Service::Mysql, "mariadb-server", &["mariadb.service"]),
    debian(Service::Redis1, "redis-server", &["redis-server.service"]),
    debian(Service::Redis2, "redis-server", &["redis-server.service"]),
    debian(Service::Redis3, "redis-server", &["redis-server.service"]),
    debian(Service::Rabbitmq, "rabbitmq-server", &["rabbitmq-server.service", "epmd.socket"]),
];

impl PackageManager {
    /// Both, in the order in which they are looked for: who has Homebrew on Linux still has the system's own servers
    /// from apt, with their system users.
    pub(super) const ALL: [Self; 2] = [Self::Apt, Self::Homebrew];

    /// The program that is looked for.
    pub(super) const fn program(self) -> &'static str {
        match self {
            Self::Homebrew => "brew",
            Self::Apt => "apt-get",
        }
    }

    const fn table(self) -> &'static [Package] {
        match self {
            Self::Homebrew => HOMEBREW,
            Self::Apt => APT,
        }
    }

    /// The package with the programs of `service`, if the manager has one.
    pub(super) fn package(self, service: Service) -> Option<&'static Package> {
        self.table().iter().find(|package| package.service == service)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::install::Program;
    use crate::install::plan::can_be_built;

    #[test]
    fn every_program_of_every_service_can_be_had_with_each_package_manager() {
        for manager in PackageManager::ALL {
            for service in Service::ALL {
                let built = Program::needed_by(service).iter().all(|program| can_be_built(*program));
                assert!(manager.package(service).is_some() || built, "{manager:?} has nothing for {service}");
            }
        }
    }

    #[test]
    fn no_service_stands_twice_in_a_table_and_the_redis_nodes_share_a_package() {
        for manager in PackageManager::ALL {
            let services: BTreeSet<_> = manager.table().iter().map(|package| package.service).collect();
            assert_eq!(services.len(), manager.table().len(), "{manager:?}");
            let redis: BTreeSet<_> =
                Service::REDIS.iter().filter_map(|node| manager.package(*node)).map(|p| p.name).collect();
            assert_eq!(redis.len(), 1, "{manager:?}");
        }
    }

    #[test]
    fn package_names_are_what_the_manager_accepts() {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.+@".contains(c);
        for package in APT {
            assert!(package.name.chars().all(plain) && !package.name.contains('@'), "{}", package.name);
            assert!(!package.units.is_empty(), "{} brings a service", package.name);
            for unit in package.units {
                assert!(unit.ends_with(".service") || unit.ends_with(".socket"), "{unit}");
            }
        }
        for package in HOMEBREW {
            let parts: Vec<_> = package.name.split('/').collect();
            assert!(matches!(parts.len(), 1 | 3), "{} is a name or user/tap/name", package.name);
            assert!(parts.iter().all(|part| !part.is_empty() && part.chars().all(plain)), "{}", package.name);
        }
    }
}
