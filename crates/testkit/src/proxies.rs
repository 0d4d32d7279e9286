//! A proxy before each backend, so that a test can break the network of its own servers and of nobody else.

use std::io;
use std::time::Duration;

use devstack::{Service, Stack};

use crate::Proxy;

/// The six backends as the API names them.
pub const BACKENDS: [&str; 6] = ["vault", "postgres", "mysql", "mongodb", "redis", "rabbitmq"];

/// The servers of a stack that a backend of the API consists of: three for Redis, and none for a name that is no backend's.
pub fn services_of(backend: &str) -> Vec<Service> {
    let is_its_own = |service: &Service| match service.name() {
        "redis-1" | "redis-2" | "redis-3" => backend == "redis",
        name => backend == name,
    };
    Service::ALL.into_iter().filter(is_its_own).collect()
}

/// One [`Proxy`] before each server of a stack that the API speaks to.
#[derive(Debug)]
pub struct Proxies {
    proxies: Vec<(Service, Proxy)>,
    variables: [(&'static str, String); 7],
}

impl Proxies {
    /// Starts them; until told otherwise they pass on everything.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn before(stack: &Stack) -> io::Result<Self> {
        let mut proxies = Vec::new();
        for service in BACKENDS.into_iter().flat_map(services_of) {
            proxies.push((service, Proxy::to(stack.address(service)).await?));
        }
        let at = |wanted: Service| {
            let found = proxies.iter().find(|(service, _)| *service == wanted);
            found.map(|(_, proxy)| proxy.address().to_string()).unwrap_or_default()
        };
        // The nodes of the cluster announce their own addresses.
        let map = Service::REDIS.map(|service| format!("{}={}", stack.address(service), at(service)));
        let variables = [
            ("VAULT_ADDR", format!("http://{}", at(Service::Vault))),
            ("POSTGRES_ADDR", at(Service::Postgres)),
            ("MYSQL_ADDR", at(Service::Mysql)),
            ("MONGODB_ADDR", at(Service::Mongodb)),
            ("REDIS_NODES", Service::REDIS.map(at).join(",")),
            ("REDIS_ADDRESS_MAP", map.join(",")),
            ("RABBITMQ_ADDR", at(Service::Rabbitmq)),
        ];
        Ok(Self { proxies, variables })
    }

    /// What an API server must be told, by environment variables, to reach every backend through its proxy.
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.variables.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The proxies before a backend: three before Redis.
    pub fn of(&self, backend: &str) -> impl Iterator<Item = &Proxy> {
        let services = services_of(backend);
        self.proxies.iter().filter(move |(service, _)| services.contains(service)).map(|(_, proxy)| proxy)
    }

    /// [Refuses](Proxy::cut) the connections to a backend, and closes those that there are.
    ///
    /// # Errors
    /// Those of [`Proxy::cut`].
    pub async fn cut(&self, backend: &str) -> io::Result<()> {
        for proxy in self.of(backend) {
            proxy.cut().await?;
        }
        Ok(())
    }

    /// [Closes](Proxy::disconnect) the connections to a backend, and takes new ones.
    ///
    /// # Errors
    /// Those of [`Proxy::disconnect`].
    pub async fn disconnect(&self, backend: &str) -> io::Result<()> {
        for proxy in self.of(backend) {
            proxy.disconnect().await?;
        }
        Ok(())
    }

    /// [Holds](Proxy::stall) everything that goes to a backend or comes from it.
    pub fn stall(&self, backend: &str) {
        self.of(backend).for_each(Proxy::stall);
    }

    /// [Delays](Proxy::delay) what goes to any backend and what comes from it.
    pub fn delay(&self, delay: Duration) {
        self.proxies.iter().for_each(|(_, proxy)| proxy.delay(delay));
    }

    /// [Ends](Proxy::restore) whatever was done to a backend.
    ///
    /// # Errors
    /// Those of [`Proxy::restore`].
    pub async fn restore(&self, backend: &str) -> io::Result<()> {
        for proxy in self.of(backend) {
            proxy.restore().await?;
        }
        Ok(())
    }

    /// How many bytes have gone to a backend.
    pub fn bytes_to(&self, backend: &str) -> u64 {
        self.of(backend).map(Proxy::bytes_to_target).sum()
    }
}
