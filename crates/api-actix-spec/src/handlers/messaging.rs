//! Queues of RabbitMQ.

use actix_web::web::Data;
use wire_spec::inputs::{GetQueueInfo, PublishMessage};
use wire_spec::types::QueueInfo;

use crate::errors::failed;
use crate::extract::Input;
use crate::generated::responses::{GetQueueInfoResponse, PublishMessageResponse};
use crate::state::AppState;

/// Put a message into a queue; answered after the broker confirmed it.
pub(crate) async fn publish_message(
    state: Data<AppState>,
    Input(input): Input<PublishMessage>,
) -> PublishMessageResponse {
    match state.services.messaging.publish(&input.queue_name, &input.message).await {
        Ok(()) => PublishMessageResponse::Ok(input.into()),
        Err(error) => failed(error),
    }
}

/// Look at a queue; looking never creates it.
pub(crate) async fn get_queue_info(
    state: Data<AppState>,
    Input(input): Input<GetQueueInfo>,
) -> GetQueueInfoResponse {
    match state.services.messaging.queue_info(&input.queue_name).await {
        Ok(found) => GetQueueInfoResponse::Ok(QueueInfo::new(input.queue_name, found)),
        Err(error) => failed(error),
    }
}
