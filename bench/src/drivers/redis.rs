//! One node of the Redis Cluster: the one that serves the key.

use devstack::{Service, Stack};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Pipeline, RedisConnectionInfo, RedisError, Value};
use secrecy::ExposeSecret as _;
use tokio::net::TcpStream;

use crate::BoxError;
use crate::operation::{GET_KEY, SET_KEY, TTL, VALUE};

/// The one multiplexed connection that all callers share, as those of a server do.
#[derive(Clone)]
pub(crate) struct Node {
    connection: MultiplexedConnection,
}

impl Node {
    /// A connection to the node that serves `key`.
    pub(super) async fn that_serves(stack: &Stack, key: &str) -> Result<Self, BoxError> {
        for service in Service::REDIS {
            let mut node = Self { connection: open(stack, service).await? };
            let mut commands = Pipeline::new();
            commands.set(key, VALUE);
            match node.send(&commands).await {
                Ok(_) => return Ok(node),
                Err(error) if error.redirect_node().is_some() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(format!("no node of the cluster serves {key}").into())
    }

    /// What the contract reads of an entry: its value and its time to live.
    pub(super) async fn get(&mut self) -> Result<(), BoxError> {
        let mut commands = Pipeline::new();
        commands.get(GET_KEY).ttl(GET_KEY);
        self.send(&commands).await?;
        Ok(())
    }

    /// What the contract writes.
    pub(super) async fn set(&mut self) -> Result<(), BoxError> {
        let mut commands = Pipeline::new();
        commands.set_ex(SET_KEY, VALUE, u64::from(TTL));
        self.send(&commands).await?;
        Ok(())
    }

    /// The node's answers, none of which is an error.
    async fn send(&mut self, commands: &Pipeline) -> Result<Vec<Value>, RedisError> {
        let values = self.connection.send_packed_commands(commands, 0, commands.len()).await?;
        values
            .into_iter()
            .map(|value| match value {
                Value::ServerError(error) => Err(error.into()),
                value => Ok(value),
            })
            .collect()
    }
}

async fn open(stack: &Stack, service: Service) -> Result<MultiplexedConnection, BoxError> {
    let login = stack.credentials(service).await?;
    let login =
        RedisConnectionInfo::default().set_username(&login.user).set_password(login.password.expose_secret());
    let stream = TcpStream::connect(stack.address(service)).await?;
    stream.set_nodelay(true)?;
    let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
    let (connection, driver) = MultiplexedConnection::new_with_config(&login, stream, config).await?;
    tokio::spawn(driver);
    Ok(connection)
}
