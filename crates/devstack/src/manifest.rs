//! The one table of the stack: every service's name, ports, needs and credentials, and the API servers' names and ports.
//!
//! Data only. How a service is launched natively is in `launch`, how its health is asked in `probe`;
//! a runtime on containers would read this same table.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A server of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// HashiCorp Vault (or OpenBao): secrets, certificates, AppRole logins.
    Vault,
    /// PostgreSQL, direct.
    Postgres,
    /// PgBouncer in transaction mode, in front of PostgreSQL.
    Pgbouncer,
    /// MySQL or MariaDB.
    Mysql,
    /// MongoDB, or FerretDB which speaks its protocol.
    Mongodb,
    /// First node of the Redis Cluster.
    #[serde(rename = "redis-1")]
    Redis1,
    /// Second node of the Redis Cluster.
    #[serde(rename = "redis-2")]
    Redis2,
    /// Third node of the Redis Cluster.
    #[serde(rename = "redis-3")]
    Redis3,
    /// RabbitMQ.
    Rabbitmq,
}

/// What a service's login in Vault holds besides `user` and `password`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A database of this name, in the member `database`.
    Database(&'static str),
    /// A virtual host of this name, in the member `vhost`.
    Vhost(&'static str),
    /// Nothing more.
    Nothing,
}

/// The login that Vault keeps at `secret/<service>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login {
    /// The user's name.
    pub user: &'static str,
    /// The database or virtual host that the user owns.
    pub scope: Scope,
}

/// One more port that a service takes beside the one that clients use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SidePort {
    /// What it is for, for messages.
    pub purpose: &'static str,
    /// The number at port offset 0.
    pub port: u16,
}

/// One row of the manifest.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The service.
    pub service: Service,
    /// Its name on the command line, in paths and in Vault.
    pub name: &'static str,
    /// Its name in sentences.
    pub title: &'static str,
    /// The port that clients use, at port offset 0.
    pub port: u16,
    /// The other ports that it takes.
    pub side_ports: &'static [SidePort],
    /// What must be in the stack for it to be of use.
    pub needs: &'static [Service],
    /// Its login in Vault; `None` for Vault itself.
    pub login: Option<Login>,
    /// The system users that run it when `devstack` is root, best first.
    pub system_users: &'static [&'static str],
}

/// Every service, in the order in which they are listed.
pub const SERVICES: [Entry; 9] = [
    Entry {
        service: Service::Vault,
        name: "vault",
        title: "Vault",
        port: 8200,
        side_ports: &[],
        needs: &[],
        login: None,
        system_users: &["vault", "openbao", "nobody"],
    },
    Entry {
        service: Service::Postgres,
        name: "postgres",
        title: "PostgreSQL",
        port: 5432,
        side_ports: &[],
        needs: &[Service::Vault],
        login: Some(Login { user: "devstack", scope: Scope::Database("devstack") }),
        system_users: &["postgres", "nobody"],
    },
    Entry {
        service: Service::Pgbouncer,
        name: "pgbouncer",
        title: "PgBouncer",
        port: 6432,
        side_ports: &[],
        needs: &[Service::Vault, Service::Postgres],
        // With which it looks up the others; clients log in with PostgreSQL's.
        login: Some(Login { user: "pgbouncer", scope: Scope::Nothing }),
        system_users: &["pgbouncer", "postgres", "nobody"],
    },
    Entry {
        service: Service::Mysql,
        name: "mysql",
        title: "MySQL",
        port: 3306,
        side_ports: &[],
        needs: &[Service::Vault],
        login: Some(Login { user: "devstack", scope: Scope::Database("devstack") }),
        system_users: &["mysql", "nobody"],
    },
    Entry {
        service: Service::Mongodb,
        name: "mongodb",
        title: "MongoDB",
        port: 27017,
        side_ports: &[],
        needs: &[Service::Vault],
        login: Some(Login { user: "devstack", scope: Scope::Database("devstack") }),
        system_users: &["mongodb", "nobody"],
    },
    redis_node(
        Service::Redis1,
        "redis-1",
        "Redis 1",
        6379,
        &[SidePort { purpose: "cluster bus", port: 16379 }],
    ),
    redis_node(
        Service::Redis2,
        "redis-2",
        "Redis 2",
        6380,
        &[SidePort { purpose: "cluster bus", port: 16380 }],
    ),
    redis_node(
        Service::Redis3,
        "redis-3",
        "Redis 3",
        6381,
        &[SidePort { purpose: "cluster bus", port: 16381 }],
    ),
    Entry {
        service: Service::Rabbitmq,
        name: "rabbitmq",
        title: "RabbitMQ",
        port: 5672,
        // Not Erlang's usual 25672 and 4369: those are AMQP at offset 20000 and the system's own epmd.
        side_ports: &[
            SidePort { purpose: "Erlang distribution", port: 5674 },
            SidePort { purpose: "Erlang port mapper", port: 5675 },
        ],
        needs: &[Service::Vault],
        login: Some(Login { user: "devstack", scope: Scope::Vhost("devstack") }),
        system_users: &["rabbitmq", "nobody"],
    },
];

