//! Everything that talks to the backing servers: Vault, PostgreSQL, MySQL, MongoDB, Redis Cluster, RabbitMQ.
//!
//! One module a backend, all of the same shape: a cheap handle ([`Postgres`], [`Redis`], …) whose operations
//! take `contract` newtypes and answer with domain types or an [`Error`], and a `probe` for the health pages.
//! What they share stands once: the circuit breaker, the credentials from Vault and their rotation, the time
//! limit, the metrics.
//! `docs/integrations.md` tells the whole of it.
//!
//! Deliberately absent: an HTTP server, wire types, any notion of a status code, caching for requests.
//! No value from a request reaches a backend except through a `contract` newtype.

mod backoff;
mod breaker;
mod config;
mod context;
mod credentials;
mod database;
mod error;
mod guard;
mod kept;
mod link;
mod mongodb;
mod mysql;
mod pool;
mod postgres;
mod probe;
mod rabbitmq;
mod redis;
mod runtime;
mod vault;

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::context::Context;
use crate::runtime::Home;
use crate::vault::Session;

pub use breaker::{BreakerSettings, BreakerState};
pub use config::{
    Address, AppRoleFiles, Config, MongodbConfig, MysqlConfig, ParseAddressError, PoolSettings,
    PostgresConfig, RabbitmqConfig, RedisConfig, VaultConfig, Via,
};
pub use error::{Error, ErrorKind};
pub use mongodb::Mongodb;
pub use mysql::Mysql;
pub use postgres::Postgres;
pub use probe::ProbeFailure;
pub use rabbitmq::{QueueInfo, Rabbitmq};
pub use redis::{
    CacheEntry, ClusterNode, ClusterRole, NodeDetails, NodeProbe, Redis, RedisProbe, SlotAssignment,
    SlotOwner, SlotRange,
};
pub use reqwest::Url;
pub use vault::{Vault, VaultDetails, VaultProbe};

/// The six clients. Cloning is cheap, and all clones share their pools, breakers and background tasks, which
/// end when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Integrations {
    /// Secrets.
    pub vault: Vault,
    /// PostgreSQL, directly or through PgBouncer.
    pub postgres: Postgres,
    /// MySQL or MariaDB.
    pub mysql: Mysql,
    /// MongoDB or FerretDB.
    pub mongodb: Mongodb,
    /// The Redis Cluster.
    pub redis: Redis,
    /// RabbitMQ.
    pub rabbitmq: Rabbitmq,
}

impl Integrations {
    /// Make the clients and return at once.
    ///
    /// Login, credentials and connections are made by background tasks on `runtime`, and tried again for as
    /// long as Vault or a backend is away.
    /// `runtime` is a multi-thread runtime that outlives every caller; see `docs/integrations.md` for why.
    /// Metrics are looked up here, so the recorder has to be installed first, and so has rustls' provider.
    pub fn start(config: Config, runtime: Handle) -> Self {
        let home = Home::new(runtime);
        let session = Session::new(config.vault, config.timeout, home.clone());
        let context = Context {
            home,
            limit: config.timeout,
            breaker: config.breaker,
            pool: config.pool,
            session: Arc::new(session),
        };
        Self {
            vault: Vault::start(&context),
            postgres: Postgres::start(config.postgres, &context),
            mysql: Mysql::start(config.mysql, &context),
            mongodb: Mongodb::start(config.mongodb, &context),
            redis: Redis::start(config.redis, &context),
            rabbitmq: Rabbitmq::start(config.rabbitmq, &context),
        }
    }

    /// Close every connection in order, all backends at once, each within the time limit of one call, and
    /// give Vault's token back.
    ///
    /// Calls to the others fail afterwards; one to Vault would log in again.
    pub async fn close(&self) {
        tokio::join!(
            self.vault.close(),
            self.postgres.close(),
            self.mysql.close(),
            self.mongodb.close(),
            self.redis.close(),
            self.rabbitmq.close(),
        );
    }
}
