//! Asking a server how it is, in its own protocol and with its own login: an open port proves nothing.

mod amqp;
mod mongodb;
mod mysql;
mod postgres;
mod redis;

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::time::Duration;

use causes::Chain;

use crate::manifest::Service;
use crate::vault::client::Client;
use crate::vault::logins::Credentials;

pub(crate) use self::mongodb::create_first_user;
pub(crate) use self::redis::connect as connect_to_redis;

/// How long one probe may take.
const LIMIT: Duration = Duration::from_secs(3);

/// A healthy server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// As the server itself says it.
    pub version: String,
}

/// Why a server is not healthy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    #[error("it does not answer on {0}")]
    NotListening(SocketAddr),
    #[error("it did not answer within {} s", LIMIT.as_secs())]
    TimedOut,
    #[error("it is not ready")]
    Refused(#[source] Box<dyn StdError + Send + Sync>),
    #[error("it says: {0}")]
    Unhealthy(String),
}

impl ProbeError {
    fn refused(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Refused(source.into())
    }

    /// One line with the whole chain.
    pub(crate) fn line(&self) -> String {
        Chain(self).to_string()
    }
}

/// Ask `service` at `address` how it is.
///
/// `login` is the one that clients use: PostgreSQL's for PgBouncer, none for Vault.
pub(crate) async fn ask(
    service: Service,
    address: SocketAddr,
    login: Option<&Credentials>,
) -> Result<Report, ProbeError> {
    // A refused connection is the usual answer while a server starts; it is cheap to learn, and no driver retries it.
    let connected = tokio::time::timeout(LIMIT, tokio::net::TcpStream::connect(address)).await;
    if !matches!(connected, Ok(Ok(_))) {
        return Err(ProbeError::NotListening(address));
    }
    drop(connected);
    let answer = async {
        match (service, login) {
            (Service::Vault, _) => vault(address).await,
            (_, None) => Err(ProbeError::Unhealthy("its login is not known yet".into())),
            (Service::Postgres | Service::Pgbouncer, Some(login)) => postgres::ask(address, login).await,
            (Service::Mysql, Some(login)) => mysql::ask(address, login).await,
            (Service::Mongodb, Some(login)) => mongodb::ask(address, login).await,
            (Service::Redis1 | Service::Redis2 | Service::Redis3, Some(login)) => {
                redis::ask(address, login).await
            }
            (Service::Rabbitmq, Some(login)) => amqp::ask(address, login).await,
        }
    };
    tokio::time::timeout(LIMIT, answer).await.unwrap_or(Err(ProbeError::TimedOut))
}

async fn vault(address: SocketAddr) -> Result<Report, ProbeError> {
    let health =
        Client::new(address).map_err(ProbeError::refused)?.health().await.map_err(ProbeError::refused)?;
    if !health.initialized {
        Err(ProbeError::Unhealthy("not initialized".into()))
    } else if health.sealed {
        Err(ProbeError::Unhealthy("sealed".into()))
    } else {
        Ok(Report { version: health.version })
    }
}
