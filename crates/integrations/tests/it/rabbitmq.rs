//! RabbitMQ.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use contract::{Message, QueueName};
use futures_util::FutureExt;
use futures_util::future::{join_all, try_join_all};
use integrations::{BreakerSettings, ErrorKind, Integrations, ProbeFailure, QueueInfo, Rabbitmq};
use lapin::options::{BasicGetOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Connection, ConnectionProperties};
use secrecy::ExposeSecret;
use testkit::{Namespace, Proxy, Service, Stack, eventually, private_stack};
use tokio::runtime::Handle;

use crate::failures::Subject;
use crate::setup::{BoxError, LIMIT, config, config_of};
use crate::vault_admin::VaultAdmin;

fn queue(text: &str) -> Result<QueueName, BoxError> {
    QueueName::parse(text).map_err(|fault| format!("{text}: {fault:?}").into())
}

fn message(text: &str) -> Result<Message, BoxError> {
    Message::parse(text.as_bytes()).map_err(|fault| format!("{text}: {fault:?}").into())
}

pub(crate) async fn subject() -> Result<Subject, BoxError> {
    let mut config = config().await?;
    let proxy = Proxy::to(testkit::stack().await?.address(Service::Rabbitmq)).await?;
    config.rabbitmq.address = proxy.address().into();
    Ok(Subject {
        config,
        proxies: vec![proxy],
        call: |integrations| {
            async {
                let Ok(queue) = QueueName::parse("t-nobody-declares-this") else {
                    unreachable!("the name keeps the rules")
                };
                integrations.rabbitmq.queue_info(&queue).await.map(drop)
            }
            .boxed()
        },
        breaker: |integrations| integrations.rabbitmq.breaker(),
    })
}

/// The broker as its operator sees it.
struct Operator {
    // Closes its channel when it is dropped.
    _connection: Connection,
    channel: Channel,
}

