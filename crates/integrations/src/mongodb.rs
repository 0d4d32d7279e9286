//! MongoDB, or FerretDB.
//!
//! The driver keeps its own pool and finds out by its own heartbeats whether the server is there; it is asked for
//! what those found, because a call of its own only says that no server could be selected in time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use contract::Backend;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use mongodb::bson::doc;
use mongodb::error::{Error as DriverError, ErrorKind as DriverKind};
use mongodb::event::EventHandler;
use mongodb::event::sdam::SdamEvent;
use mongodb::options::{ClientOptions, Credential, ServerAddress};
use mongodb::{Client, Database};
use secrecy::ExposeSecret;
use tokio::sync::watch;

use crate::breaker::BreakerState;
use crate::config::{Address, MongodbConfig, PoolSettings};
use crate::context::Context;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind};
use crate::guard::{Guard, Operation};
use crate::link::{Driver, Link};
use crate::probe::ProbeFailure;
use crate::runtime::Home;

/// MongoDB. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Mongodb {
    link: Link<MongodbDriver>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    guard: Arc<Guard>,
    home: Home,
    collection_names: Operation,
    probe: Operation,
}

impl Mongodb {
    pub(crate) fn start(config: MongodbConfig, context: &Context) -> Self {
        let guard = context.guard(Backend::Mongodb);
        let driver = MongodbDriver { address: config.address, pool: context.pool, limit: context.limit };
        let credentials = context.credentials(Backend::Mongodb, "mongodb");
        let shared = Shared {
            collection_names: guard.operation("collection_names"),
            probe: guard.operation("probe"),
            home: context.home.clone(),
            guard: Arc::clone(&guard),
        };
        Self { link: Link::start(driver, credentials, guard, &context.home), shared: Arc::new(shared) }
    }

    /// List the names of the collections of the database, sorted.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but those of Vault and `NotText`.
    pub async fn collection_names(&self) -> Result<Vec<String>, Error> {
        let call: Call<Vec<String>> = |database| {
            async move {
                let mut names = database.list_collection_names().await?;
                names.sort_unstable();
                Ok(names)
            }
            .boxed()
        };
        self.shared.guard.call(&self.shared.collection_names, self.with_database(call)).await
    }

    /// Ask the server for its version. Goes round the breaker and does not move it.
    ///
    /// # Errors
    /// What a health page says; the cause is in the log.
    pub async fn probe(&self) -> Result<String, ProbeFailure> {
        let call: Call<String> = |database| {
            async move {
                let ask = || database.run_command(doc! { "buildInfo": 1 });
                let answer = match ask().await {
                    // A connection that was idle may have died unnoticed. The driver makes what it knows for a read
                    // once more on another by itself, but never a command.
                    Err(error) if has_broken(&error) => ask().await?,
                    outcome => outcome?,
                };
                answer.get_str("version").map(str::to_owned).map_err(DriverError::custom)
            }
            .boxed()
        };
        self.shared.guard.probe(&self.shared.probe, self.with_database(call)).await
    }

    /// What its breaker does with the next call.
    pub fn breaker(&self) -> BreakerState {
        self.shared.guard.breaker_state()
    }

    pub(crate) async fn close(&self) {
        self.link.close().await;
    }

    async fn with_database<T: Send + 'static>(&self, call: Call<T>) -> Result<T, Error> {
        let home = &self.shared.home;
        self.link
            .with(|connected| async move {
                home.run(async move { connected.call(call).await }).await.unwrap_or_else(|ended| {
                    Err(Error::with_source(Backend::Mongodb, ErrorKind::Failed, ended))
                })
            })
            .await
    }
}

/// A call to the database.
type Call<T> = fn(Database) -> BoxFuture<'static, Result<T, DriverError>>;

struct MongodbDriver {
    address: Address,
    pool: PoolSettings,
    limit: Duration,
}

/// The driver's client, and what its heartbeats found.
#[derive(Clone)]
struct Connected {
    database: Database,
    /// The last heartbeat's failure; `None` when it succeeded.
    heartbeat: Arc<watch::Sender<Option<DriverError>>>,
}

impl Connected {
    async fn call<T>(self, call: Call<T>) -> Result<T, Error> {
        let mut heartbeat = self.heartbeat.subscribe();
        tokio::select! {
            biased;
            outcome = call(self.database) => outcome.map_err(|error| {
                let heartbeat = self.heartbeat.borrow().clone();
                classify(error, heartbeat)
            }),
            // The driver would wait for the server to come, for as long as it may.
            refused = refused(&mut heartbeat) => Err(classify(refused, None)),
        }
    }
}

/// The failure of a heartbeat, made from now on, that the server's machine refused.
async fn refused(heartbeat: &mut watch::Receiver<Option<DriverError>>) -> DriverError {
    while heartbeat.changed().await.is_ok() {
        if let Some(error) = heartbeat.borrow_and_update().as_ref().filter(|error| is_refusal(error)) {
            return error.clone();
        }
    }
    // The client is being closed; the call says so itself.
    std::future::pending().await
}

impl Driver for MongodbDriver {
    type Client = Connected;

