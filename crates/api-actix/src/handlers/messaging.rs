//! Queues of RabbitMQ.

use actix_web::route;
use actix_web::web::{Data, Json};
use contract::QueueName;
use contract::input::PublishMessage;
use wire_code::{InputErrors, MessageBody, PublishErrors, PublishResponse, QueueInfo, QueueUnavailable};

use crate::errors::ApiResult;
use crate::extract::{PublishInput, QueueNamePath};
use crate::state::AppState;

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
#[route("/examples/messaging/publish", method = "POST")]
pub(crate) async fn publish_message(
    state: Data<AppState>,
    input: PublishInput,
) -> ApiResult<Json<PublishResponse>> {
    let PublishInput(PublishMessage { queue, message }) = input;
    state.services.messaging.publish(&queue, &message).await?;
    Ok(Json(PublishResponse::new(queue, message)))
}

/// Look at a queue; looking never creates it.
#[utoipa::path(
    get, path = "/{queue_name}/info", tag = "messaging", operation_id = "get_queue_info",
    params(("queue_name" = QueueName, Path, description = "The queue.")),
    responses(
        (status = 200, description = "The queue as it is now.", body = QueueInfo),
        InputErrors, QueueUnavailable,
    )
)]
#[route("/{queue_name}/info", method = "GET", method = "HEAD")]
pub(crate) async fn get_queue_info(
    state: Data<AppState>,
    queue: QueueNamePath,
) -> ApiResult<Json<QueueInfo>> {
    let QueueNamePath(queue) = queue;
    let found = state.services.messaging.queue_info(&queue).await?;
    Ok(Json(QueueInfo::new(queue, found)))
}
