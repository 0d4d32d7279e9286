//! Queues and messages.

use contract::{Message, QueueName};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::schema::{constant_text, nullable_integer, schemas};

schemas! {
    published => constant_text("published");
    nullable_count => nullable_integer(0, None);
}

/// A message; its members are the sender's own affair.
#[derive(Debug)]
pub struct MessageBody;

impl utoipa::PartialSchema for MessageBody {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        ObjectBuilder::new().schema_type(Type::Object).min_properties(Some(1)).into()
    }
}

impl ToSchema for MessageBody {
    fn name() -> std::borrow::Cow<'static, str> {
        "Message".into()
    }
}

/// A message that the broker has confirmed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishResponse {
    queue: QueueName,
    #[schema(value_type = MessageBody)]
    message: Message,
    #[schema(schema_with = published)]
    action: &'static str,
}

impl PublishResponse {
    /// What was published where; the message is echoed byte for byte.
    pub const fn new(queue: QueueName, message: Message) -> Self {
        Self { queue, message, action: "published" }
    }
}

/// A queue as it is now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueInfo {
    queue: QueueName,
    exists: bool,
    /// Null when the queue does not exist.
    #[schema(schema_with = nullable_count, required)]
    message_count: Option<u32>,
    /// Null when the queue does not exist.
    #[schema(schema_with = nullable_count, required)]
    consumer_count: Option<u32>,
}

impl QueueInfo {
    /// What was found under that name.
    pub fn new(queue: QueueName, found: Option<service::QueueInfo>) -> Self {
        Self {
            queue,
            exists: found.is_some(),
            message_count: found.map(|info| info.message_count),
            consumer_count: found.map(|info| info.consumer_count),
        }
    }
}
