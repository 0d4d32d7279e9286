//! PostgreSQL, direct or through PgBouncer: log in and ask for the version.

use std::net::SocketAddr;

use secrecy::ExposeSecret as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::{ProbeError, Report};
use crate::vault::logins::Credentials;

pub(super) async fn ask(address: SocketAddr, login: &Credentials) -> Result<Report, ProbeError> {
    let mut connection: PgConnection = PgConnectOptions::new_without_pgpass()
        .host(&address.ip().to_string())
        .port(address.port())
        .username(&login.user)
        .password(login.password.expose_secret())
        .database(login.database.as_deref().unwrap_or_default())
        .ssl_mode(PgSslMode::Disable)
        .application_name("devstack")
        .connect()
        .await
        .map_err(ProbeError::refused)?;
    // The simple protocol: prepared statements do not survive an old PgBouncer in transaction mode.
    let row =
        sqlx::Executor::fetch_one(&mut connection, sqlx::raw_sql("SELECT current_setting('server_version')"))
            .await
            .map_err(ProbeError::refused)?;
    let version = row.try_get(0).map_err(ProbeError::refused)?;
    connection.close().await.map_err(ProbeError::refused)?;
    Ok(Report { version })
}
