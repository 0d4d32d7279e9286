//! Calls from runtimes other than the one that the connections live on, as actix's workers make them.

use contract::{CacheKey, FieldFault, QueueName, SecretName};
use integrations::Integrations;
use tokio::runtime::{Builder, Runtime};

use crate::setup::{BoxError, config};

fn worker() -> Result<Runtime, BoxError> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

async fn call_all(integrations: &Integrations) -> Result<(), BoxError> {
    integrations.postgres.current_timestamp().await?;
    integrations.mysql.now().await?;
    let name = SecretName::parse("postgres").map_err(FieldFault::message)?;
    integrations.vault.read_secret(&name).await?;
    integrations.mongodb.collection_names().await?;
    integrations.redis.cluster_info().await?;
    let key = CacheKey::parse("t-nobody-writes-this").map_err(FieldFault::message)?;
    integrations.redis.get(&key).await?;
    let queue = QueueName::parse("t-nobody-declares-this").map_err(FieldFault::message)?;
    integrations.rabbitmq.queue_info(&queue).await?;
    Ok(())
}

#[test]
fn connections_outlive_the_worker_that_asked_for_them() -> Result<(), BoxError> {
    let home = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let config = worker()?.block_on(config())?;
    let integrations = Integrations::start(config, home.handle().clone());
    for _ in 0..3 {
        // Each worker is gone, reactor and tasks, when the next one begins.
        worker()?.block_on(call_all(&integrations))?;
    }
    home.block_on(call_all(&integrations))?;
    home.block_on(integrations.close());
    Ok(())
}
