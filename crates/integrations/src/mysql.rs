//! MySQL, or MariaDB.
//!
//! Statements go out as text, one round trip each: a statement without parameters gains nothing from being
//! prepared, and the server keeps nothing for it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use contract::Backend;
use futures_util::FutureExt;
use secrecy::ExposeSecret;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlSslMode};
use sqlx::{ConnectOptions, Row};

use crate::breaker::BreakerState;
use crate::config::{Address, MysqlConfig, PoolSettings};
use crate::context::Context;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind};
use crate::guard::{Guard, Operation};
use crate::link::{Driver, Link};
use crate::pool::{Call, Pool};
use crate::probe::ProbeFailure;
use crate::runtime::Home;

/// MySQL. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Mysql {
    link: Link<MysqlDriver>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    guard: Arc<Guard>,
    home: Home,
    now: Operation,
    probe: Operation,
}

struct MysqlDriver {
    address: Address,
    pool: PoolSettings,
    limit: Duration,
}

impl Mysql {
    pub(crate) fn start(config: MysqlConfig, context: &Context) -> Self {
        let guard = context.guard(Backend::Mysql);
        let driver = MysqlDriver { address: config.address, pool: context.pool, limit: context.limit };
        let credentials = context.credentials(Backend::Mysql, "mysql");
        let shared = Shared {
            now: guard.operation("now"),
            probe: guard.operation("probe"),
            home: context.home.clone(),
            guard: Arc::clone(&guard),
        };
        Self { link: Link::start(driver, credentials, guard, &context.home), shared: Arc::new(shared) }
    }

    /// Read the server's clock with `SELECT NOW(6)`, to the microsecond.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn now(&self) -> Result<DateTime<Utc>, Error> {
        // A DATETIME in the session's time zone, which the driver sets to UTC.
        let query: Call<MySqlConnection, _> = |connection| {
            async { sqlx::raw_sql("SELECT NOW(6)").fetch_one(connection).await?.try_get(0) }.boxed()
        };
        self.shared.guard.call(&self.shared.now, self.read(query)).await
    }

    /// Ask the server for its version. Goes round the breaker and does not move it.
    ///
    /// # Errors
    /// What a health page says; the cause is in the log.
    pub async fn probe(&self) -> Result<String, ProbeFailure> {
        let query: Call<MySqlConnection, _> = |connection| {
            async { sqlx::raw_sql("SELECT VERSION()").fetch_one(connection).await?.try_get(0) }.boxed()
        };
        self.shared.guard.probe(&self.shared.probe, self.read(query)).await
    }

    /// What its breaker does with the next call.
    pub fn breaker(&self) -> BreakerState {
        self.shared.guard.breaker_state()
    }

    pub(crate) async fn close(&self) {
        self.link.close().await;
    }

    async fn read<T: Send + 'static>(&self, query: Call<MySqlConnection, T>) -> Result<T, Error> {
        let home = &self.shared.home;
        self.link
            .with(|pool| async move {
                home.run(async move { pool.read(query, classify).await })
                    .await
                    .unwrap_or_else(|ended| Err(Error::with_source(Backend::Mysql, ErrorKind::Failed, ended)))
            })
            .await
    }
}

impl Driver for MysqlDriver {
    type Client = Pool<MySqlConnectOptions>;

    async fn connect(&self, credentials: &Credentials) -> Result<Self::Client, Error> {
        let options = MySqlConnectOptions::new()
            .host(self.address.host())
            .port(self.address.port())
            .username(&credentials.user)
            .password(credentials.password.expose_secret())
            .database(credentials.database(Backend::Mysql)?)
            .ssl_mode(MySqlSslMode::Disabled)
            // What DateTime<Utc> means; the server's own zone may be any other.
            .timezone(Some("+00:00".to_owned()))
            // A span and a metric go with each call already.
            .disable_statement_logging();
        Ok(Pool::new(options, self.pool.size, self.limit))
    }

    async fn warm(&self, pool: Self::Client) -> Result<(), Error> {
        pool.warm(self.pool.warm).await.map_err(classify)
    }

    async fn close(&self, pool: Self::Client) {
        pool.close().await;
    }
}

fn classify(error: sqlx::Error) -> Error {
    let kind = match &error {
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => ErrorKind::TimedOut,
        sqlx::Error::Io(_) => ErrorKind::Unreachable,
        sqlx::Error::Database(error) => error
            .try_downcast_ref::<MySqlDatabaseError>()
            .map_or(ErrorKind::Failed, |error| kind_of(error.number())),
        _ => ErrorKind::Failed,
    };
    Error::with_source(Backend::Mysql, kind, error)
}

/// What an error number means (MySQL and MariaDB error references).
fn kind_of(number: u16) -> ErrorKind {
    match number {
        // ER_DBACCESS_DENIED, ER_ACCESS_DENIED, ER_ACCESS_DENIED_NO_PASSWORD.
        1044 | 1045 | 1698 => ErrorKind::RefusedCredentials,
        // ER_CON_COUNT, ER_SERVER_SHUTDOWN, ER_HOST_IS_BLOCKED, ER_CONNECTION_KILLED (MariaDB),
        // ER_CLIENT_INTERACTION_TIMEOUT.
        1040 | 1053 | 1129 | 1927 | 4031 => ErrorKind::Unreachable,
        _ => ErrorKind::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_says_the_server_is_away_is_told_from_one_that_says_the_password_is_wrong() {
        for (number, kind) in [
            (1045, ErrorKind::RefusedCredentials),
            (1044, ErrorKind::RefusedCredentials),
            (1698, ErrorKind::RefusedCredentials),
            (1040, ErrorKind::Unreachable),
            (1053, ErrorKind::Unreachable),
            (1927, ErrorKind::Unreachable),
            (4031, ErrorKind::Unreachable),
            (1064, ErrorKind::Failed),
            (1049, ErrorKind::Failed),
        ] {
            assert_eq!(kind_of(number), kind, "{number}");
        }
    }

    #[test]
    fn a_broken_connection_is_unreachable_and_an_unexpected_answer_a_failure() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(classify(sqlx::Error::Io(refused)).kind(), ErrorKind::Unreachable);
        assert_eq!(classify(sqlx::Error::RowNotFound).kind(), ErrorKind::Failed);
    }
}
