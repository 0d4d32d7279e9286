//! Vault: secrets, and the credentials of every other backend.

mod session;
mod transport;

use std::sync::Arc;

use contract::{Backend, SecretName};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::breaker::BreakerState;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::guard::{Guard, Operation};
use crate::probe::ProbeFailure;
use crate::runtime::Background;
pub(crate) use session::Session;

/// Vault. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Vault {
    shared: Arc<Shared>,
    keeper: Arc<Background>,
}

#[derive(Debug)]
struct Shared {
    session: Arc<Session>,
    guard: Arc<Guard>,
    read_secret: Operation,
    probe: Operation,
}

/// What a health probe of Vault found. Details and failure come together when Vault answers and is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultProbe {
    /// What Vault says of itself; `None` when it did not answer.
    pub details: Option<VaultDetails>,
    /// Why it is not healthy; `None` when it is.
    pub failure: Option<ProbeFailure>,
}

/// What Vault says of itself at `sys/health`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VaultDetails {
    /// Whether it has been initialized, ever.
    pub initialized: bool,
    /// Whether it is sealed now.
    pub sealed: bool,
    /// Whether it is a standby of a cluster.
    pub standby: bool,
    /// Its version, such as `1.21.1`.
    pub version: String,
}

impl Vault {
    pub(crate) fn start(context: &Context) -> Self {
        let guard = context.guard(Backend::Vault);
        let session = Arc::clone(&context.session);
        let keeper = context.home.spawn(async move { session.keep_token().await });
        let shared = Shared {
            session: Arc::clone(&context.session),
            read_secret: guard.operation("read_secret"),
            probe: guard.operation("probe"),
            guard,
        };
        Self { shared: Arc::new(shared), keeper: Arc::new(keeper) }
    }

    /// Read the members of the secret `secret/<name>` as they are, not masked and not cached; `None` when
    /// there is no such secret.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but `NotText`; `RefusedCredentials` only after one new login.
    pub async fn read_secret(&self, name: &SecretName) -> Result<Option<Map<String, Value>>, Error> {
        let Shared { session, guard, read_secret, .. } = &*self.shared;
        guard.call(read_secret, session.read(name.as_str())).await
    }

    /// Ask Vault how it is. Needs no token, goes round the breaker and does not move it.
    pub async fn probe(&self) -> VaultProbe {
        let Shared { session, guard, probe, .. } = &*self.shared;
        let mut details = None;
        let asked = async {
            let found = details.insert(health(session).await?);
            match found {
                VaultDetails { initialized: false, .. } => {
                    Err(Error::new(Backend::Vault, ErrorKind::NotInitialized))
                }
                VaultDetails { sealed: true, .. } => Err(Error::new(Backend::Vault, ErrorKind::Sealed)),
                VaultDetails { .. } => Ok(()),
            }
        };
        let failure = guard.probe(probe, asked).await.err();
        VaultProbe { details, failure }
    }

    /// What its breaker does with the next call.
    pub fn breaker(&self) -> BreakerState {
        self.shared.guard.breaker_state()
    }

    pub(crate) async fn close(&self) {
        self.keeper.abort();
        self.shared.session.end().await;
    }
}

async fn health(session: &Session) -> Result<VaultDetails, Error> {
    // Vault says by the status how it is, unless it is told which status to use; the body says it in all cases.
    let path = "sys/health?standbyok=true&perfstandbyok=true&sealedcode=200&uninitcode=200";
    let answer = session.transport.send(Method::GET, path, None, None).await?;
    match answer.status {
        StatusCode::OK => answer.json(),
        _ => Err(answer.refusal()),
    }
}
