//! Redis: three masters that form one cluster, each node with its own password file.

use secrecy::ExposeSecret as _;

use super::Site;

use crate::error::Error;
use crate::install::Program;
use crate::manifest::Service;
use crate::probe::{self, ProbeError};
use crate::process::Launch;
use crate::vault::logins::Logins;

/// The slots of each master, both ends included: 16,384 in three parts.
const SLOTS: [(Service, u16, u16); 3] =
    [(Service::Redis1, 0, 5460), (Service::Redis2, 5461, 10922), (Service::Redis3, 10923, 16383)];

pub(super) async fn prepare(site: &Site<'_>, node: Service, logins: Option<&Logins>) -> Result<(), Error> {
    site.make_folder(node, async |folder, account| {
        let login = logins.ok_or(Error::NoLogin { service: node })?.of(node)?;
        let password = login.password.expose_secret();
        account.write_private(
            &folder.join("redis.conf"),
            &format!("requirepass {password}\nmasterauth {password}\n"),
        )
    })
    .await
}

pub(super) fn launch(site: &Site<'_>, node: Service) -> Result<Launch, Error> {
    let folder = site.folder(node);
    // The passwords are in the file; all else stands here, where it follows the port offset and wins over the file.
    let mut launch =
        site.launch(node, Program::RedisServer, [folder.join("redis.conf").display().to_string()])?;
    let settings = [
        ("--port", site.port(node).to_string()),
        ("--bind", "127.0.0.1".to_owned()),
        ("--daemonize", "no".to_owned()),
        ("--dir", folder.display().to_string()),
        ("--appendonly", "yes".to_owned()),
        ("--save", String::new()),
        ("--cluster-enabled", "yes".to_owned()),
        ("--cluster-config-file", "nodes.conf".to_owned()),
        ("--cluster-announce-ip", "127.0.0.1".to_owned()),
        ("--cluster-node-timeout", "5000".to_owned()),
    ];
    launch.arguments.extend(settings.into_iter().flat_map(|(name, value)| [name.into(), value.into()]));
    Ok(launch)
}

/// Give each node its slots and let it meet the others, unless the cluster is well already.
///
/// Every step may be done again: it is taken only where a node lacks it, and one that was cut short is completed.
pub(super) async fn settle(site: &Site<'_>, logins: &Logins) -> Result<(), ProbeError> {
    let mut first = None;
    for (index, (node, begin, end)) in SLOTS.into_iter().enumerate() {
        let Ok(login) = logins.of(node) else { return Ok(()) };
        let mut connection = probe::connect_to_redis(site.address(node), login).await?;
        if first.is_none() && connection.cluster_is_well().await? {
            return Ok(());
        }
        let known = connection.text(&["CLUSTER", "NODES"]).await?;
        let own = known.lines().find(|line| line.contains("myself")).unwrap_or_default();
        // Eight fields, then the slots.
        let has_slots = own.split_ascii_whitespace().count() > 8;
        if !has_slots {
            if known.lines().count() == 1 && own.split_ascii_whitespace().nth(6) == Some("0") {
                // Different epochs from the start spare the nodes the settling of a conflict.
                connection.text(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]).await?;
            }
            connection.text(&["CLUSTER", "ADDSLOTSRANGE", &begin.to_string(), &end.to_string()]).await?;
        }
        match &mut first {
            None => first = Some(connection),
            Some(first) => {
                first.text(&["CLUSTER", "MEET", "127.0.0.1", &site.port(node).to_string()]).await?;
            }
        }
    }
    Ok(())
}
