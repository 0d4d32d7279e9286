//! Queues of RabbitMQ.

use contract::Message;
use wire_spec::types::{PublishResponse, PublishResponseAction, QueueInfo};

use crate::errors::{Answer, ApiResult};
use crate::extract::QueueInput;
use crate::state::AppState;

/// Put a message into a queue; answered after the broker confirmed it.
pub(crate) async fn publish_message(
    state: &AppState,
    (QueueInput { queue_name: queue }, message): (QueueInput, Message),
) -> ApiResult<Answer> {
    state.services().messaging.publish(&queue, &message).await?;
    Answer::json(&PublishResponse { queue, message, action: PublishResponseAction::default() })
}

/// Look at a queue; looking never creates it.
pub(crate) async fn get_queue_info(
    state: &AppState,
    QueueInput { queue_name: queue }: QueueInput,
) -> ApiResult<Answer> {
    let found = state.services().messaging.queue_info(&queue).await?;
    Answer::json(&QueueInfo::new(queue, found))
}
