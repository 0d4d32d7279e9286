//! From a stack to a configuration of the integrations.

use std::collections::BTreeMap;
use std::time::Duration;

use integrations::{Address, AppRoleFiles, Config, VaultConfig};
use testkit::Stack;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// No test waits longer than this for anything.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// The configuration that an API server would have on the shared stack.
pub(crate) async fn config() -> Result<Config, BoxError> {
    config_of(testkit::stack().await?)
}

/// The configuration that an API server would have on `stack`.
pub(crate) fn config_of(stack: &Stack) -> Result<Config, BoxError> {
    // reqwest has no provider of its own here; that another test was first is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let environment = Environment(stack.environment("api-actix"));
    let mut config = Config::new(VaultConfig {
        address: environment.get("VAULT_ADDR")?.parse()?,
        ca_cert: None,
        login: AppRoleFiles {
            role_id_file: environment.get("VAULT_ROLE_ID_FILE")?.into(),
            secret_id_file: environment.get("VAULT_SECRET_ID_FILE")?.into(),
        },
    });
    // Logging in to a database takes a debug build on a busy machine a good part of the usual two seconds. What
    // the limit does is tested by those who set it.
    config.timeout = Duration::from_secs(10);
    config.postgres.address = environment.get("POSTGRES_ADDR")?.parse()?;
    config.postgres.pgbouncer_address = environment.get("PGBOUNCER_ADDR")?.parse()?;
    config.mysql.address = environment.get("MYSQL_ADDR")?.parse()?;
    config.mongodb.address = environment.get("MONGODB_ADDR")?.parse()?;
    config.rabbitmq.address = environment.get("RABBITMQ_ADDR")?.parse()?;
    config.redis.nodes =
        environment.get("REDIS_NODES")?.split(',').map(str::parse).collect::<Result<Vec<Address>, _>>()?;
    Ok(config)
}

struct Environment(BTreeMap<String, String>);

impl Environment {
    fn get(&self, name: &str) -> Result<&str, BoxError> {
        self.0
            .get(name)
            .map(String::as_str)
            .ok_or_else(|| format!("the stack's environment has no {name}").into())
    }
}
