//! PostgreSQL, directly or through PgBouncer.
//!
//! Statements go out by the simple query protocol: one message, one round trip, nothing prepared.
//! That is what works through PgBouncer in transaction mode whatever its version: a prepared statement stays
//! on the server connection that it was made on, and the next call may be given another one (PgBouncer follows
//! them since 1.21 only, and Debian 12 has 1.18).
//! A direct connection gains nothing from preparing a statement without parameters.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use contract::Backend;
use futures_util::FutureExt;
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, Row};

use crate::breaker::BreakerState;
use crate::config::{Address, PoolSettings, PostgresConfig, Via};
use crate::context::Context;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind};
use crate::guard::{Guard, Operation};
use crate::link::{Driver, Link};
use crate::pool::{Call, Pool};
use crate::probe::ProbeFailure;
use crate::runtime::Home;

/// PostgreSQL. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Postgres {
    link: Link<PostgresDriver>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    guard: Arc<Guard>,
    home: Home,
    current_timestamp: Operation,
    probe: Operation,
}

struct PostgresDriver {
    address: Address,
    pool: PoolSettings,
    limit: Duration,
}

impl Postgres {
    pub(crate) fn start(config: PostgresConfig, context: &Context) -> Self {
        let guard = context.guard(Backend::Postgres);
        let driver = PostgresDriver {
            address: match config.via {
                Via::Direct => config.address,
                Via::Pgbouncer => config.pgbouncer_address,
            },
            pool: context.pool,
            limit: context.limit,
        };
        let credentials = context.credentials(Backend::Postgres, "postgres");
        let shared = Shared {
            current_timestamp: guard.operation("current_timestamp"),
            probe: guard.operation("probe"),
            home: context.home.clone(),
            guard: Arc::clone(&guard),
        };
        Self { link: Link::start(driver, credentials, guard, &context.home), shared: Arc::new(shared) }
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
        self.shared.guard.call(&self.shared.current_timestamp, self.read(query)).await
    }

    /// Ask the server for its version. Goes round the breaker and does not move it.
    ///
    /// # Errors
    /// What a health page says; the cause is in the log.
    pub async fn probe(&self) -> Result<String, ProbeFailure> {
        let query: Call<PgConnection, _> = |connection| {
            async { sqlx::raw_sql("SHOW server_version").fetch_one(connection).await?.try_get(0) }.boxed()
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

    async fn read<T: Send + 'static>(&self, query: Call<PgConnection, T>) -> Result<T, Error> {
        let home = &self.shared.home;
        self.link
            .with(|pool| async move {
                home.run(async move { pool.read(query, classify).await }).await.unwrap_or_else(|ended| {
                    Err(Error::with_source(Backend::Postgres, ErrorKind::Failed, ended))
                })
            })
            .await
    }
}

impl Driver for PostgresDriver {
    type Client = Pool<PgConnectOptions>;

    async fn connect(&self, credentials: &Credentials) -> Result<Self::Client, Error> {
        let options = PgConnectOptions::new_without_pgpass()
            .host(self.address.host())
            .port(self.address.port())
            .username(&credentials.user)
            .password(credentials.password.expose_secret())
            .database(credentials.database(Backend::Postgres)?)
            .ssl_mode(PgSslMode::Disable)
            // PgBouncer refuses a parameter that it does not know at the start of a connection.
            .extra_float_digits(None)
            .application_name("devstack")
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
        sqlx::Error::Database(error) => error.code().map_or(ErrorKind::Failed, |code| kind_of(&code)),
        _ => ErrorKind::Failed,
    };
    Error::with_source(Backend::Postgres, kind, error)
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

    #[test]
    fn a_broken_connection_is_unreachable_and_an_unexpected_answer_a_failure() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(classify(sqlx::Error::Io(refused)).kind(), ErrorKind::Unreachable);
        assert_eq!(classify(sqlx::Error::RowNotFound).kind(), ErrorKind::Failed);
    }
}
