//! Every environment variable that a server reads: the one table, in the order of the documentation.

/// One environment variable, as a person needs to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What may be written, worded to follow "expected".
    pub form: &'static str,
    /// What holds when it is unset or empty.
    pub default: DefaultValue,
    /// What it is for.
    pub meaning: &'static str,
    /// The page's section.
    pub section: Section,
}

/// What holds when a variable is unset or empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultValue {
    /// This text.
    Text(&'static str),
    /// The loopback address with the server's own port for plain HTTP.
    HttpPort,
    /// The loopback address with the server's own port for TLS.
    HttpsPort,
    /// As many as the machine has cores.
    Cores,
    /// Nothing, which means this.
    Unset(&'static str),
    /// It must be set.
    Required,
}

/// The parts of the page, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Where a server answers.
    Listening,
    /// The OpenAPI document, of the server that reads it when it starts.
    Document,
    /// Vault, the only source of passwords.
    Vault,
    /// The addresses of the others.
    Backends,
    /// Limits, caches, breakers.
    Switches,
    /// Logs and traces.
    Observability,
}

impl Section {
    /// All of them, in the page's order.
    pub const ALL: [Self; 6] =
        [Self::Listening, Self::Document, Self::Vault, Self::Backends, Self::Switches, Self::Observability];

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Listening => "Listening",
            Self::Document => "The OpenAPI document",
            Self::Vault => "Vault",
            Self::Backends => "Backends",
            Self::Switches => "Limits, caches, breakers",
            Self::Observability => "Logs and traces",
        }
    }
}

const fn variable(
    section: Section,
    name: &'static str,
    form: &'static str,
    default: DefaultValue,
    meaning: &'static str,
) -> Variable {
    Variable { name, form, default, meaning, section }
}

pub(super) const VAULT_ADDR_DEFAULT: &str = "http://127.0.0.1:8200";
pub(super) const CORS_ORIGINS_DEFAULT: &str = "http://localhost:3000,http://localhost:8000,http://localhost:8001,\
                                               http://localhost:8002,http://localhost:8003,http://localhost:8004";

const HOST_AND_PORT: &str = "a host and a port such as 127.0.0.1:5432";
const MILLISECONDS_FROM_ZERO: &str = "whole milliseconds from 0 to 86400000";
const MILLISECONDS_FROM_ONE: &str = "whole milliseconds from 1 to 86400000";

macro_rules! variables {
    ($($constant:ident: $section:ident, $form:expr, $default:expr, $meaning:expr;)*) => {
        $(
            #[doc = $meaning]
            pub static $constant: Variable =
                variable(Section::$section, stringify!($constant), $form, $default, $meaning);
        )*

        /// All of them, in the order of the documentation.
        pub static VARIABLES: &[&Variable] = &[$(&$constant),*];
    };
}

