//! PostgreSQL: TCP on loopback only, SCRAM passwords, no way in for the superuser.
//!
//! Roles and database are made by `postgres --single` before the server ever listens, so that no moment exists in which
//! it runs without passwords.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::Site;

use crate::account::Account;
use crate::error::Error;
use crate::home;
use crate::install::Program;
use crate::manifest::Service;
use crate::process::{Launch, Process};
use crate::vault::logins::Logins;

const LIMIT: Duration = Duration::from_mins(2);

/// Nobody but those with a password, from this machine; the superuser has none.
const HOST_BASED_ACCESS: &str = "host all postgres all reject\n\
                                 host all all 127.0.0.1/32 scram-sha-256\n\
                                 host all all ::1/128 scram-sha-256\n";

pub(super) async fn prepare(site: &Site<'_>, logins: Option<&Logins>) -> Result<(), Error> {
    site.make_folder(Service::Postgres, async |folder, account| {
        let logins = logins.ok_or(Error::NoLogin { service: Service::Postgres })?;
        let run = |program, arguments: Vec<OsString>| {
            Ok::<_, Error>(Launch {
                program: account.runnable(&site.tools.get(program)?.path, &site.data)?,
                arguments,
                environment: Vec::new(),
                folder: folder.to_owned(),
                account: account.clone(),
            })
        };
        let mut arguments: Vec<OsString> =
            ["-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-A", "reject"]
                .map(OsString::from)
                .to_vec();
        arguments.extend(["-D".into(), folder.into()]);
        run(Program::Initdb, arguments)?.run("", LIMIT).await?;
        account.write_private(&folder.join("pg_hba.conf"), HOST_BASED_ACCESS)?;
        // An error must end the session: `--single` would otherwise go on and report success.
        let mut arguments: Vec<OsString> =
            ["--single", "-c", "exit_on_error=on", "-D"].map(OsString::from).to_vec();
        arguments.extend([folder.into(), "template1".into()]);
        run(Program::Postgres, arguments)?.run(&statements(logins)?, LIMIT).await.map(drop)
    })
    .await?;
    forget_dead_server(&site.folder(Service::Postgres))
}

/// Delete the lock file of a server that is gone.
///
/// PostgreSQL does so itself, unless a process with that pid exists: a zombie that nobody waits for, or after a reboot
/// somebody else's.
fn forget_dead_server(folder: &Path) -> Result<(), Error> {
    let lock = folder.join("postmaster.pid");
    let text = std::fs::read_to_string(&lock).unwrap_or_default();
    let Some(pid) = text.lines().next().and_then(|line| line.trim().parse().ok()) else { return Ok(()) };
    let lives_here = Process::with_pid(pid)
        .is_some_and(|process| process.folder().is_none_or(|at| at.starts_with(folder)));
    if lives_here { Ok(()) } else { home::remove(&lock) }
}

/// One statement a line, as `--single` reads them. Names and passwords are letters and digits.
fn statements(logins: &Logins) -> Result<String, Error> {
    let owner = logins.of(Service::Postgres)?;
    let pooler = logins.of(Service::Pgbouncer)?;
    let database = owner.database.as_deref().unwrap_or_default();
    Ok(format!(
        "CREATE ROLE {owner} LOGIN CREATEDB PASSWORD '{owner_password}';\n\
         CREATE ROLE {pooler} LOGIN PASSWORD '{pooler_password}';\n\
         CREATE SCHEMA pgbouncer;\n\
         CREATE FUNCTION pgbouncer.login(wanted text, OUT name text, OUT secret text) RETURNS record LANGUAGE sql \
         SECURITY DEFINER SET search_path = pg_catalog AS \
         'SELECT rolname::text, rolpassword FROM pg_authid WHERE rolname = wanted AND rolcanlogin AND NOT rolsuper';\n\
         REVOKE ALL ON SCHEMA pgbouncer FROM PUBLIC;\n\
         REVOKE ALL ON FUNCTION pgbouncer.login(text) FROM PUBLIC;\n\
         GRANT USAGE ON SCHEMA pgbouncer TO {pooler};\n\
         GRANT EXECUTE ON FUNCTION pgbouncer.login(text) TO {pooler};\n\
         CREATE DATABASE {database} OWNER {owner};\n",
        owner = owner.user,
        owner_password = owner.password.expose_secret(),
        pooler = pooler.user,
        pooler_password = pooler.password.expose_secret(),
    ))
}

pub(super) fn launch(site: &Site<'_>) -> Result<Launch, Error> {
    let folder = site.folder(Service::Postgres);
    let account = Account::of(Service::Postgres)?;
    let settings = [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={}", site.port(Service::Postgres)),
        // Paths of sockets are limited to about 100 bytes, so there are none.
        "unix_socket_directories=".to_owned(),
        "max_connections=200".to_owned(),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
    ];
    let mut arguments: Vec<OsString> = vec!["-D".into(), folder.clone().into()];
    arguments.extend(settings.into_iter().flat_map(|setting| ["-c".into(), setting.into()]));
    Ok(Launch {
        program: account.runnable(&site.tools.get(Program::Postgres)?.path, &site.data)?,
        arguments,
        environment: Vec::new(),
        folder,
        account,
    })
}
