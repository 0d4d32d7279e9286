//! RabbitMQ.

mod greeting;
mod session;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use contract::{Backend, Message, QueueName};

use self::session::{Login, Session};
use crate::breaker::BreakerState;
use crate::config::{Address, RabbitmqConfig};
use crate::context::Context;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind};
use crate::guard::{Guard, Operation};
use crate::kept::Kept;
use crate::link::{Driver, Link};
use crate::probe::ProbeFailure;
use crate::runtime::Home;

/// RabbitMQ. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Rabbitmq {
    link: Link<RabbitmqDriver>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    guard: Arc<Guard>,
    publish: Operation,
    queue_info: Operation,
    probe: Operation,
}

/// What the broker says of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueInfo {
    /// Messages that are ready to be delivered.
    pub message_count: u32,
    /// Who is consuming.
    pub consumer_count: u32,
}

impl Rabbitmq {
    pub(crate) fn start(config: RabbitmqConfig, context: &Context) -> Self {
        let guard = context.guard(Backend::Rabbitmq);
        let driver = RabbitmqDriver {
            address: config.address,
            home: context.home.clone(),
            limit: context.limit,
            warm: context.pool.warm,
        };
        let credentials = context.credentials(Backend::Rabbitmq, "rabbitmq");
        let shared = Shared {
            publish: guard.operation("publish"),
            queue_info: guard.operation("queue_info"),
            probe: guard.operation("probe"),
            guard: Arc::clone(&guard),
        };
        Self { link: Link::start(driver, credentials, guard, &context.home), shared: Arc::new(shared) }
    }

    /// Put a persistent message into a queue, which is declared durable first; returns after the broker
    /// confirmed it.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`. After `TimedOut` or `Unreachable` the message may
    /// have been stored all the same.
    pub async fn publish(&self, queue: &QueueName, message: &Message) -> Result<(), Error> {
        let payload = message.as_str().as_bytes();
        let call = self.link.with(|broker| async move {
            // Never twice: the message may have been stored before the connection broke.
            broker.once(|session| async move { session.publish(queue, payload).await }).await
        });
        self.shared.guard.call(&self.shared.publish, call).await
    }

    /// Look at a queue without making it; `None` when there is none.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn queue_info(&self, queue: &QueueName) -> Result<Option<QueueInfo>, Error> {
        let call = self.link.with(|broker| async move {
            broker.repeatedly(|session| async move { session.look_at(queue).await }).await
        });
        self.shared.guard.call(&self.shared.queue_info, call).await
    }

    /// Ask the broker for its version. Goes round the breaker and does not move it.
    ///
    /// # Errors
    /// What a health page says; the cause is in the log.
    pub async fn probe(&self) -> Result<String, ProbeFailure> {
        let call = self.link.with(|broker| async move {
            broker
                .repeatedly(|session| async move {
                    session.ping().await?;
                    Ok(session.version().to_owned())
                })
                .await
        });
        self.shared.guard.probe(&self.shared.probe, call).await
    }

    /// What its breaker does with the next call.
    pub fn breaker(&self) -> BreakerState {
        self.shared.guard.breaker_state()
    }

    pub(crate) async fn close(&self) {
        self.link.close().await;
    }
}

struct RabbitmqDriver {
    address: Address,
    home: Home,
    limit: Duration,
    warm: usize,
}

impl Driver for RabbitmqDriver {
    type Client = Arc<Broker>;

    async fn connect(&self, credentials: &Credentials) -> Result<Self::Client, Error> {
        let login = Login {
            address: self.address.clone(),
            user: credentials.user.clone(),
            password: credentials.password.clone(),
            vhost: credentials.database(Backend::Rabbitmq)?.to_owned(),
        };
        let home = self.home.clone();
        let kept = Kept::new(Backend::Rabbitmq, home.clone());
        Ok(Arc::new(Broker { login, home, limit: self.limit, kept }))
    }

    async fn warm(&self, broker: Self::Client) -> Result<(), Error> {
        broker.session().await?.warm(self.warm).await
    }

    async fn close(&self, broker: Self::Client) {
        if let Some(session) = broker.kept.take()
            && let Err(error) = session.close().await
        {
            tracing::debug!(%error, "the connection to RabbitMQ was not closed in order");
        }
    }
}

/// The client of the broker, with one user and password.
struct Broker {
    login: Login,
    home: Home,
    limit: Duration,
    kept: Kept<Session>,
}

impl Broker {
    async fn session(&self) -> Result<Arc<Session>, Error> {
        self.kept.get(|| Session::open(self.login.clone(), self.home.clone())).await
    }

    /// Make a call that must not be made twice.
    async fn once<T, F>(&self, call: impl FnOnce(Arc<Session>) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let session = self.session().await?;
        let watch = self.kept.watch(&session, self.limit);
        let outcome = session.unless_ended(call(Arc::clone(&session))).await;
        watch.answered();
        if outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unreachable) {
            self.kept.discard(&session);
        }
        outcome
    }

    /// Make a call, and once more when the connection turns out to be broken: the broker was restarted, and is
    /// back perhaps.
    async fn repeatedly<T, F>(&self, call: impl Fn(Arc<Session>) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        match self.once(&call).await {
            Err(error) if error.kind() == ErrorKind::Unreachable => self.once(&call).await,
            outcome => outcome,
        }
    }
}
