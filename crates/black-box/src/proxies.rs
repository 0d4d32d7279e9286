//! A proxy before each backend, so that a case can break the network of its own server and of nobody else.

use std::io;

use testkit::{Proxy, Service, Stack};

use crate::server::Launch;

/// The six backends as the API names them.
pub(crate) const BACKENDS: [&str; 6] = ["vault", "postgres", "mysql", "mongodb", "redis", "rabbitmq"];

/// One proxy before each server of the stack that the API speaks to.
#[derive(Debug)]
pub(crate) struct Proxies(Vec<(Service, Proxy)>);

impl Proxies {
    pub(crate) async fn before(stack: &Stack) -> io::Result<Self> {
        let mut proxies = Vec::new();
        for service in Service::ALL.into_iter().filter(|service| *service != Service::Pgbouncer) {
            proxies.push((service, Proxy::to(stack.address(service)).await?));
        }
        Ok(Self(proxies))
    }

    /// Lets a server reach every backend through its proxy.
    pub(crate) fn around(&self, launch: Launch, stack: &Stack) -> Launch {
        let at = |wanted: Service| {
            let found = self.0.iter().find(|(service, _)| *service == wanted);
            found.map(|(_, proxy)| proxy.address().to_string()).unwrap_or_default()
        };
        let map = Service::REDIS.map(|service| format!("{}={}", stack.address(service), at(service)));
        launch
            .set("VAULT_ADDR", format!("http://{}", at(Service::Vault)))
            .set("POSTGRES_ADDR", at(Service::Postgres))
            .set("MYSQL_ADDR", at(Service::Mysql))
            .set("MONGODB_ADDR", at(Service::Mongodb))
            .set("REDIS_NODES", Service::REDIS.map(at).join(","))
            .set("REDIS_ADDRESS_MAP", map.join(","))
            .set("RABBITMQ_ADDR", at(Service::Rabbitmq))
    }

    /// The proxies before a backend: three before Redis.
    pub(crate) fn of(&self, backend: &str) -> Vec<&Proxy> {
        let is_its_own = |service: Service| match service.to_string().as_str() {
            "redis-1" | "redis-2" | "redis-3" => backend == "redis",
            name => backend == name,
        };
        self.0.iter().filter(|(service, _)| is_its_own(*service)).map(|(_, proxy)| proxy).collect()
    }

    pub(crate) async fn cut(&self, backend: &str) -> io::Result<()> {
        for proxy in self.of(backend) {
            proxy.cut().await?;
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
