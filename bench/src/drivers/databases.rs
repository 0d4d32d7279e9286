//! PostgreSQL, MySQL and MongoDB.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use devstack::{Credentials, Service, Stack};
use mongodb::Client;
use secrecy::ExposeSecret as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions as _, MySqlConnection, PgConnection, Row as _};
use tokio::sync::Semaphore;

use super::POOL;
use crate::BoxError;

/// A full pool of sqlx's connections, and nothing around it: not sqlx's own pool, which asks a connection whether it lives
/// before it lends it, and opens them one by one.
pub(crate) struct Database<C> {
    pool: Arc<Pool<C>>,
}

struct Pool<C> {
    permits: Semaphore,
    // A std mutex: it is held for a few instructions and never over an await.
    idle: Mutex<Vec<C>>,
}

impl<C> Clone for Database<C> {
    fn clone(&self) -> Self {
        Self { pool: Arc::clone(&self.pool) }
    }
}

impl<C> Database<C> {
    fn of(connections: Vec<C>) -> Self {
        let permits = Semaphore::new(connections.len());
        Self { pool: Arc::new(Pool { permits, idle: Mutex::new(connections) }) }
    }

    /// Lend a connection to a call. One whose call failed is lost; the run is lost with it.
    async fn with<T>(&self, call: impl AsyncFnOnce(&mut C) -> Result<T, sqlx::Error>) -> Result<T, BoxError> {
        let _permit = self.pool.permits.acquire().await?;
        let idle = || self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = idle().pop();
        let mut connection = connection.ok_or("a connection was lost")?;
        let value = call(&mut connection).await?;
        idle().push(connection);
        Ok(value)
    }
}

impl Database<PgConnection> {
    /// A pool to PostgreSQL itself.
    pub(super) async fn postgres(stack: &Stack) -> Result<Self, BoxError> {
        let login = stack.credentials(Service::Postgres).await?;
        let address = stack.address(Service::Postgres);
        let options = PgConnectOptions::new_without_pgpass()
            .host(&address.ip().to_string())
            .port(address.port())
            .username(&login.user)
            .password(login.password.expose_secret())
            .database(database(&login)?)
            .ssl_mode(PgSslMode::Disable)
            .disable_statement_logging();
        let mut connections = Vec::with_capacity(POOL);
        for _ in 0..POOL {
            connections.push(options.connect().await?);
        }
        Ok(Self::of(connections))
    }

    /// The contract's query.
    pub(super) async fn current_timestamp(&self) -> Result<(), BoxError> {
        self.with(async |connection| {
            let row = sqlx::raw_sql("SELECT current_timestamp").fetch_one(connection).await?;
            row.try_get::<DateTime<Utc>, _>(0).map(drop)
        })
        .await
    }
}

impl Database<MySqlConnection> {
    /// A pool to MySQL.
    pub(super) async fn mysql(stack: &Stack) -> Result<Self, BoxError> {
        let login = stack.credentials(Service::Mysql).await?;
        let address = stack.address(Service::Mysql);
        let options = MySqlConnectOptions::new()
            .host(&address.ip().to_string())
            .port(address.port())
            .username(&login.user)
            .password(login.password.expose_secret())
            .database(database(&login)?)
            .ssl_mode(MySqlSslMode::Disabled)
            .timezone(Some("+00:00".to_owned()))
            .disable_statement_logging();
        let mut connections = Vec::with_capacity(POOL);
        for _ in 0..POOL {
            connections.push(options.connect().await?);
        }
        Ok(Self::of(connections))
    }

    /// The contract's query.
    pub(super) async fn now(&self) -> Result<(), BoxError> {
        self.with(async |connection| {
            let row = sqlx::raw_sql("SELECT NOW(6)").fetch_one(connection).await?;
            row.try_get::<DateTime<Utc>, _>(0).map(drop)
        })
        .await
    }
}

/// MongoDB's driver, with its own pool.
#[derive(Clone)]
pub(crate) struct Documents {
    database: mongodb::Database,
}

impl Documents {
    pub(super) async fn connect(stack: &Stack) -> Result<Self, BoxError> {
        let login = stack.credentials(Service::Mongodb).await?;
        let size = u32::try_from(POOL)?;
        let mut options = login.mongodb_options(stack.address(Service::Mongodb));
        options.max_pool_size = Some(size);
        options.min_pool_size = Some(size);
        let database = database(&login)?;
        Ok(Self { database: Client::with_options(options)?.database(database) })
    }

    /// The contract's query.
    pub(super) async fn collection_names(&self) -> Result<(), BoxError> {
        let mut names = self.database.list_collection_names().await?;
        names.sort_unstable();
        Ok(())
    }
}

/// The database of a login.
fn database(login: &Credentials) -> Result<&str, BoxError> {
    login.database.as_deref().ok_or_else(|| "the stack has no database for this service".into())
}
