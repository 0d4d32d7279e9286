//! One driver for one operation, and its callers.

use devstack::Stack;

use super::databases::{Database, Documents};
use super::queue::{Publisher, Queue};
use super::redis::Node;
use super::vault::Secrets;
use crate::BoxError;
use crate::load::{Caller, Outcome};
use crate::operation::Operation;

/// A driver that is connected, for one operation.
pub(crate) enum Driver {
    Postgres(Database<sqlx::PgConnection>),
    Mysql(Database<sqlx::MySqlConnection>),
    Mongodb(Documents),
    CacheGet(Node),
    CacheSet(Node),
    Publish(Queue),
    VaultRead(Secrets),
}

/// One of those that call it at once.
pub(crate) enum DriverCaller {
    Postgres(Database<sqlx::PgConnection>),
    Mysql(Database<sqlx::MySqlConnection>),
    Mongodb(Documents),
    CacheGet(Node),
    CacheSet(Node),
    Publish(Option<Publisher>),
    VaultRead(Secrets, u32),
}

impl Driver {
    /// Connect as the servers do.
    ///
    /// # Errors
    /// When the backend cannot be reached, or no driver stands behind the operation.
    pub(crate) async fn connect(stack: &Stack, operation: &Operation) -> Result<Self, BoxError> {
        Ok(match operation.name {
            "postgres" => Self::Postgres(Database::postgres(stack).await?),
            "mysql" => Self::Mysql(Database::mysql(stack).await?),
            "mongodb" => Self::Mongodb(Documents::connect(stack).await?),
            "cache-get" => Self::CacheGet(Node::that_serves(stack, crate::operation::GET_KEY).await?),
            "cache-set" => Self::CacheSet(Node::that_serves(stack, crate::operation::SET_KEY).await?),
            "publish" => Self::Publish(Queue::connect(stack).await?),
            "vault-read" => Self::VaultRead(Secrets::log_in(stack).await?),
            name => return Err(format!("no driver's call stands behind {name}").into()),
        })
    }

    /// Get ready for so many callers at once.
    ///
    /// # Errors
    /// When the backend refuses.
    pub(crate) async fn prepare(&mut self, callers: u32) -> Result<(), BoxError> {
        match self {
            Self::Publish(queue) => queue.open_channels(callers).await,
            _ => Ok(()),
        }
    }

    /// The caller of this number.
    pub(crate) fn caller(&self, index: u32) -> DriverCaller {
        match self {
            Self::Postgres(database) => DriverCaller::Postgres(database.clone()),
            Self::Mysql(database) => DriverCaller::Mysql(database.clone()),
            Self::Mongodb(documents) => DriverCaller::Mongodb(documents.clone()),
            Self::CacheGet(node) => DriverCaller::CacheGet(node.clone()),
            Self::CacheSet(node) => DriverCaller::CacheSet(node.clone()),
            Self::Publish(queue) => DriverCaller::Publish(queue.publisher(index)),
            Self::VaultRead(secrets) => DriverCaller::VaultRead(secrets.clone(), index),
        }
    }
}

impl Caller for DriverCaller {
    async fn call(&mut self) -> Outcome {
        let outcome = match self {
            Self::Postgres(database) => database.current_timestamp().await,
            Self::Mysql(database) => database.now().await,
            Self::Mongodb(documents) => documents.collection_names().await,
            Self::CacheGet(node) => node.get().await,
            Self::CacheSet(node) => node.set().await,
            Self::Publish(Some(publisher)) => publisher.publish().await,
            Self::Publish(None) => Err("there is no channel for this caller".into()),
            Self::VaultRead(secrets, index) => secrets.read_unknown(*index).await,
        };
        match outcome {
            Ok(()) => Outcome::Answered,
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }
}