    async fn connect(&self, credentials: &Credentials) -> Result<Self::Client, Error> {
        let database = credentials.database(Backend::Mongodb)?;
        // Before the call's own limit, so that the driver can still say why.
        let limit = self.limit / 4 * 3;
        let heartbeat = Arc::new(watch::Sender::new(None));
        let size = |size| u32::try_from(size).unwrap_or(u32::MAX);
        let options = ClientOptions::builder()
            .app_name("devstack".to_owned())
            .hosts(vec![ServerAddress::Tcp {
                host: self.address.host().to_owned(),
                port: Some(self.address.port()),
            }])
            // The address is the one to use, whatever the server calls itself.
            .direct_connection(true)
            .credential(
                Credential::builder()
                    .username(credentials.user.clone())
                    .password(credentials.password.expose_secret().to_owned())
                    // The user is kept in the database that it may use.
                    .source(database.to_owned())
                    .build(),
            )
            .connect_timeout(limit)
            .server_selection_timeout(limit)
            .max_pool_size(size(self.pool.size))
            .min_pool_size(size(self.pool.warm))
            .sdam_event_handler(listen(Arc::clone(&heartbeat)))
            .build();
        let client = Client::with_options(options).map_err(|error| classify(error, None))?;
        Ok(Connected { database: client.database(database), heartbeat })
    }

    async fn warm(&self, connected: Self::Client) -> Result<(), Error> {
        connected
            .call(|database| async move { database.run_command(doc! { "ping": 1 }).await }.boxed())
            .await?;
        Ok(())
    }

    async fn close(&self, connected: Self::Client) {
        connected.database.client().clone().shutdown().await;
    }
}

fn listen(heartbeat: Arc<watch::Sender<Option<DriverError>>>) -> EventHandler<SdamEvent> {
    EventHandler::callback(move |event| match event {
        SdamEvent::ServerHeartbeatSucceeded(_) => {
            heartbeat.send_replace(None);
        }
        SdamEvent::ServerHeartbeatFailed(event) => {
            heartbeat.send_replace(Some(event.failure));
        }
        _ => {}
    })
}

/// Whether a connection ended in the middle of a call, as against a server that is not there or hangs.
fn has_broken(error: &DriverError) -> bool {
    kind_of(&error.kind) == ErrorKind::Unreachable && !is_refusal(error)
}

/// Whether nothing listens there, as against a connection that broke or hangs.
fn is_refusal(error: &DriverError) -> bool {
    match &*error.kind {
        DriverKind::Io(error) => matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
        ),
        DriverKind::DnsResolve { .. } => true,
        _ => false,
    }
}

/// `heartbeat` is the last heartbeat's failure: the reason where the driver found no server to ask.
fn classify(error: DriverError, heartbeat: Option<DriverError>) -> Error {
    match (&*error.kind, heartbeat) {
        (DriverKind::ServerSelection { .. }, Some(heartbeat)) => classify(heartbeat, None),
        // Not even the first heartbeat was answered.
        (DriverKind::ServerSelection { .. }, None) => {
            Error::with_source(Backend::Mongodb, ErrorKind::TimedOut, error)
        }
        (kind, _) => {
            let kind = kind_of(kind);
            Error::with_source(Backend::Mongodb, kind, error)
        }
    }
}

fn kind_of(kind: &DriverKind) -> ErrorKind {
    match kind {
        DriverKind::Authentication { .. } => ErrorKind::RefusedCredentials,
        DriverKind::Command(error) => kind_of_code(error.code),
        DriverKind::Io(error) if error.kind() == io::ErrorKind::TimedOut => ErrorKind::TimedOut,
        DriverKind::Io(_) | DriverKind::ConnectionPoolCleared { .. } | DriverKind::DnsResolve { .. } => {
            ErrorKind::Unreachable
        }
        _ => ErrorKind::Failed,
    }
}

/// What a command's error code means (MongoDB's `error_codes.yml`).
fn kind_of_code(code: i32) -> ErrorKind {
    match code {
        // AuthenticationFailed.
        18 => ErrorKind::RefusedCredentials,
        // ShutdownInProgress, InterruptedAtShutdown.
        91 | 11600 => ErrorKind::Unreachable,
        _ => ErrorKind::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn io_error(kind: io::ErrorKind) -> DriverError {
        io::Error::from(kind).into()
    }

    #[test]
    fn a_broken_connection_is_unreachable_and_a_silent_one_timed_out() {
        for (io, kind) in [
            (io::ErrorKind::ConnectionRefused, ErrorKind::Unreachable),
            (io::ErrorKind::UnexpectedEof, ErrorKind::Unreachable),
            (io::ErrorKind::ConnectionReset, ErrorKind::Unreachable),
            (io::ErrorKind::TimedOut, ErrorKind::TimedOut),
        ] {
            assert_eq!(classify(io_error(io), None).kind(), kind, "{io}");
        }
    }

    #[test]
    fn a_refused_password_is_told_from_other_refusals() {
        assert_eq!(kind_of_code(18), ErrorKind::RefusedCredentials);
        assert_eq!(kind_of_code(91), ErrorKind::Unreachable);
        assert_eq!(kind_of_code(13), ErrorKind::Failed);
        assert_eq!(kind_of_code(59), ErrorKind::Failed);
    }

    #[test]
    fn only_what_broke_is_asked_once_more() {
        assert!(has_broken(&io_error(io::ErrorKind::UnexpectedEof)));
        assert!(!has_broken(&io_error(io::ErrorKind::ConnectionRefused)));
        assert!(!has_broken(&io_error(io::ErrorKind::TimedOut)));
    }

    #[test]
    fn only_what_is_refused_ends_the_wait_for_the_server() {
        assert!(is_refusal(&io_error(io::ErrorKind::ConnectionRefused)));
        assert!(!is_refusal(&io_error(io::ErrorKind::UnexpectedEof)));
        assert!(!is_refusal(&io_error(io::ErrorKind::TimedOut)));
    }
}
