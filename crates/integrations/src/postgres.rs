//! PostgreSQL, directly or through PgBouncer.
//!
//! Statements go out by the simple query protocol: one message, one round trip, nothing prepared.
//! That is what works through PgBouncer in transaction mode whatever its version: a prepared statement stays
//! on the server connection that it was made on, and the next call may be given another one (PgBouncer follows
//! them since 1.21 only, and Debian 12 has 1.18).
//! A direct connection gains nothing from preparing a statement without parameters.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use contract::Backend;
use futures_util::FutureExt;
use secrecy::ExposeSecret;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, Row};

use crate::breaker::BreakerState;
use crate::config::{Address, PostgresConfig, Via};
use crate::context::Context;
use crate::credentials::Credentials;
use crate::database::{self, Database};
use crate::error::{Error, ErrorKind};
use crate::guard::Operation;
use crate::pool::Call;
use crate::probe::ProbeFailure;

/// PostgreSQL. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Postgres {
    database: Database<Dialect>,
    operations: Arc<Operations>,
}

#[derive(Debug)]
struct Operations {
    current_timestamp: Operation,
    probe: Operation,
}

impl Postgres {
    pub(crate) fn start(config: PostgresConfig, context: &Context) -> Self {
        let address = match config.via {
            Via::Direct => config.address,
            Via::Pgbouncer => config.pgbouncer_address,
        };
        let database = Database::start(address, context);
        let operations = Operations {
            current_timestamp: database.operation("current_timestamp"),
            probe: database.operation("probe"),
        };
        Self { database, operations: Arc::new(operations) }
    }

    /// Read the server's clock with `SELECT current_timestamp`, to the microsecond.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn current_timestamp(&self) -> Result<DateTime<Utc>, Error> {
        let query: Call<PgConnection, _> = |connection| {
            async { sqlx::raw_sql("SELECT current_timestamp").fetch_one(connection).await?.try_get(0) }
                .boxed()
        };
        self.database.call(&self.operations.current_timestamp, query).await
    }

    /// Ask the server for its version. Goes round the breaker and does not move it.
    ///
    /// # Errors
    /// What a health page says; the cause is in the log.
    pub async fn probe(&self) -> Result<String, ProbeFailure> {
        let query: Call<PgConnection, _> = |connection| {
            async { sqlx::raw_sql("SHOW server_version").fetch_one(connection).await?.try_get(0) }.boxed()
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
    const BACKEND: Backend = Backend::Postgres;

    type Options = PgConnectOptions;

    fn options(address: &Address, credentials: &Credentials) -> Result<Self::Options, Error> {
        Ok(PgConnectOptions::new_without_pgpass()
            .host(address.host())
            .port(address.port())
            .username(&credentials.user)
            .password(credentials.password.expose_secret())
            .database(credentials.database(Backend::Postgres)?)
            .ssl_mode(PgSslMode::Disable)
            // PgBouncer refuses a parameter that it does not know at the start of a connection.
            .extra_float_digits(None)
            .application_name("devstack")
            // A span and a metric go with each call already.
            .disable_statement_logging())
    }

    fn kind_of(error: &dyn DatabaseError) -> ErrorKind {
        error.code().map_or(ErrorKind::Failed, |code| kind_of(&code))
    }
}

/// What an SQLSTATE means (PostgreSQL documentation, appendix A).
fn kind_of(sqlstate: &str) -> ErrorKind {
    match sqlstate {
        // invalid_authorization_specification and invalid_password.
        "28000" | "28P01" => ErrorKind::RefusedCredentials,
        // The server is shutting down, has crashed, is still starting, or takes no more connections.
        "57P01" | "57P02" | "57P03" | "53300" => ErrorKind::Unreachable,
        // connection_exception; also how PgBouncer says that it cannot reach the server behind it.
        _ if sqlstate.starts_with("08") => ErrorKind::Unreachable,
        _ => ErrorKind::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_says_the_server_is_away_is_told_from_one_that_says_the_password_is_wrong() {
        for (sqlstate, kind) in [
            ("28P01", ErrorKind::RefusedCredentials),
            ("28000", ErrorKind::RefusedCredentials),
            ("57P01", ErrorKind::Unreachable),
            ("57P03", ErrorKind::Unreachable),
            ("53300", ErrorKind::Unreachable),
            ("08P01", ErrorKind::Unreachable),
            ("08006", ErrorKind::Unreachable),
            ("57014", ErrorKind::Failed),
            ("42P01", ErrorKind::Failed),
            ("3D000", ErrorKind::Failed),
        ] {
            assert_eq!(kind_of(sqlstate), kind, "{sqlstate}");
        }
    }
}