impl Operator {
    async fn of(stack: &Stack) -> Result<Self, BoxError> {
        let login = stack.credentials(Service::Rabbitmq).await?;
        let uri = login.amqp_uri(stack.address(Service::Rabbitmq));
        let connection = Connection::connect_uri(uri, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        Ok(Self { _connection: connection, channel })
    }

    async fn delete(&self, queue: &QueueName) -> Result<(), BoxError> {
        self.channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
        Ok(())
    }

    /// Take all messages out of `queue`.
    async fn drain(&self, queue: &QueueName) -> Result<Vec<lapin::message::Delivery>, BoxError> {
        let mut messages = Vec::new();
        let options = BasicGetOptions { no_ack: true };
        while let Some(message) = self.channel.basic_get(queue.as_str().into(), options).await? {
            messages.push(message.delivery);
        }
        Ok(messages)
    }
}

fn holding(message_count: u32) -> QueueInfo {
    QueueInfo { message_count, consumer_count: 0 }
}

#[tokio::test]
async fn a_message_is_stored_byte_for_byte_and_persistent() -> Result<(), BoxError> {
    let integrations = Integrations::start(config().await?, Handle::current());
    let operator = Operator::of(testkit::stack().await?).await?;
    let queue = queue(&Namespace::new().queue("a"))?;
    let text = "{\"b\": 1e400,\t\"a\":\"\\ud800\", \"b\":\"zwölf\"}";
    integrations.rabbitmq.publish(&queue, &message(text)?).await?;
    assert_eq!(integrations.rabbitmq.queue_info(&queue).await?, Some(holding(1)));

    let stored = operator.drain(&queue).await?;
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].data, text.as_bytes());
    assert_eq!(
        stored[0].properties.content_type().as_ref().map(ShortString::as_str),
        Some("application/json")
    );
    assert_eq!(*stored[0].properties.delivery_mode(), Some(2));
    // As it is declared here it exists, or this is refused.
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    operator.channel.queue_declare(queue.as_str().into(), durable, FieldTable::default()).await?;
    operator.delete(&queue).await?;
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn a_large_message_is_stored_whole() -> Result<(), BoxError> {
    let integrations = Integrations::start(config().await?, Handle::current());
    let operator = Operator::of(testkit::stack().await?).await?;
    let queue = queue(&Namespace::new().queue("a"))?;
    // The largest that the API takes; the broker gets it in several frames.
    let text = format!("{{\"a\":\"{}\"}}", "x".repeat(1024 * 1024 - 8));
    integrations.rabbitmq.publish(&queue, &message(&text)?).await?;
    let stored = operator.drain(&queue).await?;
    assert_eq!(stored.len(), 1);
    assert!(stored[0].data == text.as_bytes());
    operator.delete(&queue).await?;
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn the_count_of_messages_is_exact_after_many_at_once_over_one_connection() -> Result<(), BoxError> {
    let mut config = config().await?;
    let proxy = Proxy::to(testkit::stack().await?.address(Service::Rabbitmq)).await?;
    config.rabbitmq.address = proxy.address().into();
    let integrations = Integrations::start(config, Handle::current());
    let namespace = Namespace::new();
    let queues = [queue(&namespace.queue("a"))?, queue(&namespace.queue("b"))?];
    let message = message(r#"{"a":1}"#)?;
    for round in 1..=3 {
        let publishes = (0..200).map(|number| integrations.rabbitmq.publish(&queues[number % 2], &message));
        try_join_all(publishes).await?;
        for queue in &queues {
            assert_eq!(integrations.rabbitmq.queue_info(queue).await?, Some(holding(100 * round)));
        }
    }
    // One that asks who answers there, and one for everything else.
    assert_eq!(proxy.connections(), 2);
    let operator = Operator::of(testkit::stack().await?).await?;
    for queue in &queues {
        operator.delete(queue).await?;
    }
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn looking_at_a_queue_does_not_make_it_and_does_not_disturb_those_who_publish() -> Result<(), BoxError>
{
    let integrations = Integrations::start(config().await?, Handle::current());
    let rabbitmq = &integrations.rabbitmq;
    let namespace = Namespace::new();
    let (there, missing) = (queue(&namespace.queue("there"))?, queue(&namespace.queue("missing"))?);
    let message = message(r#"{"a":1}"#)?;
    let publishing = try_join_all((0..100).map(|_| rabbitmq.publish(&there, &message)));
    let looking = try_join_all((0..100).map(|_| rabbitmq.queue_info(&missing)));
    let (_, looks) = tokio::try_join!(publishing, looking)?;
    assert!(looks.iter().all(Option::is_none));
    assert_eq!(rabbitmq.queue_info(&missing).await?, None);
    assert_eq!(rabbitmq.queue_info(&there).await?, Some(holding(100)));
    Operator::of(testkit::stack().await?).await?.delete(&there).await?;
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn a_queue_that_was_deleted_behind_our_back_is_declared_again() -> Result<(), BoxError> {
    let integrations = Integrations::start(config().await?, Handle::current());
    let rabbitmq = &integrations.rabbitmq;
    let operator = Operator::of(testkit::stack().await?).await?;
    let namespace = Namespace::new();
    let (deleted, kept) = (queue(&namespace.queue("deleted"))?, queue(&namespace.queue("kept"))?);
    let message = message(r#"{"a":1}"#)?;
    for round in 1..=5 {
        rabbitmq.publish(&deleted, &message).await?;
        operator.delete(&deleted).await?;
        // None of those to the deleted queue counts as stored for one to the other.
        let publishes = (0..20).map(|number| rabbitmq.publish([&deleted, &kept][number % 2], &message));
        try_join_all(publishes).await?;
        assert_eq!(rabbitmq.queue_info(&deleted).await?, Some(holding(10)));
        assert_eq!(rabbitmq.queue_info(&kept).await?, Some(holding(10 * round)));
        operator.delete(&deleted).await?;
    }
    operator.delete(&kept).await?;
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn a_queue_that_somebody_made_otherwise_is_a_failure_of_that_queue_alone() -> Result<(), BoxError> {
    let integrations = Integrations::start(config().await?, Handle::current());
    let rabbitmq = &integrations.rabbitmq;
    let operator = Operator::of(testkit::stack().await?).await?;
    let namespace = Namespace::new();
    let (transient, durable) = (queue(&namespace.queue("transient"))?, queue(&namespace.queue("durable"))?);
    let options = QueueDeclareOptions::default();
    operator.channel.queue_declare(transient.as_str().into(), options, FieldTable::default()).await?;
    let message = message(r#"{"a":1}"#)?;
    let error = rabbitmq.publish(&transient, &message).await.expect_err("it is not durable");
    assert_eq!(error.kind(), ErrorKind::Failed, "{}", error.chain());
    assert_eq!(rabbitmq.queue_info(&transient).await?, Some(holding(0)));
    rabbitmq.publish(&durable, &message).await?;
    operator.delete(&transient).await?;
    operator.delete(&durable).await?;
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn a_publish_that_was_given_up_confirms_no_other() -> Result<(), BoxError> {
    let integrations = Integrations::start(config().await?, Handle::current());
    let rabbitmq = &integrations.rabbitmq;
    let queue = queue(&Namespace::new().queue("a"))?;
    let message = message(r#"{"a":1}"#)?;
    rabbitmq.publish(&queue, &message).await?;
    for _ in 0..100 {
        let mut given_up = Box::pin(rabbitmq.publish(&queue, &message));
        assert!(futures_util::poll!(&mut given_up).is_pending());
        drop(given_up);
        rabbitmq.publish(&queue, &message).await?;
    }
    let info = rabbitmq.queue_info(&queue).await?.ok_or("the queue is there")?;
    assert!(info.message_count >= 101, "{info:?}");
    Operator::of(testkit::stack().await?).await?.delete(&queue).await?;
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn it_tells_its_version() -> Result<(), BoxError> {
    let integrations = Integrations::start(config().await?, Handle::current());
    assert!(integrations.rabbitmq.probe().await?.starts_with(|c: char| c.is_ascii_digit()));
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn a_publish_to_a_broker_that_hangs_is_no_success() -> Result<(), BoxError> {
    let Subject { config, proxies, .. } = subject().await?;
    let integrations = Integrations::start(config, Handle::current());
    let queue = queue(&Namespace::new().queue("a"))?;
    let message = message(r#"{"a":1}"#)?;
    integrations.rabbitmq.publish(&queue, &message).await?;
    proxies[0].stall();
    for outcome in join_all((0..4).map(|_| integrations.rabbitmq.publish(&queue, &message))).await {
        assert_eq!(outcome.map_err(|error| error.kind()), Err(ErrorKind::TimedOut));
    }
    proxies[0].restore().await?;
    eventually(LIMIT, "a publish", async || integrations.rabbitmq.publish(&queue, &message).await).await?;
    Operator::of(testkit::stack().await?).await?.delete(&queue).await?;
    integrations.close().await;
    Ok(())
}

/// Publishes numbered messages one after the other until it is told to stop, and keeps the numbers of those that
/// succeeded.
async fn publish_numbers(
    rabbitmq: &Rabbitmq,
    queue: &QueueName,
    publisher: u32,
    stop: &AtomicBool,
    succeeded: &Mutex<BTreeSet<String>>,
) -> Result<(), BoxError> {
    let mut number = 0;
    while !stop.load(Ordering::Acquire) {
        number += 1;
        let text = format!("{{\"publisher\":{publisher},\"number\":{number}}}");
        match rabbitmq.publish(queue, &message(&text)?).await {
            Ok(()) => {
                succeeded.lock().unwrap_or_else(PoisonError::into_inner).insert(text);
            }
            // Refused at once while the broker is down: let the others run.
            Err(error) if error.kind() == ErrorKind::Unreachable => tokio::task::yield_now().await,
            Err(error) if error.kind() == ErrorKind::TimedOut => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_that_was_confirmed_survives_a_killed_broker() -> Result<(), BoxError> {
    let private = private_stack(&[Service::Rabbitmq]).await?;
    let stack = private.stack();
    let mut config = config_of(stack)?;
    config.breaker = BreakerSettings { failures: u32::MAX, ..config.breaker };
    let integrations = Integrations::start(config, Handle::current());
    let rabbitmq = &integrations.rabbitmq;
    let queue = queue(&Namespace::new().queue("a"))?;
    let stop = AtomicBool::new(false);
    let succeeded = Mutex::new(BTreeSet::new());
    let count = || succeeded.lock().unwrap_or_else(PoisonError::into_inner).len();
    let more_than = async |least: usize| {
        let enough = async || if count() > least { Ok(()) } else { Err(count()) };
        eventually(LIMIT, "more messages confirmed", enough).await
    };

    let publishing =
        try_join_all((0..8).map(|publisher| publish_numbers(rabbitmq, &queue, publisher, &stop, &succeeded)));
    let breaking = async {
        more_than(200).await?;
        // Some of the eight are always waiting for their confirm.
        stack.kill(Service::Rabbitmq).await?;
        eventually(LIMIT, "a probe that fails", async || match rabbitmq.probe().await {
            Err(ProbeFailure::Unreachable) => Ok(()),
            other => Err(other),
        })
        .await?;
        stack.start(&[Service::Rabbitmq], &testkit::Silent).await?;
        more_than(count() + 200).await?;
        stop.store(true, Ordering::Release);
        Ok::<_, BoxError>(())
    };
    tokio::try_join!(publishing, breaking)?;

    let stored: BTreeSet<String> = Operator::of(stack)
        .await?
        .drain(&queue)
        .await?
        .into_iter()
        .map(|delivery| String::from_utf8(delivery.data))
        .collect::<Result<_, _>>()?;
    let succeeded = succeeded.into_inner().unwrap_or_else(PoisonError::into_inner);
    let lost: Vec<_> = succeeded.difference(&stored).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), succeeded.len());
    integrations.close().await;
    private.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_the_right_one_is_taken_without_a_restart() -> Result<(), BoxError> {
    let private = private_stack(&[Service::Rabbitmq]).await?;
    let stack = private.stack();
    let login = stack.credentials(Service::Rabbitmq).await?;
    let vault = VaultAdmin::of(stack)?;
    vault.change_secret("rabbitmq", "password", "wrong").await?;
    let integrations = Integrations::start(config_of(stack)?, Handle::current());
    let queue = queue(&Namespace::new().queue("a"))?;
    let error = integrations.rabbitmq.queue_info(&queue).await.expect_err("the password in Vault is wrong");
    assert_eq!(error.kind(), ErrorKind::RefusedCredentials, "{}", error.chain());
    assert_eq!(integrations.rabbitmq.probe().await, Err(ProbeFailure::RefusedCredentials));

    vault.change_secret("rabbitmq", "password", login.password.expose_secret()).await?;
    assert_eq!(integrations.rabbitmq.queue_info(&queue).await?, None);
    integrations.close().await;
    private.close().await?;
    Ok(())
}
