//! One connection to the broker, and the channels on it.
//!
//! A channel carries one publish at a time. The broker may confirm several with one frame, and returns a message that
//! no queue took in a frame before; the driver then hands that message to whichever of the confirmed publishes comes
//! first, and with several under way on one channel a publish could be told that it succeeded which did not.
//! Channels are cheap, so there is one for each publish that is under way.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use contract::{Backend, QueueName};
use futures_util::{Stream, StreamExt};
use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::types::FieldTable;
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{
    BasicProperties, Channel, Confirmation, ConnectionProperties, ConnectionStatus, Event, ExchangeKind,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use uuid::Uuid;

use super::{QueueInfo, greeting};
use crate::config::Address;
use crate::error::{Error, ErrorKind};
use crate::kept::Connection;
use crate::runtime::{Background, Home};

/// How many publishes may be under way at once, and beside them how many looks at queues. RabbitMQ allows 2047 channels
/// on a connection by default.
const CHANNELS: usize = 64;
/// How many names of declared queues are kept; after that they are declared again, which changes nothing.
const DECLARED: usize = 10_000;
/// Seconds. A connection whose broker has vanished without a word ends after two of these.
const HEARTBEAT: u16 = 10;
/// Bytes. The driver keeps two buffers of 32 frames for each connection, and with RabbitMQ's own 128 KiB they alone take
/// 8 MiB; a larger message goes in more frames.
const FRAME_MAX: u32 = 16 * 1024;

/// An exchange that every virtual host has.
const EXCHANGE: &str = "amq.direct";

/// Who logs in, and where.
#[derive(Debug, Clone)]
pub(super) struct Login {
    pub(super) address: Address,
    pub(super) user: String,
    pub(super) password: SecretString,
    pub(super) vhost: String,
}

/// A connection that is logged in.
pub(super) struct Session {
    connection: lapin::Connection,
    /// What the broker calls its version.
    version: String,
    // Std locks: held for a few instructions and never over an await.
    publishers: Mutex<Vec<Channel>>,
    publishing: Semaphore,
    looking: Semaphore,
    declared: Mutex<HashSet<QueueName>>,
    /// Whether the connection has ended.
    ended: watch::Receiver<bool>,
    _listener: Background,
}

impl Connection for Session {
    fn is_open(&self) -> bool {
        !*self.ended.borrow() && self.connection.status().connected()
    }
}

impl Session {
    /// Connect and log in. The caller bounds the time.
    pub(super) async fn open(login: Login, home: Home) -> Result<Self, Error> {
        let version = greeting::version(&login.address).await?;
        let uri = AMQPUri {
            scheme: AMQPScheme::AMQP,
            authority: AMQPAuthority {
                userinfo: AMQPUserInfo {
                    username: login.user,
                    password: login.password.expose_secret().to_owned(),
                },
                host: login.address.host().to_owned(),
                port: login.address.port(),
            },
            vhost: login.vhost,
            query: AMQPQueryString {
                heartbeat: Some(HEARTBEAT),
                frame_max: Some(FRAME_MAX),
                ..AMQPQueryString::default()
            },
        };
        let properties = ConnectionProperties::default().with_connection_name("devstack".into());
        let connection = lapin::Connection::connect_uri(uri, properties).await.map_err(classify_login)?;
        let (sender, ended) = watch::channel(false);
        let listener = home.spawn(listen(connection.status().clone(), connection.events_listener(), sender));
        Ok(Self {
            connection,
            version,
            publishers: Mutex::default(),
            publishing: Semaphore::new(CHANNELS),
            looking: Semaphore::new(CHANNELS),
            declared: Mutex::default(),
            ended,
            _listener: listener,
        })
    }

    /// Make a call, and give it up when the connection ends: the driver leaves a call unanswered that comes just when
    /// its own loop is about to stop.
    pub(super) async fn unless_ended<T>(
        &self,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut ended = self.ended.clone();
        tokio::select! {
            biased;
            outcome = call => outcome,
            _ = ended.wait_for(|ended| *ended) => {
                Err(Error::with_source(Backend::Rabbitmq, ErrorKind::Unreachable, "the connection has ended"))
            }
        }
    }

    /// What the broker calls its version.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Open `count` channels for publishes to come.
    pub(super) async fn warm(&self, count: usize) -> Result<(), Error> {
        for _ in 0..count {
            let channel = self.open_publisher().await?;
            self.publishers().push(channel);
        }
        Ok(())
    }

    /// Publish `payload` to `queue`, declared durable before, as a persistent message. `Ok` when the broker has
    /// confirmed that it has it.
    pub(super) async fn publish(&self, queue: &QueueName, payload: &[u8]) -> Result<(), Error> {
        // A queue that was declared may have been deleted since; declared anew and deleted again, it is somebody's will.
        for _ in 0..2 {
            if !self.declared().contains(queue) {
                self.declare(queue).await?;
            }
            let publisher = self.publisher().await?;
            let confirmation = publisher.publish(queue, payload).await.map_err(classify)?;
            publisher.give_back();
            match confirmation {
                Confirmation::Ack(None) => return Ok(()),
                Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_)) => {
                    self.declared().remove(queue);
                }
                Confirmation::Nack(None) => return Err(failed("the broker refused the message")),
                Confirmation::NotRequested => return Err(failed("the channel does not ask for confirms")),
            }
        }
        Err(failed("the queue is deleted while it is published to"))
    }

    /// Look at `queue`; `None` when there is none.
    pub(super) async fn look_at(&self, queue: &QueueName) -> Result<Option<QueueInfo>, Error> {
        let (channel, _permit) = self.channel_for_a_look().await?;
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        match channel.queue_declare(queue.as_str().into(), options, FieldTable::default()).await {
            Ok(queue) => Ok(Some(QueueInfo {
                message_count: queue.message_count(),
                consumer_count: queue.consumer_count(),
            })),
            // The broker has closed the channel with this answer; that is why it is nobody else's.
            Err(error) if soft_error(&error) == Some(&AMQPSoftError::NOTFOUND) => Ok(None),
            Err(error) => Err(classify(error)),
        }
    }

    /// Ask for something that is always there, to see that the broker answers.
    pub(super) async fn ping(&self) -> Result<(), Error> {
        let (channel, _permit) = self.channel_for_a_look().await?;
        let options = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
        channel
            .exchange_declare(EXCHANGE.into(), ExchangeKind::Direct, options, FieldTable::default())
            .await
            .map_err(classify)
    }

    pub(super) async fn close(&self) -> Result<(), lapin::Error> {
        self.connection.close(200, "OK".into()).await
    }

    async fn declare(&self, queue: &QueueName) -> Result<(), Error> {
        let (channel, _permit) = self.channel_for_a_look().await?;
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel
            .queue_declare(queue.as_str().into(), options, FieldTable::default())
            .await
            .map_err(classify)?;
        match have_declaration_stored(&channel, queue).await {
            // Deleted since: the publish will notice.
            Err(error) if soft_error(&error) == Some(&AMQPSoftError::NOTFOUND) => {}
            outcome => outcome.map_err(classify)?,
        }
        let mut declared = self.declared();
        if declared.len() >= DECLARED {
            declared.clear();
        }
        declared.insert(queue.clone());
        Ok(())
    }

    /// A channel for one declaration, closed when it is dropped: the driver keeps a list of all queues that were ever
    /// declared on a channel.
    async fn channel_for_a_look(&self) -> Result<(Channel, SemaphorePermit<'_>), Error> {
        let permit = self.looking.acquire().await.map_err(|_closed| failed("the session is closed"))?;
        Ok((self.connection.create_channel().await.map_err(classify)?, permit))
    }

    async fn publisher(&self) -> Result<Publisher<'_>, Error> {
        let permit = self.publishing.acquire().await.map_err(|_closed| failed("the session is closed"))?;
        let idle =
            std::iter::from_fn(|| self.publishers().pop()).find(|channel| channel.status().connected());
        let channel = match idle {
            Some(channel) => channel,
            None => self.open_publisher().await?,
        };
        Ok(Publisher { channel, session: self, _permit: permit })
    }

    async fn open_publisher(&self) -> Result<Channel, Error> {
        let channel = self.connection.create_channel().await.map_err(classify)?;
        channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(classify)?;
        Ok(channel)
    }

    fn publishers(&self) -> MutexGuard<'_, Vec<Channel>> {
        self.publishers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn declared(&self) -> MutexGuard<'_, HashSet<QueueName>> {
        self.declared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tell `ended` when the connection has ended. The events are errors of channels, too.
