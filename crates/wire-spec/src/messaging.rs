//! Queues and messages.

use contract::QueueName;

use crate::inputs;
use crate::types::{PublishResponse, PublishResponseAction, QueueInfo};

impl From<inputs::PublishMessage> for PublishResponse {
    /// What was published where; the message is echoed byte for byte.
    fn from(input: inputs::PublishMessage) -> Self {
        Self { queue: input.queue_name, message: input.message, action: PublishResponseAction::default() }
    }
}

impl QueueInfo {
    /// What was found under that name.
    pub fn new(queue: QueueName, found: Option<service::QueueInfo>) -> Self {
        Self {
            queue,
            exists: found.is_some(),
            message_count: found.map(|info| info.message_count.into()),
            consumer_count: found.map(|info| info.consumer_count.into()),
        }
    }
}
