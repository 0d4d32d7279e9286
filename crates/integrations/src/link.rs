//! A backend's client: made from its credentials, kept, and made anew when they have changed.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::backoff::persist;
use crate::credentials::{CredentialSource, Credentials};
use crate::error::{Error, ErrorKind};
use crate::guard::Guard;
use crate::runtime::{Background, Home};

/// How a backend's client is made, warmed and closed. All of it runs on the home runtime.
pub(crate) trait Driver: Send + Sync + 'static {
    /// A cheap handle.
    type Client: Clone + Send + Sync + 'static;

    /// Make a client. It may connect, or leave that to its first call; refused credentials are acted on
    /// either way.
    fn connect(&self, credentials: &Credentials) -> impl Future<Output = Result<Self::Client, Error>> + Send;

    /// Open what the first request should not have to wait for. The background tries until it succeeds.
    fn warm(&self, _client: Self::Client) -> impl Future<Output = Result<(), Error>> + Send {
        async { Ok(()) }
    }

    /// Close a client whose credentials have changed, or at the end.
    fn close(&self, client: Self::Client) -> impl Future<Output = ()> + Send;
}

/// The client of one backend, or of one node. Cloning is cheap.
pub(crate) struct Link<D: Driver> {
    shared: Arc<Shared<D>>,
    keeper: Arc<Background>,
}

struct Shared<D: Driver> {
    driver: Arc<D>,
    credentials: CredentialSource,
    guard: Arc<Guard>,
    home: Home,
    // A std lock: it is held for a few instructions and never over an await.
    current: RwLock<State<D::Client>>,
    /// Held while a client is made, so that one attempt serves all who wait for it.
    connecting: Mutex<()>,
}

enum State<C> {
    None,
    Connected(Connected<C>),
    Closed,
}

#[derive(Clone)]
struct Connected<C> {
    client: C,
    credentials: Arc<Credentials>,
}

impl<D: Driver> Clone for Link<D> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), keeper: Arc::clone(&self.keeper) }
    }
}

impl<D: Driver> fmt::Debug for Link<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("credentials", &self.shared.credentials).finish_non_exhaustive()
    }
}

impl<D: Driver> Link<D> {
    /// Begin to make the client in the background.
    pub(crate) fn start(driver: D, credentials: CredentialSource, guard: Arc<Guard>, home: &Home) -> Self {
        let shared = Arc::new(Shared {
            driver: Arc::new(driver),
            credentials,
            guard,
            home: home.clone(),
            current: RwLock::new(State::None),
            connecting: Mutex::new(()),
        });
        let keeper = Arc::clone(&shared);
        let keeper = home.spawn(async move {
            let what = format!("connecting to {} in the background", keeper.guard.backend());
            persist(&what, || keeper.attempt()).await;
        });
        Self { shared, keeper: Arc::new(keeper) }
    }

    /// Call with the client.
    ///
    /// When the backend refuses the credentials, they are read again from Vault, and if they have changed, the
    /// client is made anew and the call is made once more. The caller bounds the time of it all.
    pub(crate) async fn with<T, F>(&self, call: impl Fn(D::Client) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        self.shared.with(call).await
    }

    /// Close the client; calls made afterwards fail.
    pub(crate) async fn close(&self) {
        self.keeper.abort();
        let shared = &self.shared;
        let before = {
            let mut current = shared.current.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, State::Closed)
        };
        if let State::Connected(connected) = before {
            let driver = Arc::clone(&shared.driver);
            let closing = shared.home.run(async move { driver.close(connected.client).await });
            if timeout(shared.guard.limit(), closing).await.is_err() {
                tracing::warn!(
                    backend = shared.guard.backend().as_str(),
                    "closing took too long and was given up"
                );
            }
        }
    }
}

impl<D: Driver> Shared<D> {
    async fn with<T, F>(&self, call: impl Fn(D::Client) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let began = Instant::now();
        let credentials = self.credentials.get().await?;
        let outcome = match self.client(&credentials).await {
            Ok(client) => call(client).await,
            Err(error) => Err(error),
        };
        match outcome {
            Err(error) if error.kind() == ErrorKind::RefusedCredentials => {
                // Boxed, as connecting is: what is large and rare would be part of every call's future otherwise.
                let Some(others) = Box::pin(self.credentials.reread(&credentials, began)).await else {
                    return Err(error);
                };
                call(self.client(&others).await?).await
            }
            outcome => outcome,
        }
    }

    /// One attempt of the background, which no request bounds.
    async fn attempt(&self) -> Result<(), Error> {
        let warm = |client| {
            let driver = Arc::clone(&self.driver);
            async move { driver.warm(client).await }
        };
        match timeout(self.guard.limit(), self.with(warm)).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(self.error(ErrorKind::TimedOut)),
        }
    }

    /// The client that goes with `credentials`.
    async fn client(&self, credentials: &Arc<Credentials>) -> Result<D::Client, Error> {
        match self.current(credentials)? {
            Some(client) => Ok(client),
            None => Box::pin(self.connect(credentials)).await,
        }
    }

    async fn connect(&self, credentials: &Arc<Credentials>) -> Result<D::Client, Error> {
        let _one_at_a_time = self.connecting.lock().await;
        if let Some(client) = self.current(credentials)? {
            return Ok(client);
        }
        let driver = Arc::clone(&self.driver);
        let login = Arc::clone(credentials);
        let client = self
            .home
            .run(async move { driver.connect(&login).await })
            .await
            .map_err(|ended| Error::with_source(self.guard.backend(), ErrorKind::Failed, ended))??;
        self.replace(Connected { client: client.clone(), credentials: Arc::clone(credentials) });
        Ok(client)
    }

    fn current(&self, credentials: &Arc<Credentials>) -> Result<Option<D::Client>, Error> {
        match &*self.current.read().unwrap_or_else(PoisonError::into_inner) {
            // Reading the same credentials again gives another Arc, and is no reason to connect anew.
            State::Connected(connected)
                if Arc::ptr_eq(&connected.credentials, credentials)
                    || connected.credentials == *credentials =>
            {
                Ok(Some(connected.client.clone()))
            }
            State::Connected(_) | State::None => Ok(None),
            State::Closed => Err(self.error(ErrorKind::Failed)),
        }
    }

    /// Put a new client in place, and close the one before in the background.
    fn replace(&self, connected: Connected<D::Client>) {
        let leaving = {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            match &mut *current {
                State::Closed => Some(connected.client),
                place => match std::mem::replace(place, State::Connected(connected)) {
                    State::Connected(before) => Some(before.client),
                    State::None | State::Closed => None,
                },
            }
        };
        if let Some(client) = leaving {
            let driver = Arc::clone(&self.driver);
            let limit = self.guard.limit();
            self.home.detach(async move {
                // What does not close in time is dropped, which closes it less politely.
                drop(timeout(limit, driver.close(client)).await);
            });
        }
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(self.guard.backend(), kind)
    }
}
