//! MongoDB or FerretDB: hello, log in, ask for the version.

use std::net::SocketAddr;
use std::time::Duration;

use mongodb::bson::{Document, doc};
use secrecy::ExposeSecret as _;

use super::{ProbeError, Report};
use crate::drivers::mongodb_server;
use crate::vault::logins::Credentials;

/// How long is waited for a server, and for a connection to it.
const LIMIT: Duration = Duration::from_secs(2);

fn client(address: SocketAddr, login: Option<&Credentials>) -> Result<mongodb::Client, ProbeError> {
    let mut options = login.map_or_else(|| mongodb_server(address), |login| login.mongodb_options(address));
    options.server_selection_timeout = Some(LIMIT);
    options.connect_timeout = Some(LIMIT);
    options.max_pool_size = Some(1);
    mongodb::Client::with_options(options).map_err(ProbeError::refused)
}

pub(super) async fn ask(address: SocketAddr, login: &Credentials) -> Result<Report, ProbeError> {
    let client = client(address, Some(login))?;
    let database = client.database(login.database.as_deref().unwrap_or_default());
    let answer: Result<Document, _> = async {
        database.run_command(doc! { "hello": 1 }).await?;
        database.run_command(doc! { "buildInfo": 1 }).await
    }
    .await;
    client.shutdown().immediate(true).await;
    let information = answer.map_err(ProbeError::refused)?;
    Ok(Report { version: information.get_str("version").unwrap_or("?").to_owned() })
}

/// Create the user of a new `mongod`, which admits somebody without a login, from this machine, until there is one.
pub(crate) async fn create_first_user(address: SocketAddr, login: &Credentials) -> Result<(), ProbeError> {
    let client = client(address, None)?;
    let name = login.database.as_deref().unwrap_or_default();
    let command = doc! {
        "createUser": &login.user,
        "pwd": login.password.expose_secret(),
        "roles": [{ "role": "root", "db": "admin" }],
    };
    // The exception holds for the first user in `admin` alone; that one then makes the user in its own database.
    let first = client.database("admin").run_command(command).await;
    client.shutdown().immediate(true).await;
    first.map_err(ProbeError::refused)?;
    let as_admin = Credentials { database: Some("admin".into()), ..login.clone() };
    let client = self::client(address, Some(&as_admin))?;
    let command = doc! {
        "createUser": &login.user,
        "pwd": login.password.expose_secret(),
        "roles": [{ "role": "readWriteAnyDatabase", "db": "admin" }, { "role": "dbAdminAnyDatabase", "db": "admin" }],
    };
    let second = client.database(name).run_command(command).await;
    client.shutdown().immediate(true).await;
    second.map(drop).map_err(ProbeError::refused)
}
