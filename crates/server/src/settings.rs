//! What a server is told from outside: environment variables, read once, all faults reported together.
//!
//! [`variables`] is the one table of them, from which `docs/configuration.md` is generated. No variable holds a
//! password: those come from Vault, to which the two AppRole files give access.

mod reader;
pub mod reference;
pub mod variables;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use contract::cors::CorsPolicy;
use integrations::{
    Address, AppRoleFiles, BreakerSettings, MongodbConfig, MysqlConfig, PostgresConfig, RabbitmqConfig,
    RedisConfig, Url, VaultConfig, Via,
};

use crate::identity::ServerIdentity;
use crate::logs;
use crate::tls::CertificateFiles;
use reader::Reader;
pub use reader::{Fault, SettingsErrors};
pub use variables::{DefaultValue, VARIABLES, Variable};

/// Everything that a server is told from outside.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it answers.
    pub listen: ListenSettings,
    /// The OpenAPI document to answer by instead of the one built in, for the server that reads it when it starts.
    pub openapi_file: Option<PathBuf>,
    /// What it logs, and how.
    pub logs: LogSettings,
    /// How the contract's rate limits are scaled.
    pub rate_limit: RateLimit,
    /// From where browsers may call it.
    pub cors: CorsPolicy,
    /// How long answers are kept.
    pub service: service::Settings,
    /// Where the backends are, with their breakers and time limits.
    pub integrations: integrations::Config,
    /// Whether and where traces go.
    pub tracing: TracingSettings,
}

/// Where a server answers, and with how many threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenSettings {
    /// The address for plain HTTP/1.1; `None` switches it off.
    pub http: Option<SocketAddr>,
    /// TLS; `None` switches it off.
    pub https: Option<HttpsSettings>,
    /// Threads that answer requests.
    pub workers: NonZeroUsize,
}

/// Where and with which certificate a server answers TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpsSettings {
    /// The address.
    pub address: SocketAddr,
    /// The certificate and its key.
    pub certificate: CertificateFiles,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// For machines or for people.
    pub format: LogFormat,
    /// Directives as [`tracing_subscriber::filter::Targets`] takes them, put after the defaults.
    pub filter: Option<String>,
}

/// The look of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people.
    Pretty,
}

/// How the contract's rate limits are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// No limit, and no `X-RateLimit-*` header.
    Off,
    /// Per cent of the contract's figures; each limit is at least 1.
    Percent(NonZeroU32),
}

/// Whether and where traces go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracingSettings {
    /// Where an OTLP collector listens, if traces are exported.
    pub otlp_endpoint: Option<Url>,
}

/// Reads a variable of this process; the only place that does.
///
/// A value that is not Unicode is handed on with replacement characters, so that it is refused where it is
/// parsed instead of being taken for unset.
#[expect(clippy::disallowed_methods, reason = "this is the one place that the rule leads to")]
pub fn environment(name: &str) -> Option<String> {
    match std::env::var(name) {
        Ok(value) => Some(value),
        Err(std::env::VarError::NotPresent) => None,
        Err(std::env::VarError::NotUnicode(value)) => Some(value.to_string_lossy().into_owned()),
    }
}

