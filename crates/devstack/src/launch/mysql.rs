//! MySQL or MariaDB: TCP on loopback, one user, the root password thrown away.
//!
//! `--no-defaults` everywhere: a distribution's files point to its own folders. Users and database are made by an
//! `--init-file` which the server runs before it accepts anybody, and which is deleted once it was healthy.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::Site;

use crate::account::Account;
use crate::error::Error;
use crate::install::{Kind, Program};
use crate::manifest::Service;
use crate::process::Launch;
use crate::vault::logins::Logins;
use crate::{home, password};

const LIMIT: Duration = Duration::from_mins(3);

pub(super) async fn prepare(site: &Site<'_>, logins: Option<&Logins>) -> Result<(), Error> {
    site.make_folder(Service::Mysql, async |folder, account| {
        let logins = logins.ok_or(Error::NoLogin { service: Service::Mysql })?;
        let data = folder.join("data");
        account.private_folder(&data)?;
        make_data(site, folder, &data, account).await?;
        account.write_private(&folder.join("first-start"), &statements(logins)?)
    })
    .await
}

async fn make_data(site: &Site<'_>, folder: &Path, data: &Path, account: &Account) -> Result<(), Error> {
    let mut data_folder = OsString::from("--datadir=");
    data_folder.push(data);
    let maria = site.tools.get(Program::Mysqld)?.kind == Kind::MariaDb;
    let (program, flags): (_, &[&str]) = if maria {
        let flags = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"];
        (Program::MysqlInstallDb, &flags.clone())
    } else {
        (Program::Mysqld, &["--initialize-insecure"])
    };
    let mut arguments = vec!["--no-defaults".into(), data_folder];
    arguments.extend(flags.iter().map(OsString::from));
    let launch = Launch {
        program: account.runnable(&site.tools.get(program)?.path, &site.data)?,
        arguments,
        environment: own_temporary_folder(folder),
        folder: folder.to_owned(),
        account: account.clone(),
    };
    launch.run("", LIMIT).await.map(drop)
}

/// A server that starts deletes what it takes for leftovers in the folder of temporary files, and with it the
/// tables of another one that is just being made: each needs a folder of its own.
fn own_temporary_folder(folder: &Path) -> Vec<(&'static str, OsString)> {
    vec![("TMPDIR", folder.into())]
}

/// One statement a line; running them again changes nothing. Names and passwords are letters and digits.
fn statements(logins: &Logins) -> Result<String, Error> {
    let login = logins.of(Service::Mysql)?;
    let (user, secret) = (&login.user, login.password.expose_secret());
    let database = login.database.as_deref().unwrap_or_default();
    // With name resolution off, TCP is always 127.0.0.1; `localhost` is the socket, which a shell may use.
    let grants = ["127.0.0.1", "localhost"].map(|host| {
        format!(
            "CREATE USER IF NOT EXISTS '{user}'@'{host}' IDENTIFIED BY '{secret}';\n\
             GRANT ALL ON {database}.* TO '{user}'@'{host}';\n\
             GRANT ALL ON `{database}\\_%`.* TO '{user}'@'{host}';\n\
             GRANT ALL ON `t\\_%`.* TO '{user}'@'{host}';\n"
        )
    });
    Ok(format!(
        "CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET utf8mb4;\n\
         {}\
         DROP USER IF EXISTS ''@'localhost', 'root'@'127.0.0.1', 'root'@'::1';\n\
         ALTER USER 'root'@'localhost' IDENTIFIED BY '{}';\n",
        grants.concat(),
        password::generate()?.expose_secret()
    ))
}

pub(super) fn launch(site: &Site<'_>) -> Result<Launch, Error> {
    let folder = site.folder(Service::Mysql);
    let account = Account::of(Service::Mysql)?;
    let mut data_folder = OsString::from("--datadir=");
    data_folder.push(folder.join("data"));
    let mut arguments = vec!["--no-defaults".into(), data_folder];
    arguments.push(format!("--port={}", site.port(Service::Mysql)).into());
    let fixed = [
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        // Relative to the data folder: the path of a socket is limited to about 100 bytes.
        "--socket=server.sock",
        "--pid-file=server.pid",
        "--character-set-server=utf8mb4",
        "--default-time-zone=+00:00",
        "--max-connections=300",
        "--skip-log-bin",
    ];
    arguments.extend(fixed.map(OsString::from));
    if site.tools.get(Program::Mysqld)?.kind != Kind::MariaDb {
        arguments.push("--mysqlx=OFF".into());
    }
    let first = folder.join("first-start");
    if first.exists() {
        let mut flag = OsString::from("--init-file=");
        flag.push(first);
        arguments.push(flag);
    }
    Ok(Launch {
        program: account.runnable(&site.tools.get(Program::Mysqld)?.path, &site.data)?,
        arguments,
        environment: own_temporary_folder(&folder),
        folder,
        account,
    })
}

/// Delete the statements of the first start, which hold the password.
pub(super) fn forget_password(site: &Site<'_>) -> Result<(), Error> {
    home::remove(&site.folder(Service::Mysql).join("first-start"))
}
