//! A stack that exists: where it is, how it is, and what it hands to the API servers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::error::Error;
use crate::manifest::Service;
use crate::options::UpOptions;
use crate::progress::Progress;

/// A stack in a home.
#[derive(Debug, Clone)]
pub struct Stack {
    home: PathBuf,
    port_offset: u16,
}

/// The login of a service, as Vault keeps it.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: SecretString,
    /// The database, where the service has one.
    pub database: Option<String>,
    /// The virtual host, where the service has one.
    pub vhost: Option<String>,
}

/// How one service is.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ServiceHealth {
    /// Which service.
    pub service: Service,
    /// Whether its probe succeeded.
    pub healthy: bool,
    /// The server's version when healthy.
    pub version: Option<String>,
    /// Why not, when not.
    pub error: Option<String>,
}

/// Bring the stack up: idempotent, and one at a time for a home.
///
/// # Errors
/// [`Error`] with a hint on what to do next; what was started stays, and nothing is erased.
pub async fn up(_options: &UpOptions, _progress: &dyn Progress) -> Result<Stack, Error> {
    Err(Error::NoCompose)
}

impl Stack {
    /// The stack in `home`, if there is one.
    ///
    /// # Errors
    /// [`Error`] when the home cannot be read or has another layout.
    pub async fn open(home: &Path) -> Result<Option<Self>, Error> {
        let _ = home;
        Ok(None)
    }

    /// The folder that holds the stack's state.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// What is added to every port.
    pub fn port_offset(&self) -> u16 {
        self.port_offset
    }

    /// Where clients reach `service`.
    pub fn address(&self, service: Service) -> SocketAddr {
        service.address(self.port_offset)
    }

    /// The variables that the API server `api` needs to find this stack.
    pub fn environment(&self, _api: &str) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// Start services that were stopped; as `up`, without installing anything.
    ///
    /// # Errors
    /// As [`up`].
    pub async fn start(&self, _services: &[Service], _progress: &dyn Progress) -> Result<(), Error> {
        Err(Error::NoCompose)
    }

    /// Stop services, politely first, then by force. Empty means all.
    ///
    /// # Errors
    /// [`Error`] when a process could not be stopped.
    pub async fn stop(&self, _services: &[Service], _progress: &dyn Progress) -> Result<(), Error> {
        Err(Error::NoCompose)
    }

    /// Kill a service with SIGKILL, for tests of failure.
    ///
    /// # Errors
    /// [`Error`] when it is not running.
    pub async fn kill(&self, _service: Service) -> Result<(), Error> {
        Err(Error::NoCompose)
    }

    /// Ask every service that was brought up how it is, all at once.
    pub async fn health(&self) -> Vec<ServiceHealth> {
        Vec::new()
    }

    /// Vault's root token.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be read.
    pub fn root_token(&self) -> Result<String, Error> {
        let path = self.home.join("vault/root-token");
        std::fs::read_to_string(&path)
            .map(|token| token.trim().to_owned())
            .map_err(|source| Error::io("read", &path, source))
    }

    /// The login of `service`, read from Vault.
    ///
    /// # Errors
    /// [`Error`] when Vault does not answer or knows no such login.
    pub async fn credentials(&self, _service: Service) -> Result<Credentials, Error> {
        Err(Error::NoCompose)
    }
}