impl Settings {
    /// Reads every variable of [`VARIABLES`] through `env`; [`environment`] is the one for a real process.
    ///
    /// # Errors
    /// All faults at once, each with the variable's name, what was got and what is expected.
    pub fn load(
        identity: &ServerIdentity,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, SettingsErrors> {
        let mut reader = Reader::new(env);
        let listen = listen(&mut reader, identity);
        let openapi_file = reader.optional(&variables::OPENAPI_FILE, parse_path);
        let logs = logs(&mut reader);
        let rate_limit = reader.or(&variables::RATE_LIMIT, RateLimit::Percent(HUNDRED), parse_rate_limit);
        let cors = cors(&mut reader);
        let service = service::Settings {
            health_cache: reader.milliseconds(&variables::HEALTH_CACHE_MS, 0, contract::limits::HEALTH_CACHE),
            secret_cache: reader.milliseconds(&variables::SECRET_CACHE_MS, 0, contract::limits::SECRET_CACHE),
        };
        let integrations = integrations(&mut reader);
        let tracing = TracingSettings {
            otlp_endpoint: reader.optional(&variables::OTEL_EXPORTER_OTLP_ENDPOINT, parse_url),
        };
        let (Some(integrations), true) = (integrations, reader.is_faultless()) else {
            return Err(reader.into_errors());
        };
        Ok(Self { listen, openapi_file, logs, rate_limit, cors, service, integrations, tracing })
    }
}

const HUNDRED: NonZeroU32 = NonZeroU32::new(100).expect("is not zero");

/// The most that any variable in milliseconds may say: a day.
const DAY: Duration = Duration::from_hours(24);

fn listen(reader: &mut Reader<'_>, identity: &ServerIdentity) -> ListenSettings {
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let http = reader.or(&variables::HTTP_ADDR, Some(local(identity.http_port)), parse_listen);
    let https = reader.optional(&variables::HTTPS_ADDR, parse_listen);
    let certificate = reader.optional(&variables::TLS_CERT_FILE, parse_path);
    let key = reader.optional(&variables::TLS_KEY_FILE, parse_path);

    let https = match (https, certificate, key) {
        (Some(None), _, _) | (None, None, None) => None,
        (https, Some(certificate), Some(key)) => Some(HttpsSettings {
            address: https.flatten().unwrap_or_else(|| local(identity.https_port)),
            certificate: CertificateFiles { certificate, key },
        }),
        (https, certificate, key) => {
            let because = if https.is_some() { "HTTPS_ADDR is set" } else { "the other TLS file is set" };
            if certificate.is_none() {
                reader.missing(&variables::TLS_CERT_FILE, because);
            }
            if key.is_none() {
                reader.missing(&variables::TLS_KEY_FILE, because);
            }
            None
        }
    };
    if http.is_none() && https.is_none() && reader.is_faultless() {
        reader.missing(&variables::HTTP_ADDR, "it is `off`, TLS is off too, and nothing would be answered");
    }

    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let workers = reader.or(&variables::WORKERS, cores, |text| {
        text.parse().ok().filter(|workers: &NonZeroUsize| workers.get() <= 1024)
    });
    ListenSettings { http, https, workers }
}

fn logs(reader: &mut Reader<'_>) -> LogSettings {
    LogSettings {
        format: reader.or(&variables::LOG_FORMAT, LogFormat::Json, |text| match text {
            "json" => Some(LogFormat::Json),
            "pretty" => Some(LogFormat::Pretty),
            _ => None,
        }),
        filter: reader.optional(&variables::RUST_LOG, |text| logs::is_filter(text).then(|| text.to_owned())),
    }
}

fn cors(reader: &mut Reader<'_>) -> CorsPolicy {
    reader.or(&variables::CORS_ORIGINS, CorsPolicy::default(), |text| match text {
        "none" => Some(CorsPolicy::new([])),
        list => {
            let origins: Option<Vec<String>> =
                list.split(',').map(|origin| parse_origin(origin.trim())).collect();
            origins.map(CorsPolicy::new)
        }
    })
}

fn integrations(reader: &mut Reader<'_>) -> Option<integrations::Config> {
    let address = reader.optional(&variables::VAULT_ADDR, parse_url);
    let ca_cert = reader.optional(&variables::VAULT_CACERT, parse_path);
    let role_id_file = reader.required(&variables::VAULT_ROLE_ID_FILE, parse_path);
    let secret_id_file = reader.required(&variables::VAULT_SECRET_ID_FILE, parse_path);
    let local = |port| Address::new("127.0.0.1", port);
    let mut address_of = |variable, port| reader.or(variable, local(port), |text| text.parse().ok());
    let postgres = address_of(&variables::POSTGRES_ADDR, 5432);
    let pgbouncer = address_of(&variables::PGBOUNCER_ADDR, 6432);
    let mysql = address_of(&variables::MYSQL_ADDR, 3306);
    let mongodb = address_of(&variables::MONGODB_ADDR, 27017);
    let rabbitmq = address_of(&variables::RABBITMQ_ADDR, 5672);
    let via = reader.or(&variables::POSTGRES_VIA, Via::Direct, |text| match text {
        "direct" => Some(Via::Direct),
        "pgbouncer" => Some(Via::Pgbouncer),
        _ => None,
    });
    let nodes = reader.or(&variables::REDIS_NODES, [6379, 6380, 6381].map(local).to_vec(), parse_redis_nodes);
    let address_map = reader.or(&variables::REDIS_ADDRESS_MAP, BTreeMap::new(), parse_address_map);
    let timeout = reader.milliseconds(&variables::BACKEND_TIMEOUT_MS, 1, contract::limits::BACKEND_TIMEOUT);
    let breaker = BreakerSettings {
        failures: reader.or(&variables::BREAKER_FAILURES, contract::limits::BREAKER_FAILURES, |text| {
            text.parse().ok().filter(|failures| (1..=1_000_000).contains(failures))
        }),
        open_for: reader.milliseconds(&variables::BREAKER_OPEN_MS, 1, contract::limits::BREAKER_OPEN),
    };

    let address = match address {
        Some(address) => address,
        None => Url::parse(variables::VAULT_ADDR_DEFAULT).ok()?,
    };
    let login = AppRoleFiles { role_id_file: role_id_file?, secret_id_file: secret_id_file? };
    let mut config = integrations::Config::new(VaultConfig { address, ca_cert, login });
    config.postgres = PostgresConfig { address: postgres, pgbouncer_address: pgbouncer, via };
    config.mysql = MysqlConfig { address: mysql };
    config.mongodb = MongodbConfig { address: mongodb };
    config.redis = RedisConfig { nodes, address_map };
    config.rabbitmq = RabbitmqConfig { address: rabbitmq };
    config.breaker = breaker;
    config.timeout = timeout;
    Some(config)
}

/// `off`, or an address.
#[expect(clippy::option_option, reason = "outside: is it valid; inside: is it on")]
fn parse_listen(text: &str) -> Option<Option<SocketAddr>> {
    match text {
        "off" => Some(None),
        address => address.parse().ok().map(Some),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where other variables have a parser that can refuse")]
fn parse_path(text: &str) -> Option<PathBuf> {
    Some(PathBuf::from(text))
}

fn parse_rate_limit(text: &str) -> Option<RateLimit> {
    match text {
        "off" => Some(RateLimit::Off),
        percent => {
            let percent: NonZeroU32 = percent.parse().ok()?;
            (percent.get() <= 1_000_000).then_some(RateLimit::Percent(percent))
        }
    }
}

/// Scheme, host and port, and nothing else that a client of ours would leave out without a word.
fn parse_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    plain.then_some(url)
}

/// An origin as browsers send it: what the URL standard makes of it is the text itself.
fn parse_origin(text: &str) -> Option<String> {
    let url = parse_url(text)?;
    (url.origin().ascii_serialization() == text).then(|| text.to_owned())
}

fn parse_redis_nodes(text: &str) -> Option<Vec<Address>> {
    let nodes: Vec<Address> = parse_addresses(text)?;
    let distinct = nodes.iter().collect::<std::collections::BTreeSet<_>>().len() == nodes.len();
    (nodes.len() == contract::RedisNode::ALL.len() && distinct).then_some(nodes)
}

fn parse_addresses(text: &str) -> Option<Vec<Address>> {
    text.split(',').map(|address| address.trim().parse().ok()).collect()
}

fn parse_address_map(text: &str) -> Option<BTreeMap<Address, Address>> {
    text.split(',')
        .map(|pair| {
            let (announced, real) = pair.split_once('=')?;
            Some((announced.trim().parse().ok()?, real.trim().parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests;
