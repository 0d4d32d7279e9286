//! PgBouncer: transaction mode; it looks users up in PostgreSQL, so that a changed password needs no change here.

use secrecy::ExposeSecret as _;

use super::Site;

use crate::account::Account;
use crate::error::Error;
use crate::install::Program;
use crate::manifest::Service;
use crate::process::Launch;
use crate::vault::logins::Logins;

pub(super) async fn prepare(site: &Site<'_>, logins: Option<&Logins>) -> Result<(), Error> {
    site.make_folder(Service::Pgbouncer, async |folder, account| {
        let login = logins.ok_or(Error::NoLogin { service: Service::Pgbouncer })?.of(Service::Pgbouncer)?;
        let line = format!("\"{}\" \"{}\"\n", login.user, login.password.expose_secret());
        account.write_private(&folder.join("userlist.txt"), &line)
    })
    .await?;
    let folder = site.folder(Service::Pgbouncer);
    let version = site.tools.get(Program::Pgbouncer)?.version().await.unwrap_or_default();
    let text = configuration_text(site, &folder.join("userlist.txt").display().to_string(), &version);
    Account::of(Service::Pgbouncer)?.write_private(&folder.join("pgbouncer.ini"), &text)
}

pub(super) fn launch(site: &Site<'_>) -> Result<Launch, Error> {
    let configuration = site.folder(Service::Pgbouncer).join("pgbouncer.ini");
    site.launch(Service::Pgbouncer, Program::Pgbouncer, [configuration.display().to_string()])
}

fn configuration_text(site: &Site<'_>, users: &str, version: &str) -> String {
    // Known since 1.21; an older one refuses to start with a setting that it does not know.
    let prepared = if at_least_1_21(version) { "max_prepared_statements = 100\n" } else { "" };
    format!(
        "[databases]\n\
         * = host=127.0.0.1 port={server_port}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = scram-sha-256\n\
         auth_file = {users}\n\
         auth_user = pgbouncer\n\
         auth_query = SELECT name, secret FROM pgbouncer.login($1)\n\
         pool_mode = transaction\n\
         {prepared}\
         max_client_conn = 1000\n\
         default_pool_size = 32\n\
         ; PostgreSQL that comes back is found at once, not after the usual 15 s.\n\
         server_login_retry = 0.2\n\
         ignore_startup_parameters = extra_float_digits,options\n\
         client_tls_sslmode = disable\n\
         server_tls_sslmode = disable\n\
         log_connections = 0\n\
         log_disconnections = 0\n",
        server_port = site.port(Service::Postgres),
        port = site.port(Service::Pgbouncer),
    )
}

fn at_least_1_21(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0_u32));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (1, 21)
}

#[cfg(test)]
mod tests {
    #[test]
    fn prepared_statements_are_switched_on_from_1_21() {
        assert!(!super::at_least_1_21("1.18.0"));
        assert!(
            super::at_least_1_21("1.21.0") && super::at_least_1_21("1.25.1") && super::at_least_1_21("2.0")
        );
        assert!(!super::at_least_1_21("unknown"));
    }
}
