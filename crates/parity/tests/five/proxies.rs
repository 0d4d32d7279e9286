//! A proxy before each backend, so that a test can break the network of its own servers and of nobody else.

use std::io;

use testkit::{Proxy, Service, Stack};

/// The six backends as the API names them.
pub(crate) const BACKENDS: [&str; 6] = ["vault", "postgres", "mysql", "mongodb", "redis", "rabbitmq"];

/// The servers of a stack that a backend of the API consists of: three for Redis.
pub(crate) fn services_of(backend: &str) -> Vec<Service> {
    let is_its_own = |service: &Service| match service.name() {
        "redis-1" | "redis-2" | "redis-3" => backend == "redis",
        name => backend == name,
    };
    Service::ALL.into_iter().filter(is_its_own).collect()
}

/// One proxy before each server of the stack that the API speaks to, for all targets at once.
pub(crate) struct Proxies(Vec<(Service, Proxy)>);

impl Proxies {
    pub(crate) async fn before(stack: &Stack) -> io::Result<Self> {
        let mut proxies = Vec::new();
        for service in BACKENDS.into_iter().flat_map(services_of) {
            proxies.push((service, Proxy::to(stack.address(service)).await?));
        }
        Ok(Self(proxies))
    }

    /// What a server must be told to reach every backend through its proxy.
    pub(crate) fn variables(&self, stack: &Stack) -> Vec<(String, String)> {
        let at = |wanted: Service| {
            let found = self.0.iter().find(|(service, _)| *service == wanted);
            found.map(|(_, proxy)| proxy.address().to_string()).unwrap_or_default()
        };
        let map = Service::REDIS.map(|service| format!("{}={}", stack.address(service), at(service)));
        [
            ("VAULT_ADDR", format!("http://{}", at(Service::Vault))),
            ("POSTGRES_ADDR", at(Service::Postgres)),
            ("MYSQL_ADDR", at(Service::Mysql)),
            ("MONGODB_ADDR", at(Service::Mongodb)),
            ("REDIS_NODES", Service::REDIS.map(at).join(",")),
            ("REDIS_ADDRESS_MAP", map.join(",")),
            ("RABBITMQ_ADDR", at(Service::Rabbitmq)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The proxies before a backend: three before Redis.
    fn of(&self, backend: &str) -> Vec<&Proxy> {
        let services = services_of(backend);
        self.0.iter().filter(|(service, _)| services.contains(service)).map(|(_, proxy)| proxy).collect()
    }

    pub(crate) async fn cut(&self, backend: &str) -> io::Result<()> {
        for proxy in self.of(backend) {
            proxy.cut().await?;
        }
        Ok(())
    }

    pub(crate) async fn disconnect(&self, backend: &str) -> io::Result<()> {
        for proxy in self.of(backend) {
            proxy.disconnect().await?;
        }
        Ok(())
    }

    pub(crate) fn stall(&self, backend: &str) {
        for proxy in self.of(backend) {
            proxy.stall();
        }
    }

    pub(crate) async fn restore(&self, backend: &str) -> io::Result<()> {
        for proxy in self.of(backend) {
            proxy.restore().await?;
        }
        Ok(())
    }

    /// How many bytes have gone to a backend.
    pub(crate) fn bytes_to(&self, backend: &str) -> u64 {
        self.of(backend).iter().map(|proxy| proxy.bytes_to_target()).sum()
    }
}
