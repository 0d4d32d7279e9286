//! Queues of RabbitMQ.

use axum::Json;
use axum::extract::State;
use contract::QueueName;
use contract::input::PublishMessage;
use service::MessagingService;
use wire_code::{InputErrors, MessageBody, PublishErrors, PublishResponse, QueueInfo, QueueUnavailable};

use crate::errors::ApiResult;
use crate::extract::{PublishInput, QueueNamePath};

/// Put a message into a queue; answered after the broker confirmed it.
#[utoipa::path(
    post, path = "/examples/messaging/publish", tag = "messaging", operation_id = "publish_message",
    params(("queue_name" = QueueName, Query, description = "The queue; it is declared durable if it does not exist.")),
    request_body(content = MessageBody, description = "The message.", content_type = "application/json"),
    responses(
        (status = 200, description = "The broker has confirmed the message.", body = PublishResponse),
        PublishErrors, QueueUnavailable,
    )
)]
pub(crate) async fn publish_message(
    State(messaging): State<MessagingService>,
    PublishInput(PublishMessage { queue, message }): PublishInput,
) -> ApiResult<Json<PublishResponse>> {
    messaging.publish(&queue, &message).await?;
    Ok(Json(PublishResponse::new(queue, message)))
}

/// Look at a queue; looking never creates it.
#[utoipa::path(
    get, path = "/examples/messaging/queue/{queue_name}/info", tag = "messaging", operation_id = "get_queue_info",
    params(("queue_name" = QueueName, Path, description = "The queue.")),
    responses(
        (status = 200, description = "The queue as it is now.", body = QueueInfo),
        InputErrors, QueueUnavailable,
    )
)]
pub(crate) async fn get_queue_info(
    State(messaging): State<MessagingService>,
    QueueNamePath(queue): QueueNamePath,
) -> ApiResult<Json<QueueInfo>> {
    let found = messaging.queue_info(&queue).await?;
    Ok(Json(QueueInfo::new(queue, found)))
}
