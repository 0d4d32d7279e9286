//! MySQL, or MariaDB.
//!
//! Statements go out as text, one round trip each: a statement without parameters gains nothing from being
//! prepared, and the server keeps nothing for it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use contract::Backend;
use futures_util::FutureExt;
use secrecy::ExposeSecret;
use sqlx::error::DatabaseError;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlSslMode};
use sqlx::{ConnectOptions, Row};

use crate::breaker::BreakerState;
use crate::config::{Address, MysqlConfig};
use crate::context::Context;
use crate::credentials::Credentials;
use crate::database::{self, Database};
use crate::error::{Error, ErrorKind};
use crate::guard::Operation;
use crate::pool::Call;
use crate::probe::ProbeFailure;

/// MySQL. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Mysql {
    database: Database<Dialect>,
    operations: Arc<Operations>,
}

#[derive(Debug)]
struct Operations {
    now: Operation,
    probe: Operation,
}

impl Mysql {
    pub(crate) fn start(config: MysqlConfig, context: &Context) -> Self {
        let database = Database::start(config.address, context);
        let operations = Operations { now: database.operation("now"), probe: database.operation("probe") };
        Self { database, operations: Arc::new(operations) }
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
        self.database.call(&self.operations.now, query).await
    }

    /// Ask the server for its version. Goes round the breaker and does not move it.
    ///
    /// # Errors
    /// What a health page says; the cause is in the log.
    pub async fn probe(&self) -> Result<String, ProbeFailure> {
        let query: Call<MySqlConnection, _> = |connection| {
            async { sqlx::raw_sql("SELECT VERSION()").fetch_one(connection).await?.try_get(0) }.boxed()
        };
        self.database.probe(&self.operations.probe, query).await
    }

    /// What its breaker does with the next call.
    pub fn breaker(&self) -> BreakerState {
        self.database.breaker()
    }

    pub(crate) async fn close(&self) {
        self.database.close().await;
    }
}

/// What is its own about this database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect;

impl database::Dialect for Dialect {
    const BACKEND: Backend = Backend::Mysql;

    type Options = MySqlConnectOptions;

    fn options(address: &Address, credentials: &Credentials) -> Result<Self::Options, Error> {
        Ok(MySqlConnectOptions::new()
            .host(address.host())
            .port(address.port())
            .username(&credentials.user)
            .password(credentials.password.expose_secret())
            .database(credentials.database(Backend::Mysql)?)
            .ssl_mode(MySqlSslMode::Disabled)
            // What DateTime<Utc> means; the server's own zone may be any other.
            .timezone(Some("+00:00".to_owned()))
            // A span and a metric go with each call already.
            .disable_statement_logging())
    }

    fn kind_of(error: &dyn DatabaseError) -> ErrorKind {
        error
            .try_downcast_ref::<MySqlDatabaseError>()
            .map_or(ErrorKind::Failed, |error| kind_of(error.number()))
    }
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
}