const fn redis_node(
    service: Service,
    name: &'static str,
    title: &'static str,
    port: u16,
    side_ports: &'static [SidePort],
) -> Entry {
    Entry {
        service,
        name,
        title,
        port,
        side_ports,
        needs: &[Service::Vault],
        login: Some(Login { user: "default", scope: Scope::Nothing }),
        system_users: &["redis", "nobody"],
    }
}

/// An API server, known as data: it gets an AppRole, a certificate and its variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Api {
    /// The binary's name.
    pub name: &'static str,
    /// Its port for plain HTTP at port offset 0.
    pub http_port: u16,
    /// Its port for TLS at port offset 0.
    pub https_port: u16,
    /// The web framework that it is written with; `none` where there is none.
    pub framework: &'static str,
    /// How its routes come about: `code-first`, `spec-first` or `spec-driven`.
    pub approach: &'static str,
}

/// Every API server.
pub const APIS: [Api; 5] = [
    api("api-axum", (8000, 8443), "axum", "code-first"),
    api("api-axum-spec", (8001, 8444), "axum", "spec-first"),
    api("api-hyper", (8002, 8445), "none", "spec-driven"),
    api("api-actix-spec", (8003, 8446), "actix-web", "spec-first"),
    api("api-actix", (8004, 8447), "actix-web", "code-first"),
];

const fn api(name: &'static str, ports: (u16, u16), framework: &'static str, approach: &'static str) -> Api {
    Api { name, http_port: ports.0, https_port: ports.1, framework, approach }
}

impl Api {
    /// The API server of that name; `None` when there is none.
    pub fn named(name: &str) -> Option<&'static Self> {
        const TABLE: &[Api; 5] = &APIS;
        TABLE.iter().find(|api| api.name == name)
    }

    /// Where it answers plain HTTP on this machine.
    pub const fn http_address(&self, port_offset: u16) -> SocketAddr {
        loopback(self.http_port, port_offset)
    }

    /// Where it answers TLS on this machine.
    pub const fn https_address(&self, port_offset: u16) -> SocketAddr {
        loopback(self.https_port, port_offset)
    }
}

const fn loopback(port: u16, port_offset: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port.saturating_add(port_offset))
}

/// The largest port offset that leaves every port of the table below 65,536.
pub const MAX_PORT_OFFSET: u16 = u16::MAX - 27017;

impl Service {
    /// Every service, in the manifest's order.
    pub const ALL: [Self; 9] = [
        Self::Vault,
        Self::Postgres,
        Self::Pgbouncer,
        Self::Mysql,
        Self::Mongodb,
        Self::Redis1,
        Self::Redis2,
        Self::Redis3,
        Self::Rabbitmq,
    ];

    /// The three nodes of the Redis Cluster, in order.
    pub const REDIS: [Self; 3] = [Self::Redis1, Self::Redis2, Self::Redis3];

