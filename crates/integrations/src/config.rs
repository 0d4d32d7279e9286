//! Where the backends are and how much they may cost. No password is here: those come from Vault.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use reqwest::Url;

use crate::breaker::BreakerSettings;

/// A host and a port.
///
/// ```
/// let address: integrations::Address = "127.0.0.1:5432".parse()?;
/// assert_eq!((address.host(), address.port()), ("127.0.0.1", 5432));
/// let address: integrations::Address = "[::1]:5432".parse()?;
/// assert_eq!((address.host(), address.port()), ("::1", 5432));
/// assert!("5432".parse::<integrations::Address>().is_err());
/// # Ok::<(), integrations::ParseAddressError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    host: String,
    port: u16,
}

/// A text that is not `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not of the form host:port")]
pub struct ParseAddressError;

impl Address {
    /// The address of `port` at `host`: a name, or an IP address without brackets.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// The name or IP address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Address {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = text.rsplit_once(':').ok_or(ParseAddressError)?;
        let host = match host.strip_prefix('[') {
            Some(inside) => inside.strip_suffix(']').ok_or(ParseAddressError)?,
            // Without brackets a second colon leaves open where the port begins.
            None if host.contains(':') => return Err(ParseAddressError),
            None => host,
        };
        let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
        if host.is_empty() || !host.chars().all(valid) || !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ParseAddressError);
        }
        match port.parse() {
            Ok(port) if port > 0 => Ok(Self::new(host, port)),
            Ok(_) | Err(_) => Err(ParseAddressError),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl From<std::net::SocketAddr> for Address {
    fn from(address: std::net::SocketAddr) -> Self {
        Self::new(address.ip().to_string(), address.port())
    }
}

/// Everything that [`Integrations::start`](crate::Integrations::start) needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Vault.
    pub vault: VaultConfig,
    /// PostgreSQL and PgBouncer.
    pub postgres: PostgresConfig,
    /// MySQL.
    pub mysql: MysqlConfig,
    /// MongoDB.
    pub mongodb: MongodbConfig,
    /// The Redis Cluster.
    pub redis: RedisConfig,
    /// RabbitMQ.
    pub rabbitmq: RabbitmqConfig,
    /// When the breakers open and for how long; each backend has one of its own.
    pub breaker: BreakerSettings,
    /// How long one call may take in all, waiting for a connection included; 2 s by default.
    pub timeout: Duration,
    /// How many connections a database may have.
    pub pool: PoolSettings,
}

impl Config {
    /// All servers on the loopback address at their standard ports, with the figures of the contract.
    pub fn new(vault: VaultConfig) -> Self {
        Self {
            vault,
            postgres: PostgresConfig {
                address: Address::new("127.0.0.1", 5432),
                pgbouncer_address: Address::new("127.0.0.1", 6432),
                via: Via::Direct,
            },
            mysql: MysqlConfig { address: Address::new("127.0.0.1", 3306) },
            mongodb: MongodbConfig { address: Address::new("127.0.0.1", 27017) },
            redis: RedisConfig {
                nodes: [6379, 6380, 6381].map(|port| Address::new("127.0.0.1", port)).to_vec(),
                address_map: BTreeMap::new(),
            },
            rabbitmq: RabbitmqConfig { address: Address::new("127.0.0.1", 5672) },
            breaker: BreakerSettings::default(),
            timeout: Duration::from_secs(2),
            pool: PoolSettings::default(),
        }
    }
}

/// Where Vault is and how to log in there.
#[derive(Debug, Clone)]
pub struct VaultConfig {
    /// `http://` or `https://`, host and port.
    pub address: Url,
    /// A PEM file with the authority that signed Vault's certificate; the system's authorities otherwise.
    pub ca_cert: Option<PathBuf>,
    /// The AppRole of this server.
    pub login: AppRoleFiles,
}

/// The two files of an AppRole. They are read at each login, so that a rotated secret id is picked up.
#[derive(Debug, Clone)]
pub struct AppRoleFiles {
    /// Holds the role id.
    pub role_id_file: PathBuf,
    /// Holds the secret id.
    pub secret_id_file: PathBuf,
}

/// Where PostgreSQL is.
#[derive(Debug, Clone)]
pub struct PostgresConfig {
    /// The server itself.
    pub address: Address,
    /// PgBouncer in transaction mode, in front of it.
    pub pgbouncer_address: Address,
    /// Which of the two is used.
    pub via: Via,
}

/// The way to PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Via {
    /// To the server itself.
    #[default]
    Direct,
    /// Through PgBouncer.
    Pgbouncer,
}

/// Where MySQL is.
#[derive(Debug, Clone)]
pub struct MysqlConfig {
    /// The server.
    pub address: Address,
}

/// Where MongoDB is.
#[derive(Debug, Clone)]
pub struct MongodbConfig {
    /// The server.
    pub address: Address,
}

/// Where the nodes of the Redis Cluster are.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    /// In the order redis-1, redis-2, redis-3.
    pub nodes: Vec<Address>,
    /// The address to use instead of one that the cluster announces; empty where clients can reach the
    /// announced ones. For clusters behind a translation of addresses.
    pub address_map: BTreeMap<Address, Address>,
}

/// Where RabbitMQ is.
#[derive(Debug, Clone)]
pub struct RabbitmqConfig {
    /// The broker.
    pub address: Address,
}

/// The connections that a database may have, per server process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSettings {
    /// The most that are open at once; further calls wait, within their time limit. 16 by default.
    pub size: usize,
    /// How many the background opens before the first request asks. 2 by default.
    pub warm: usize,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self { size: 16, warm: 2 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_not_host_and_port_is_refused() {
        for text in
            ["", "host", ":1", "host:", "host:0", "host:65536", "host:+1", "a b:1", "::1:1", "[::1:1", "a;b"]
        {
            assert_eq!(text.parse::<Address>(), Err(ParseAddressError), "{text:?}");
        }
    }

    #[test]
    fn an_address_displays_as_it_is_parsed() {
        for text in ["127.0.0.1:5432", "[::1]:5432", "redis-1.local:6379"] {
            assert_eq!(text.parse::<Address>().expect(text).to_string(), text);
        }
    }
}