variables! {
    HTTP_ADDR: Listening, "an IP address and a port such as 127.0.0.1:8004, or `off`", DefaultValue::HttpPort,
        "Where plain HTTP/1.1 is answered. Port 0 takes a free one, which the log names.";
    HTTPS_ADDR: Listening, "an IP address and a port such as 127.0.0.1:8447, or `off`", DefaultValue::HttpsPort,
        "Where TLS is answered, with HTTP/1.1 and h2. Without the two files below TLS is off, unless this variable is set: then they must be too.";
    TLS_CERT_FILE: Listening, "the path of a PEM file", DefaultValue::Unset("TLS is off"),
        "The server's certificate, followed by its intermediates. The file may be replaced while the server runs: new handshakes get the new certificate within about a second.";
    TLS_KEY_FILE: Listening, "the path of a PEM file", DefaultValue::Unset("TLS is off"),
        "The private key of that certificate.";
    WORKERS: Listening, "a whole number from 1 to 1024", DefaultValue::Cores,
        "Threads that answer requests. For every four of them or fewer there is one more, for the connections to backends.";

    OPENAPI_FILE: Document, "the path of a YAML file, or of a JSON file whose name ends in .json", DefaultValue::Unset("the document that was built in"),
        "The OpenAPI document to answer by. Read by `api-hyper` alone, which makes its routes and its rules of it when it starts; the other servers were built from the document, and pass over this variable.";

    VAULT_ADDR: Vault, "a URL such as http://127.0.0.1:8200, without a path or a user", DefaultValue::Text(VAULT_ADDR_DEFAULT),
        "Where Vault is.";
    VAULT_CACERT: Vault, "the path of a PEM file", DefaultValue::Unset("the system's authorities"),
        "The authority that signed Vault's certificate, where `VAULT_ADDR` is `https`.";
    VAULT_ROLE_ID_FILE: Vault, "the path of a file", DefaultValue::Required,
        "Holds the role id of this server's AppRole. Read again at each login.";
    VAULT_SECRET_ID_FILE: Vault, "the path of a file", DefaultValue::Required,
        "Holds the secret id of this server's AppRole. Read again at each login.";

    POSTGRES_ADDR: Backends, HOST_AND_PORT, DefaultValue::Text("127.0.0.1:5432"),
        "Where PostgreSQL is.";
    PGBOUNCER_ADDR: Backends, HOST_AND_PORT, DefaultValue::Text("127.0.0.1:6432"),
        "Where PgBouncer is, in front of PostgreSQL.";
    POSTGRES_VIA: Backends, "`direct` or `pgbouncer`", DefaultValue::Text("direct"),
        "Which of the two is connected to.";
    MYSQL_ADDR: Backends, HOST_AND_PORT, DefaultValue::Text("127.0.0.1:3306"),
        "Where MySQL (or MariaDB) is.";
    MONGODB_ADDR: Backends, HOST_AND_PORT, DefaultValue::Text("127.0.0.1:27017"),
        "Where MongoDB (or FerretDB) is.";
    REDIS_NODES: Backends, "three different addresses host:port with commas between", DefaultValue::Text("127.0.0.1:6379,127.0.0.1:6380,127.0.0.1:6381"),
        "The nodes of the Redis Cluster, in the order redis-1, redis-2, redis-3.";
    REDIS_ADDRESS_MAP: Backends, "pairs announced=real of addresses host:port with commas between", DefaultValue::Unset("the announced addresses are used"),
        "The address to use instead of one that the cluster announces, for a cluster behind a translation of addresses.";
    RABBITMQ_ADDR: Backends, HOST_AND_PORT, DefaultValue::Text("127.0.0.1:5672"),
        "Where RabbitMQ is.";

    RATE_LIMIT: Switches, "`off`, or whole per cent from 1 to 1000000", DefaultValue::Text("100"),
        "The rate limits, in per cent of the contract's figures. `off` takes the `X-RateLimit-*` headers away too.";
    BREAKER_FAILURES: Switches, "a whole number from 1 to 1000000", DefaultValue::Text("5"),
        "After how many failures in a row a backend's circuit breaker opens.";
    BREAKER_OPEN_MS: Switches, MILLISECONDS_FROM_ONE, DefaultValue::Text("60000"),
        "How long an open breaker waits before it lets one probe through.";
    BACKEND_TIMEOUT_MS: Switches, MILLISECONDS_FROM_ONE, DefaultValue::Text("2000"),
        "How long one backend call may take in all, waiting for a pooled connection included.";
    HEALTH_CACHE_MS: Switches, MILLISECONDS_FROM_ZERO, DefaultValue::Text("30000"),
        "How long the answer of `/health/all` is kept; `/health/ready` keeps none for longer than 1 s.";
    SECRET_CACHE_MS: Switches, MILLISECONDS_FROM_ZERO, DefaultValue::Text("300000"),
        "How long a secret that was read is kept.";
    CORS_ORIGINS: Switches, "origins such as http://localhost:3000 with commas between, or `none`", DefaultValue::Text(CORS_ORIGINS_DEFAULT),
        "From where browsers may call.";

    LOG_FORMAT: Observability, "`json` or `pretty`", DefaultValue::Text("json"),
        "One JSON object a line, or lines for people.";
    RUST_LOG: Observability, "filter directives such as info,integrations=debug", DefaultValue::Unset("`info`, and `warn` for the libraries that say much"),
        "Which log lines are written: levels by target, a later directive before an earlier one.";
    OTEL_EXPORTER_OTLP_ENDPOINT: Observability, "a URL such as http://127.0.0.1:4318, without a path or a user", DefaultValue::Unset("no traces leave the server"),
        "Where an OTLP collector listens. Traces are posted there as protobuf over HTTP, below `/v1/traces`.";
}
