//! The six backing servers, by the names that bodies, metrics and logs use.

use std::fmt;

/// A backing server of the API. The three nodes of the Redis Cluster are one backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Backend {
    /// HashiCorp Vault: secrets and the credentials of all the others.
    Vault,
    /// PostgreSQL, directly or through PgBouncer.
    Postgres,
    /// MySQL (or MariaDB).
    Mysql,
    /// MongoDB (or FerretDB).
    Mongodb,
    /// The Redis Cluster.
    Redis,
    /// RabbitMQ.
    Rabbitmq,
}

impl Backend {
    /// All six, in the order in which `/health/all` lists them.
    pub const ALL: [Self; 6] =
        [Self::Vault, Self::Postgres, Self::Mysql, Self::Mongodb, Self::Redis, Self::Rabbitmq];

    /// The name on the wire: `details.service`, the label `backend`, a member of `services`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Mongodb => "mongodb",
            Self::Redis => "redis",
            Self::Rabbitmq => "rabbitmq",
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
