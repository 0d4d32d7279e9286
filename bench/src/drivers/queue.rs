//! RabbitMQ: one connection, and a channel for each publish that is under way.

use devstack::{Service, Stack};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions, QueuePurgeOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};

use crate::BoxError;
use crate::operation::{MESSAGE, QUEUE};

/// The connection and its channels.
pub(crate) struct Queue {
    connection: Connection,
    channels: Vec<Channel>,
}

impl Queue {
    pub(super) async fn connect(stack: &Stack) -> Result<Self, BoxError> {
        let login = stack.credentials(Service::Rabbitmq).await?;
        let mut uri = login.amqp_uri(stack.address(Service::Rabbitmq));
        // The servers' own size of frames.
        uri.query.frame_max = Some(16 * 1024);
        let connection = Connection::connect_uri(uri, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(QUEUE.into(), options, FieldTable::default()).await?;
        Ok(Self { connection, channels: Vec::new() })
    }

    /// Throw away what was published so far: the more there is, the slower the broker becomes.
    ///
    /// How many messages that were.
    pub(super) async fn empty(stack: &Stack) -> Result<u32, BoxError> {
        let Self { connection, .. } = Self::connect(stack).await?;
        let channel = connection.create_channel().await?;
        let messages = channel.queue_purge(QUEUE.into(), QueuePurgeOptions::default()).await?;
        connection.close(200, "OK".into()).await?;
        Ok(messages)
    }

    /// Have a channel with confirms for each of so many callers.
    pub(super) async fn open_channels(&mut self, count: u32) -> Result<(), BoxError> {
        while self.channels.len() < usize::try_from(count)? {
            let channel = self.connection.create_channel().await?;
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            self.channels.push(channel);
        }
        Ok(())
    }

    /// The caller of this number, if there is a channel for it.
    pub(super) fn publisher(&self, index: u32) -> Option<Publisher> {
        self.channels.get(usize::try_from(index).ok()?).cloned().map(Publisher)
    }
}

/// A channel for one publish at a time.
pub(crate) struct Publisher(Channel);

impl Publisher {
    /// Publish a persistent message, and wait until the broker has confirmed that a queue has it.
    pub(super) async fn publish(&self) -> Result<(), BoxError> {
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties =
            BasicProperties::default().with_content_type("application/json".into()).with_delivery_mode(2);
        let confirmation = self
            .0
            .basic_publish("".into(), QUEUE.into(), options, MESSAGE.as_bytes(), properties)
            .await?
            .await?;
        match confirmation {
            Confirmation::Ack(None) => Ok(()),
            _ => Err("the broker did not take the message".into()),
        }
    }
}
