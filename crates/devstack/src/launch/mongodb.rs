//! MongoDB, or FerretDB on `SQLite`, which speaks the same protocol.

use std::ffi::OsString;

use secrecy::ExposeSecret as _;

use super::Site;

use crate::error::Error;
use crate::install::{Kind, Program};
use crate::manifest::Service;
use crate::probe::{self, ProbeError};
use crate::process::Launch;
use crate::vault::logins::Logins;

pub(super) async fn prepare(site: &Site<'_>) -> Result<(), Error> {
    site.make_folder(Service::Mongodb, async |folder, account| {
        account.private_folder(&folder.join("data"))?;
        account.write_private(&folder.join("first-start"), "")
    })
    .await
}

pub(super) fn launch(site: &Site<'_>, logins: Option<&Logins>) -> Result<Launch, Error> {
    let folder = site.folder(Service::Mongodb);
    let data = folder.join("data").display().to_string();
    let address = site.address(Service::Mongodb);
    if site.tools.get(Program::Mongod)?.kind == Kind::MongoDb {
        let port = address.port().to_string();
        let arguments =
            ["--auth", "--nounixsocket", "--bind_ip", "127.0.0.1", "--port", &port, "--dbpath", &data];
        return site.launch(Service::Mongodb, Program::Mongod, arguments.map(str::to_owned));
    }
    let arguments = [
        "--handler=sqlite".to_owned(),
        format!("--sqlite-url=file:{data}/"),
        format!("--state-dir={data}"),
        format!("--listen-addr={address}"),
        "--debug-addr=-".to_owned(),
        "--telemetry=disable".to_owned(),
        "--test-enable-new-auth".to_owned(),
        "--log-level=warn".to_owned(),
    ];
    let mut launch = site.launch(Service::Mongodb, Program::Mongod, arguments)?;
    if site.first_start(Service::Mongodb).exists() {
        let login = logins.ok_or(Error::NoLogin { service: Service::Mongodb })?.of(Service::Mongodb)?;
        // By the environment, which only the server's own user can see; arguments are for everybody.
        launch.environment = [
            ("FERRETDB_SETUP_DATABASE", login.database.clone().unwrap_or_default()),
            ("FERRETDB_SETUP_USERNAME", login.user.clone()),
            ("FERRETDB_SETUP_PASSWORD", login.password.expose_secret().to_owned()),
        ]
        .map(|(name, value)| (name, OsString::from(value)))
        .to_vec();
    }
    Ok(launch)
}

/// A new `mongod` gets its user; FerretDB made it by itself.
pub(super) async fn settle(site: &Site<'_>, logins: &Logins) -> Result<(), ProbeError> {
    let is_mongod = site.tools.get(Program::Mongod).is_ok_and(|tool| tool.kind == Kind::MongoDb);
    let Ok(login) = logins.of(Service::Mongodb) else { return Ok(()) };
    if is_mongod && site.first_start(Service::Mongodb).exists() {
        return probe::create_first_user(site.address(Service::Mongodb), login).await;
    }
    Ok(())
}
