//! RabbitMQ, with an Erlang port mapper of its own; both on loopback only.
//!
//! The server script below the library folder is called, not the distribution's wrapper, which changes user and
//! folders. User, virtual host and permissions come from a definitions file that is read at the first start and then
//! deleted: a call of `rabbitmqctl` costs a second or two each.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::Site;

use crate::account::Account;
use crate::error::Error;
use crate::home;
use crate::install::Program;
use crate::manifest::Service;
use crate::process::Launch;
use crate::vault::logins::Logins;

const SERVICE: Service = Service::Rabbitmq;
const DISTRIBUTION: usize = 0;
const PORT_MAPPER: usize = 1;

pub(super) async fn prepare(site: &Site<'_>, logins: Option<&Logins>) -> Result<(), Error> {
    site.make_folder(SERVICE, async |folder, account| {
        let login = logins.ok_or(Error::NoLogin { service: SERVICE })?.of(SERVICE)?;
        let (user, vhost) = (&login.user, login.vhost.as_deref().unwrap_or("/"));
        let definitions = json!({
            "users": [{ "name": user, "password": login.password.expose_secret(), "tags": "administrator" }],
            "vhosts": [{ "name": vhost }],
            "permissions": [{ "user": user, "vhost": vhost, "configure": ".*", "write": ".*", "read": ".*" }],
        });
        account.write_private(&folder.join("definitions.json"), &definitions.to_string())?;
        account.write_private(&folder.join("enabled_plugins"), "[].\n")?;
        account.write_private(&folder.join("first-start"), "")
    })
    .await
}

pub(super) fn launch(site: &Site<'_>) -> Result<Launch, Error> {
    let folder = site.folder(SERVICE);
    let account = Account::of(SERVICE)?;
    account.write_private(&folder.join("rabbitmq.conf"), &configuration(site, &folder))?;
    let mut launch = site.launch::<0>(SERVICE, Program::RabbitmqServer, [])?;
    launch.environment = environment(site, &folder);
    Ok(launch)
}

fn configuration(site: &Site<'_>, folder: &Path) -> String {
    let definitions = folder.join("definitions.json");
    let definitions = if definitions.exists() {
        format!("load_definitions = {}\n", definitions.display())
    } else {
        String::new()
    };
    format!(
        "listeners.tcp.1 = {}\n\
         log.console = true\n\
         log.console.level = info\n\
         log.file = false\n\
         disk_free_limit.absolute = 50MB\n\
         {definitions}",
        site.address(SERVICE)
    )
}

fn environment(site: &Site<'_>, folder: &Path) -> Vec<(&'static str, OsString)> {
    let below = |name: &str| folder.join(name).into_os_string();
    let mut environment = erlang(site);
    environment.extend([
        ("RABBITMQ_NODENAME", "rabbit@localhost".into()),
        ("RABBITMQ_MNESIA_BASE", below("mnesia")),
        ("RABBITMQ_MNESIA_DIR", below("mnesia/node")),
        ("RABBITMQ_LOG_BASE", below("log")),
        ("RABBITMQ_LOGS", "-".into()),
        ("RABBITMQ_SCHEMA_DIR", below("schema")),
        ("RABBITMQ_GENERATED_CONFIG_DIR", below("config")),
        ("RABBITMQ_PLUGINS_EXPAND_DIR", below("plugins")),
        ("RABBITMQ_FEATURE_FLAGS_FILE", below("feature_flags")),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", below("enabled_plugins")),
        ("RABBITMQ_CONFIG_FILE", below("rabbitmq.conf")),
        ("RABBITMQ_ADVANCED_CONFIG_FILE", below("advanced.config")),
        // No file of the distribution's is read.
        ("RABBITMQ_CONF_ENV_FILE", below("rabbitmq-env.conf")),
        ("RABBITMQ_DIST_PORT", site.side_port(SERVICE, DISTRIBUTION).to_string().into()),
        // Makes the script become the server instead of waiting for it: its pid is the server's, and signals arrive.
        ("RUNNING_UNDER_SYSTEMD", "true".into()),
        (
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
            "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false".into(),
        ),
    ]);
    environment
}

fn erlang(site: &Site<'_>) -> Vec<(&'static str, OsString)> {
    vec![
        ("ERL_EPMD_ADDRESS", "127.0.0.1".into()),
        ("ERL_EPMD_PORT", site.side_port(SERVICE, PORT_MAPPER).to_string().into()),
        ("ERL_CRASH_DUMP_SECONDS", "0".into()),
    ]
}

/// The port mapper in the foreground: left to Erlang, a daemon would stay behind and listen on every address.
pub(super) fn port_mapper(site: &Site<'_>) -> Result<(Launch, SocketAddr), Error> {
    let port = site.side_port(SERVICE, PORT_MAPPER);
    let arguments = ["-address".to_owned(), "127.0.0.1".to_owned(), "-port".to_owned(), port.to_string()];
    let mut launch = site.launch(SERVICE, Program::Epmd, arguments)?;
    launch.environment = erlang(site);
    Ok((launch, SocketAddr::from(([127, 0, 0, 1], port))))
}

/// Delete the definitions of the first start, which hold the password.
pub(super) fn forget_password(site: &Site<'_>) -> Result<(), Error> {
    home::remove(&site.folder(SERVICE).join("definitions.json"))
}
