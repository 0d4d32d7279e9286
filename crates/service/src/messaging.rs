//! Queues.

use contract::{Message, QueueName};
use integrations::{QueueInfo, Rabbitmq};

use crate::Error;

/// Publishes messages and looks at queues.
#[derive(Debug, Clone)]
pub struct MessagingService {
    rabbitmq: Rabbitmq,
}

impl MessagingService {
    pub(crate) fn new(rabbitmq: Rabbitmq) -> Self {
        Self { rabbitmq }
    }

    /// Puts a message into a queue; returns only after the broker confirmed that it keeps it.
    ///
    /// # Errors
    /// [`Error::Backend`]; after a time-out the message may have been kept all the same.
    pub async fn publish(&self, queue: &QueueName, message: &Message) -> Result<(), Error> {
        Ok(self.rabbitmq.publish(queue, message).await?)
    }

    /// Looks at a queue without making it; `None` when there is none.
    ///
    /// # Errors
    /// [`Error::Backend`].
    pub async fn queue_info(&self, queue: &QueueName) -> Result<Option<QueueInfo>, Error> {
        Ok(self.rabbitmq.queue_info(queue).await?)
    }
}
