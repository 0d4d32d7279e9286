//! The backends as their operators see them: what a case puts there and looks up there, past the server.

use std::time::Duration;

use lapin::options::{BasicGetOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, ConnectionProperties};
use redis::{Cmd, FromRedisValue, IntoConnectionInfo as _, RedisConnectionInfo};
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use testkit::{Service, Stack};

use crate::BoxError;

/// No backend takes longer for anything that is asked of it here.
const LIMIT: Duration = Duration::from_secs(10);

/// Vault, with the root token.
pub(crate) struct Vault {
    client: reqwest::Client,
    address: String,
    token: String,
}

impl Vault {
    pub(crate) fn of(stack: &Stack) -> Result<Self, BoxError> {
        Ok(Self {
            client: reqwest::Client::builder().no_proxy().timeout(LIMIT).build()?,
            address: format!("http://{}/v1", stack.address(Service::Vault)),
            token: stack.root_token()?,
        })
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, BoxError> {
        let mut request = self
            .client
            .request(method, format!("{}/{path}", self.address))
            .header("X-Vault-Token", &self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?.error_for_status()?.bytes().await?;
        Ok(if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer)? })
    }

    /// Writes a secret of the case's own.
    pub(crate) async fn write_secret(&self, name: &str, data: &Value) -> Result<(), BoxError> {
        self.send(Method::POST, &format!("secret/data/{name}"), Some(json!({ "data": data }))).await.map(drop)
    }

    /// Deletes it with all its versions.
    pub(crate) async fn forget_secret(&self, name: &str) -> Result<(), BoxError> {
        self.send(Method::DELETE, &format!("secret/metadata/{name}"), None).await.map(drop)
    }

    /// What is really in a secret.
    pub(crate) async fn read_secret(&self, name: &str) -> Result<Value, BoxError> {
        Ok(self.send(Method::GET, &format!("secret/data/{name}"), None).await?["data"]["data"].take())
    }

    pub(crate) async fn seal(&self) -> Result<(), BoxError> {
        self.send(Method::PUT, "sys/seal", None).await.map(drop)
    }
}

/// Sends a command that names a key to the node of the Redis Cluster that holds the key.
///
/// Gives that node's place in the list of nodes, from 0, and what it answered.
pub(crate) async fn redis<T: FromRedisValue>(stack: &Stack, command: &Cmd) -> Result<(usize, T), BoxError> {
    for (index, service) in Service::REDIS.into_iter().enumerate() {
        let login = stack.credentials(service).await?;
        let login = RedisConnectionInfo::default()
            .set_username(login.user)
            .set_password(login.password.expose_secret());
        let address = format!("redis://{}", stack.address(service));
        let info = address.into_connection_info()?.set_redis_settings(login);
        let mut connection = redis::Client::open(info)?.get_multiplexed_async_connection().await?;
        match command.query_async(&mut connection).await {
            Ok(value) => return Ok((index, value)),
            Err(error) if error.code() == Some("MOVED") => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err("no node of the cluster has the key's slot".into())
}

/// RabbitMQ, on a connection of the case's own.
pub(crate) struct Broker {
    channel: Channel,
    // Ends with the case; the channel ends with it.
    _connection: lapin::Connection,
}

/// A message as the broker has it.
pub(crate) struct Delivered {
    pub(crate) body: Vec<u8>,
    pub(crate) properties: BasicProperties,
}

impl Broker {
    pub(crate) async fn of(stack: &Stack) -> Result<Self, BoxError> {
        let login = stack.credentials(Service::Rabbitmq).await?;
        let uri = login.amqp_uri(stack.address(Service::Rabbitmq));
        let connection = lapin::Connection::connect_uri(uri, ConnectionProperties::default()).await?;
        Ok(Self { channel: connection.create_channel().await?, _connection: connection })
    }

    /// Declares a queue as durable, which the broker refuses when there is one that is not.
    pub(crate) async fn declare_durable(&self, queue: &str) -> Result<(), BoxError> {
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        self.channel.queue_declare(queue.into(), options, FieldTable::default()).await?;
        Ok(())
    }

    /// Takes the oldest message off a queue.
    pub(crate) async fn take(&self, queue: &str) -> Result<Option<Delivered>, BoxError> {
        let message = self.channel.basic_get(queue.into(), BasicGetOptions { no_ack: true }).await?;
        Ok(message.map(|message| Delivered {
            body: message.delivery.data,
            properties: message.delivery.properties,
        }))
    }

    pub(crate) async fn delete(&self, queue: &str) -> Result<(), BoxError> {
        self.channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await?;
        Ok(())
    }
}
