//! MongoDB, or FerretDB.

use futures_util::FutureExt;
use futures_util::future::try_join_all;
use integrations::{ErrorKind, Integrations, ProbeFailure};
use mongodb::bson::doc;
use mongodb::{Client, Database};
use secrecy::ExposeSecret;
use testkit::{Namespace, Proxy, Service, Stack, private_stack};
use tokio::runtime::Handle;

use crate::failures::Subject;
use crate::setup::{BoxError, config, config_of};
use crate::vault_admin::VaultAdmin;

pub(crate) async fn subject() -> Result<Subject, BoxError> {
    let mut config = config().await?;
    let proxy = Proxy::to(testkit::stack().await?.address(Service::Mongodb)).await?;
    config.mongodb.address = proxy.address().into();
    Ok(Subject {
        config,
        proxies: vec![proxy],
        call: |integrations| integrations.mongodb.collection_names().map(|outcome| outcome.map(drop)).boxed(),
        breaker: |integrations| integrations.mongodb.breaker(),
    })
}

/// The database, as its operator has it.
async fn operator(stack: &Stack) -> Result<Database, BoxError> {
    let login = stack.credentials(Service::Mongodb).await?;
    let options = login.mongodb_options(stack.address(Service::Mongodb));
    let database = login.database.ok_or("the login names no database")?;
    Ok(Client::with_options(options)?.database(&database))
}

#[tokio::test]
async fn the_collections_are_listed_sorted_with_64_in_flight() -> Result<(), BoxError> {
    let integrations = Integrations::start(config().await?, Handle::current());
    let database = operator(testkit::stack().await?).await?;
    let namespace = Namespace::new();
    let collections = ["c", "a", "b"].map(|name| namespace.table(name));
    for name in &collections {
        database.collection(name).insert_one(doc! { "a": 1 }).await?;
    }
    for names in try_join_all((0..64).map(|_| integrations.mongodb.collection_names())).await? {
        assert!(names.is_sorted(), "{names:?}");
        let ours: Vec<_> = names.iter().filter(|name| name.contains(namespace.token())).collect();
        assert_eq!(ours, ["a", "b", "c"].map(|name| namespace.table(name)).iter().collect::<Vec<_>>());
    }
    for name in &collections {
        database.collection::<mongodb::bson::Document>(name).drop().await?;
    }
    assert!(integrations.mongodb.probe().await?.starts_with(|c: char| c.is_ascii_digit()));
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn no_more_connections_are_opened_than_the_pool_holds() -> Result<(), BoxError> {
    let subject = subject().await?;
    let size = subject.config.pool.size;
    let integrations = Integrations::start(subject.config, Handle::current());
    for _ in 0..4 {
        try_join_all((0..64).map(|_| integrations.mongodb.collection_names())).await?;
    }
    // The heartbeats have one besides, and another that measures the distance.
    let opened = subject.proxies[0].connections();
    assert!(opened <= u64::try_from(size)? + 2, "{opened} connections");
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn connections_that_died_unnoticed_fail_no_probe() -> Result<(), BoxError> {
    let subject = subject().await?;
    let integrations = Integrations::start(subject.config, Handle::current());
    integrations.mongodb.probe().await?;
    subject.proxies[0].disconnect().await?;
    integrations.mongodb.probe().await?;
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn a_restart_of_the_server_itself_fails_no_call_afterwards() -> Result<(), BoxError> {
    let private = private_stack(&[Service::Mongodb]).await?;
    let integrations = Integrations::start(config_of(private.stack())?, Handle::current());
    integrations.mongodb.collection_names().await?;
    private.stack().kill(Service::Mongodb).await?;
    let error = integrations.mongodb.collection_names().await.expect_err("it was killed");
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{}", error.chain());
    assert_eq!(integrations.mongodb.probe().await, Err(ProbeFailure::Unreachable));
    private.stack().start(&[Service::Mongodb], &testkit::Silent).await?;
    integrations.mongodb.collection_names().await?;
    integrations.close().await;
    private.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_the_right_one_is_taken_without_a_restart() -> Result<(), BoxError> {
    let private = private_stack(&[Service::Mongodb]).await?;
    let stack = private.stack();
    let login = stack.credentials(Service::Mongodb).await?;
    let vault = VaultAdmin::of(stack)?;
    vault.change_secret("mongodb", "password", "wrong").await?;
    let integrations = Integrations::start(config_of(stack)?, Handle::current());
    let error = integrations.mongodb.collection_names().await.expect_err("the password in Vault is wrong");
    assert_eq!(error.kind(), ErrorKind::RefusedCredentials, "{}", error.chain());
    assert_eq!(integrations.mongodb.probe().await, Err(ProbeFailure::RefusedCredentials));

    vault.change_secret("mongodb", "password", login.password.expose_secret()).await?;
    integrations.mongodb.collection_names().await?;
    integrations.close().await;
    private.close().await?;
    Ok(())
}
