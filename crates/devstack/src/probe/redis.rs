//! A node of the Redis Cluster: PING, and whether the node thinks that the whole cluster is well.

use std::net::SocketAddr;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo};
use secrecy::ExposeSecret as _;

use super::{ProbeError, Report};
use crate::vault::logins::Credentials;

/// A connection to one node.
#[derive(Debug)]
pub(crate) struct Node(MultiplexedConnection);

/// Connect and log in.
pub(crate) async fn connect(address: SocketAddr, login: &Credentials) -> Result<Node, ProbeError> {
    let limit = Some(Duration::from_secs(2));
    let settings = RedisConnectionInfo::default().set_password(login.password.expose_secret());
    let address = ConnectionAddr::Tcp(address.ip().to_string(), address.port());
    let information =
        address.into_connection_info().map_err(ProbeError::refused)?.set_redis_settings(settings);
    let config = AsyncConnectionConfig::new().set_connection_timeout(limit).set_response_timeout(limit);
    let client = Client::open(information).map_err(ProbeError::refused)?;
    client.get_multiplexed_async_connection_with_config(&config).await.map(Node).map_err(ProbeError::refused)
}

impl Node {
    /// Send a command and read the answer as text.
    pub(crate) async fn text(&mut self, command: &[&str]) -> Result<String, ProbeError> {
        let (name, arguments) =
            command.split_first().ok_or_else(|| ProbeError::Unhealthy("no command".into()))?;
        let mut request = redis::cmd(name);
        for argument in arguments {
            request.arg(argument);
        }
        request.query_async(&mut self.0).await.map_err(ProbeError::refused)
    }

    /// Whether the node says `cluster_state:ok`.
    pub(crate) async fn cluster_is_well(&mut self) -> Result<bool, ProbeError> {
        Ok(self.text(&["CLUSTER", "INFO"]).await?.lines().any(|line| line.trim() == "cluster_state:ok"))
    }
}

pub(super) async fn ask(address: SocketAddr, login: &Credentials) -> Result<Report, ProbeError> {
    let mut node = connect(address, login).await?;
    node.text(&["PING"]).await?;
    if !node.cluster_is_well().await? {
        return Err(ProbeError::Unhealthy("cluster_state:fail".into()));
    }
    let information = node.text(&["INFO", "server"]).await?;
    let version = information.lines().find_map(|line| line.trim().strip_prefix("redis_version:"));
    Ok(Report { version: version.unwrap_or("?").to_owned() })
}
