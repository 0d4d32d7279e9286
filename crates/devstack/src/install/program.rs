//! The programs of the stack as data: their file names, the kinds in which they come, and which service needs which.

use std::fmt;

use crate::manifest::Service;

/// A program that the stack runs, or that a person runs against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// The Vault server.
    Vault,
    /// The PostgreSQL server.
    Postgres,
    /// Makes a PostgreSQL data folder; of the same version as [`Program::Postgres`].
    Initdb,
    /// The connection pooler in front of PostgreSQL.
    Pgbouncer,
    /// The MySQL or MariaDB server.
    Mysqld,
    /// Makes a MariaDB data folder. MySQL has none: `mysqld --initialize` does it.
    MysqlInstallDb,
    /// The MongoDB server, or FerretDB.
    Mongod,
    /// The Redis server.
    RedisServer,
    /// RabbitMQ's server script (not the wrapper of Debian's that changes user and folders).
    RabbitmqServer,
    /// Erlang's port mapper, which RabbitMQ needs.
    Epmd,
    /// PostgreSQL's command line client.
    Psql,
    /// MySQL's or MariaDB's command line client.
    MysqlClient,
    /// MongoDB's shell.
    Mongosh,
    /// Redis's command line client.
    RedisCli,
}

/// Whose implementation of a program it is, where flags and behaviour depend on that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// HashiCorp's `vault`, started as `vault server -config=FILE`.
    Vault,
    /// The `bao` of `OpenBao`, started as `bao server -config=FILE`.
    OpenBao,
    /// Vault as linked by `native/vault`, started with flags: `-listen`, `-storage`, `-tls-cert`, `-tls-key`.
    BuiltVault,
    /// PostgreSQL.
    Postgres,
    /// PgBouncer.
    Pgbouncer,
    /// Oracle's MySQL.
    Mysql,
    /// MariaDB.
    MariaDb,
    /// MongoDB.
    MongoDb,
    /// FerretDB as built from `native/ferretdb`, on `SQLite`.
    FerretDb,
    /// Redis.
    Redis,
    /// RabbitMQ.
    RabbitMq,
    /// Erlang.
    Erlang,
}

impl Kind {
    /// The name in sentences.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Vault => "Vault",
            Self::OpenBao => "OpenBao",
            Self::BuiltVault => "Vault (devstack build)",
            Self::Postgres => "PostgreSQL",
            Self::Pgbouncer => "PgBouncer",
            Self::Mysql => "MySQL",
            Self::MariaDb => "MariaDB",
            Self::MongoDb => "MongoDB",
            Self::FerretDb => "FerretDB (devstack build)",
            Self::Redis => "Redis",
            Self::RabbitMq => "RabbitMQ",
            Self::Erlang => "Erlang",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.title())
    }
}

impl Program {
    /// Every program.
    pub const ALL: [Self; 14] = [
        Self::Vault,
        Self::Postgres,
        Self::Initdb,
        Self::Pgbouncer,
        Self::Mysqld,
        Self::MysqlInstallDb,
        Self::Mongod,
        Self::RedisServer,
        Self::RabbitmqServer,
        Self::Epmd,
        Self::Psql,
        Self::MysqlClient,
        Self::Mongosh,
        Self::RedisCli,
    ];

    /// The programs without which `service` cannot run. [`Program::MysqlInstallDb`] counts with MariaDB only.
    pub const fn needed_by(service: Service) -> &'static [Self] {
        match service {
            Service::Vault => &[Self::Vault],
            Service::Postgres => &[Self::Postgres, Self::Initdb],
            Service::Pgbouncer => &[Self::Pgbouncer],
            Service::Mysql => &[Self::Mysqld, Self::MysqlInstallDb],
            Service::Mongodb => &[Self::Mongod],
            Service::Redis1 | Service::Redis2 | Service::Redis3 => &[Self::RedisServer],
            Service::Rabbitmq => &[Self::RabbitmqServer, Self::Epmd],
        }
    }

    /// The names under which it is looked for, best first, and what a file of that name is.
    pub(super) const fn names(self) -> &'static [(&'static str, Kind)] {
        match self {
            Self::Vault => &[("vault", Kind::Vault), ("bao", Kind::OpenBao)],
            Self::Postgres => &[("postgres", Kind::Postgres)],
            Self::Initdb => &[("initdb", Kind::Postgres)],
            Self::Psql => &[("psql", Kind::Postgres)],
            Self::Pgbouncer => &[("pgbouncer", Kind::Pgbouncer)],
            Self::Mysqld => &[("mysqld", Kind::Mysql), ("mariadbd", Kind::MariaDb)],
            Self::MysqlInstallDb => {
                &[("mariadb-install-db", Kind::MariaDb), ("mysql_install_db", Kind::MariaDb)]
            }
            Self::MysqlClient => &[("mariadb", Kind::MariaDb), ("mysql", Kind::Mysql)],
            Self::Mongod => &[("mongod", Kind::MongoDb)],
            Self::Mongosh => &[("mongosh", Kind::MongoDb)],
            Self::RedisServer => &[("redis-server", Kind::Redis)],
            Self::RedisCli => &[("redis-cli", Kind::Redis)],
            Self::RabbitmqServer => &[("rabbitmq-server", Kind::RabbitMq)],
            Self::Epmd => &[("epmd", Kind::Erlang)],
        }
    }

    /// The program in whose folder to look first, so that both are of one version.
    pub(super) const fn beside(self) -> Option<Self> {
        match self {
            Self::Initdb | Self::Psql => Some(Self::Postgres),
            Self::MysqlInstallDb | Self::MysqlClient => Some(Self::Mysqld),
            Self::RedisCli => Some(Self::RedisServer),
            _ => None,
        }
    }

    /// The name in sentences: the file name that is looked for first.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::Postgres => "postgres",
            Self::Initdb => "initdb",
            Self::Pgbouncer => "pgbouncer",
            Self::Mysqld => "mysqld",
            Self::MysqlInstallDb => "mariadb-install-db",
            Self::Mongod => "mongod",
            Self::RedisServer => "redis-server",
            Self::RabbitmqServer => "rabbitmq-server",
            Self::Epmd => "epmd",
            Self::Psql => "psql",
            Self::MysqlClient => "mysql",
            Self::Mongosh => "mongosh",
            Self::RedisCli => "redis-cli",
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_needs_a_program() {
        for service in Service::ALL {
            assert!(!Program::needed_by(service).is_empty(), "{service}");
        }
    }

    #[test]
    fn a_program_is_called_by_one_of_the_names_it_is_looked_for() {
        for program in Program::ALL {
            assert!(program.names().iter().any(|(name, _)| *name == program.name()), "{program}");
        }
    }
}
