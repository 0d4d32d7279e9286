//! Queues of RabbitMQ.

use axum::extract::State;
use service::MessagingService;
use wire_spec::inputs::{GetQueueInfo, PublishMessage};
use wire_spec::types::QueueInfo;

use crate::errors::Answer;
use crate::extract::Input;
use crate::generated::responses::{GetQueueInfoResponse, PublishMessageResponse};

/// Puts a message into a queue; answered after the broker confirmed it.
pub(crate) async fn publish_message(
    State(messaging): State<MessagingService>,
    Input(input): Input<PublishMessage>,
) -> Answer<PublishMessageResponse> {
    messaging.publish(&input.queue_name, &input.message).await?;
    Ok(PublishMessageResponse::Ok(input.into()))
}

/// Looks at a queue; looking never creates it.
pub(crate) async fn get_queue_info(
    State(messaging): State<MessagingService>,
    Input(input): Input<GetQueueInfo>,
) -> Answer<GetQueueInfoResponse> {
    let found = messaging.queue_info(&input.queue_name).await?;
    Ok(GetQueueInfoResponse::Ok(QueueInfo::new(input.queue_name, found)))
}
