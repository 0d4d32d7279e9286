//! RabbitMQ.

use contract::{Backend, Message, QueueName};

use crate::breaker::BreakerState;
use crate::config::RabbitmqConfig;
use crate::context::Context;
use crate::{Error, ErrorKind, ProbeFailure};

/// RabbitMQ. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Rabbitmq {}

/// What the broker says of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueInfo {
    /// Messages that are ready to be delivered.
    pub message_count: u32,
    /// Who is consuming.
    pub consumer_count: u32,
}

#[expect(clippy::unused_async, reason = "the shape of the finished module, which is being written")]
impl Rabbitmq {
    pub(crate) fn start(_config: RabbitmqConfig, _context: &Context) -> Self {
        Self {}
    }

    /// Put a persistent message into a queue, which is declared durable first; returns after the broker
    /// confirmed it.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`. After `TimedOut` or `Unreachable` the message may
    /// have been stored all the same.
    pub async fn publish(&self, _queue: &QueueName, _message: &Message) -> Result<(), Error> {
        Err(Error::new(Backend::Rabbitmq, ErrorKind::Failed))
    }

    /// Look at a queue without making it; `None` when there is none.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn queue_info(&self, _queue: &QueueName) -> Result<Option<QueueInfo>, Error> {
        Err(Error::new(Backend::Rabbitmq, ErrorKind::Failed))
    }

    /// Ask the broker for its version. Goes round the breaker and does not move it.
    ///
    /// # Errors
    /// What a health page says; the cause is in the log.
    pub async fn probe(&self) -> Result<String, ProbeFailure> {
        Err(ProbeFailure::Failed)
    }

    pub(crate) async fn close(&self) {}

    /// What its breaker does with the next call.
    pub fn breaker(&self) -> BreakerState {
        BreakerState::Closed
    }
}