async fn listen(
    status: ConnectionStatus,
    events: impl Stream<Item = Event> + Send + 'static,
    ended: watch::Sender<bool>,
) {
    let mut events = pin!(events);
    while status.connected() && events.next().await.is_some() {}
    ended.send_replace(true);
}

/// A channel lent to one publish. Dropped before it was given back it is closed, because its confirm may still come and
/// would be taken for the next one's.
struct Publisher<'a> {
    channel: Channel,
    session: &'a Session,
    _permit: SemaphorePermit<'a>,
}

impl Publisher<'_> {
    async fn publish(&self, queue: &QueueName, payload: &[u8]) -> Result<Confirmation, lapin::Error> {
        // Without `mandatory` the broker confirms what no queue takes.
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties = BasicProperties::default()
            .with_content_type("application/json".into())
            // Persistent.
            .with_delivery_mode(2);
        self.channel
            .basic_publish("".into(), queue.as_str().into(), options, payload, properties)
            .await?
            .await
    }

    /// The publish is settled.
    fn give_back(self) {
        let Self { channel, session, _permit } = self;
        session.publishers().push(channel);
    }
}

/// Make sure that `queue`, just declared, outlives a broker that is killed now.
///
/// RabbitMQ 3 keeps its queues in Mnesia, and answers a declaration when Mnesia's log is synchronised. But Mnesia has the
/// record that decides the transaction written by another process (`mnesia_recover:log_decision` is a cast), which may
/// come too late for that; it then waits up to two seconds in a buffer of `disk_log`. Killed in that time, the broker
/// rolls the declaration back when it starts again, and all confirmed messages are gone with the queue. The next
/// transaction that changes something on disk writes out what the one before has left in the buffer: here a binding,
/// with a key that nobody else has, so that it really is a change, and its removal.
async fn have_declaration_stored(channel: &Channel, queue: &QueueName) -> Result<(), lapin::Error> {
    let key = Uuid::new_v4().to_string();
    channel
        .queue_bind(
            queue.as_str().into(),
            EXCHANGE.into(),
            key.as_str().into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await?;
    channel
        .queue_unbind(queue.as_str().into(), EXCHANGE.into(), key.as_str().into(), FieldTable::default())
        .await
}

fn failed(cause: &'static str) -> Error {
    Error::with_source(Backend::Rabbitmq, ErrorKind::Failed, cause)
}

fn soft_error(error: &lapin::Error) -> Option<&AMQPSoftError> {
    match error.kind() {
        lapin::ErrorKind::ProtocolError(error) => match error.kind() {
            AMQPErrorKind::Soft(soft) => Some(soft),
            AMQPErrorKind::Hard(_) => None,
        },
        _ => None,
    }
}

/// What a failed login means: there, `ACCESS_REFUSED` is about the user and password.
fn classify_login(error: lapin::Error) -> Error {
    if soft_error(&error) == Some(&AMQPSoftError::ACCESSREFUSED) {
        return Error::with_source(Backend::Rabbitmq, ErrorKind::RefusedCredentials, error);
    }
    classify(error)
}

fn classify(error: lapin::Error) -> Error {
    let kind = match error.kind() {
        lapin::ErrorKind::IOError(error) if error.kind() == std::io::ErrorKind::TimedOut => ErrorKind::TimedOut,
        lapin::ErrorKind::IOError(_)
        | lapin::ErrorKind::MissingHeartbeatError
        // The connection broke between two steps of a call.
        | lapin::ErrorKind::InvalidConnectionState(_)
        | lapin::ErrorKind::InvalidChannelState(..) => ErrorKind::Unreachable,
        lapin::ErrorKind::ProtocolError(error) => match error.kind() {
            // The broker closes all connections because it shuts down or cannot go on.
            AMQPErrorKind::Hard(AMQPHardError::CONNECTIONFORCED | AMQPHardError::INTERNALERROR) => {
                ErrorKind::Unreachable
            }
            AMQPErrorKind::Hard(_) | AMQPErrorKind::Soft(_) => ErrorKind::Failed,
        },
        _ => ErrorKind::Failed,
    };
    Error::with_source(Backend::Rabbitmq, kind, error)
}

#[cfg(test)]
mod tests {
    use std::io;

    use lapin::ConnectionState;
    use lapin::protocol::AMQPError;

    use super::*;

    fn protocol_error(kind: impl Into<AMQPErrorKind>) -> lapin::Error {
        lapin::ErrorKind::ProtocolError(AMQPError::new(kind.into(), "said the broker".into())).into()
    }

    #[test]
    fn a_refusal_at_login_is_about_the_password_and_a_later_one_is_not() {
        let refused = || protocol_error(AMQPSoftError::ACCESSREFUSED);
        assert_eq!(classify_login(refused()).kind(), ErrorKind::RefusedCredentials);
        assert_eq!(classify(refused()).kind(), ErrorKind::Failed);
        let no_vhost = protocol_error(AMQPHardError::NOTALLOWED);
        assert_eq!(classify_login(no_vhost).kind(), ErrorKind::Failed);
    }

    #[test]
    fn whatever_ends_the_connection_makes_the_broker_unreachable() {
        for error in [
            io::Error::from(io::ErrorKind::ConnectionRefused).into(),
            io::Error::from(io::ErrorKind::ConnectionReset).into(),
            lapin::ErrorKind::MissingHeartbeatError.into(),
            lapin::ErrorKind::InvalidConnectionState(ConnectionState::Closed).into(),
            protocol_error(AMQPHardError::CONNECTIONFORCED),
        ] {
            let text = error.to_string();
            assert_eq!(classify(error).kind(), ErrorKind::Unreachable, "{text}");
        }
        let timed_out = io::Error::from(io::ErrorKind::TimedOut).into();
        assert_eq!(classify(timed_out).kind(), ErrorKind::TimedOut);
        assert_eq!(classify(protocol_error(AMQPSoftError::PRECONDITIONFAILED)).kind(), ErrorKind::Failed);
    }

    #[test]
    fn debug_of_a_login_does_not_show_the_password() {
        let login = Login {
            address: Address::new("127.0.0.1", 5672),
            user: "u".to_owned(),
            password: "hunter2".into(),
            vhost: "v".to_owned(),
        };
        assert!(!format!("{login:?}").contains("hunter2"));
    }
}