    /// This service's row of the manifest.
    pub const fn entry(self) -> &'static Entry {
        const TABLE: &[Entry; 9] = &SERVICES;
        &TABLE[self as usize]
    }

    /// The name on the command line, in paths and in Vault: `postgres`, `redis-1`.
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// The name in sentences: `PostgreSQL`.
    pub const fn title(self) -> &'static str {
        self.entry().title
    }

    /// Where clients reach it on this machine.
    pub const fn address(self, port_offset: u16) -> SocketAddr {
        loopback(self.entry().port, port_offset)
    }

    /// Whether it is a node of the Redis Cluster.
    pub const fn is_redis(self) -> bool {
        matches!(self, Self::Redis1 | Self::Redis2 | Self::Redis3)
    }

    /// The services that a name on the command line means: one, or the three nodes for `redis`.
    ///
    /// # Errors
    /// [`UnknownService`] when there is no such name.
    pub fn named(name: &str) -> Result<Vec<Self>, UnknownService> {
        if name == "redis" { Ok(Self::REDIS.to_vec()) } else { name.parse().map(|service| vec![service]) }
    }

    /// `wanted` and all that they need, in the manifest's order; every service when `wanted` is empty.
    ///
    /// A node of the Redis Cluster brings the other two: one alone never becomes healthy.
    pub fn with_needs(wanted: &[Self]) -> Vec<Self> {
        if wanted.is_empty() {
            return Self::ALL.to_vec();
        }
        let mut open = wanted.to_vec();
        if wanted.iter().any(|service| service.is_redis()) {
            open.extend(Self::REDIS);
        }
        let mut all = BTreeSet::new();
        while let Some(service) = open.pop() {
            if all.insert(service) {
                open.extend(service.entry().needs);
            }
        }
        all.into_iter().collect()
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No service has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no service {0:?}; the services are {names}, and redis for its three nodes", names = names())]
pub struct UnknownService(pub String);

fn names() -> String {
    Service::ALL.map(Service::name).join(", ")
}

/// No process of the stack has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no process {0:?}; there are {names}, {apis}", names = names(), apis = APIS.map(|api| api.name).join(", "))]
pub struct UnknownProcess(pub String);

/// The name of a service or API server as the manifest has it: what its log and its pid file are called.
///
/// # Errors
/// [`UnknownProcess`] when there is no such name.
pub fn process_named(name: &str) -> Result<&'static str, UnknownProcess> {
    let service = name.parse().map(Service::name).ok();
    service.or_else(|| Api::named(name).map(|api| api.name)).ok_or_else(|| UnknownProcess(name.to_owned()))
}

impl FromStr for Service {
    type Err = UnknownService;

    fn from_str(name: &str) -> Result<Self, UnknownService> {
        Self::ALL
            .into_iter()
            .find(|service| service.name() == name)
            .ok_or_else(|| UnknownService(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_at_its_service_s_place() {
        for (service, entry) in Service::ALL.into_iter().zip(SERVICES) {
            assert_eq!(service, entry.service);
            assert_eq!(service as usize, Service::ALL.iter().position(|s| *s == service).unwrap());
        }
    }

    #[test]
    fn no_port_is_used_twice_and_none_leaves_the_range_at_the_largest_offset() {
        let mut seen = BTreeSet::new();
        let servers =
            SERVICES.iter().flat_map(|e| std::iter::once(e.port).chain(e.side_ports.iter().map(|s| s.port)));
        let apis = APIS.iter().flat_map(|api| [api.http_port, api.https_port]);
        for port in servers.chain(apis) {
            assert!(seen.insert(port), "port {port} is used twice");
            assert!(port.checked_add(MAX_PORT_OFFSET).is_some(), "port {port}");
        }
    }

    #[test]
    fn a_redis_node_brings_the_cluster_and_vault() {
        assert_eq!(
            Service::with_needs(&[Service::Redis2]),
            [Service::Vault, Service::Redis1, Service::Redis2, Service::Redis3]
        );
    }

    #[test]
    fn pgbouncer_brings_postgres_and_vault() {
        assert_eq!(
            Service::with_needs(&[Service::Pgbouncer]),
            [Service::Vault, Service::Postgres, Service::Pgbouncer]
        );
    }

    #[test]
    fn redis_means_the_three_nodes_and_an_unknown_name_lists_the_known_ones() {
        assert_eq!(Service::named("redis").unwrap(), Service::REDIS);
        let error = Service::named("oracle").unwrap_err().to_string();
        assert!(error.contains("\"oracle\"") && error.contains("rabbitmq"), "{error}");
    }

    #[test]
    fn a_process_is_a_service_or_an_api_server_and_an_unknown_name_lists_both() {
        assert_eq!(process_named("redis-2"), Ok("redis-2"));
        assert_eq!(process_named("api-hyper"), Ok("api-hyper"));
        let error = process_named("redis").unwrap_err().to_string();
        assert!(error.contains("redis-1") && error.contains("api-actix-spec"), "{error}");
    }

    #[test]
    fn the_name_in_json_is_the_name_on_the_command_line() {
        for service in Service::ALL {
            assert_eq!(serde_json::to_string(&service).unwrap(), format!("{:?}", service.name()));
        }
    }
}
