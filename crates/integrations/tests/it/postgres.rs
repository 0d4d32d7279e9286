//! PostgreSQL, directly and through PgBouncer.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use futures_util::FutureExt;
use futures_util::future::try_join_all;
use integrations::{ErrorKind, Integrations, ProbeFailure, Via};
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use testkit::{Proxy, Service, eventually, private_stack};
use tokio::runtime::Handle;

use crate::failures::Subject;
use crate::setup::{BoxError, LIMIT, config, config_of};
use crate::vault_admin::VaultAdmin;

pub(crate) async fn subject(via: Via) -> Result<Subject, BoxError> {
    let stack = testkit::stack().await?;
    let mut config = config().await?;
    let service = match via {
        Via::Direct => Service::Postgres,
        Via::Pgbouncer => Service::Pgbouncer,
    };
    let proxy = Proxy::to(stack.address(service)).await?;
    config.postgres.via = via;
    match via {
        Via::Direct => config.postgres.address = proxy.address().into(),
        Via::Pgbouncer => config.postgres.pgbouncer_address = proxy.address().into(),
    }
    Ok(Subject {
        config,
        proxies: vec![proxy],
        call: |integrations| {
            integrations.postgres.current_timestamp().map(|outcome| outcome.map(drop)).boxed()
        },
        breaker: |integrations| integrations.postgres.breaker(),
    })
}

async fn tells_the_time_with_64_in_flight(via: Via) -> Result<(), BoxError> {
    let mut config = config().await?;
    config.postgres.via = via;
    let integrations = Integrations::start(config, Handle::current());
    for result in try_join_all((0..64).map(|_| integrations.postgres.current_timestamp())).await? {
        assert!((Utc::now() - result).abs() < TimeDelta::minutes(1), "{result}");
    }
    assert!(integrations.postgres.probe().await?.starts_with(|c: char| c.is_ascii_digit()));
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn the_time_is_read_directly() -> Result<(), BoxError> {
    tells_the_time_with_64_in_flight(Via::Direct).await
}

#[tokio::test]
async fn the_time_is_read_through_pgbouncer() -> Result<(), BoxError> {
    tells_the_time_with_64_in_flight(Via::Pgbouncer).await
}

#[tokio::test]
async fn no_connection_is_opened_on_the_warm_path_and_never_more_than_the_pool_holds() -> Result<(), BoxError>
{
    let subject = subject(Via::Direct).await?;
    let size = subject.config.pool.size;
    let integrations = Integrations::start(subject.config, Handle::current());
    for _ in 0..4 {
        try_join_all((0..64).map(|_| integrations.postgres.current_timestamp())).await?;
    }
    let opened = subject.proxies[0].connections();
    assert!(opened <= u64::try_from(size)?, "{opened} connections");
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn after_a_timeout_no_call_meets_a_connection_that_was_idle_meanwhile() -> Result<(), BoxError> {
    let mut subject = subject(Via::Direct).await?;
    subject.config.timeout = Duration::from_secs(4);
    // Nothing opens connections beside the calls, which are counted.
    subject.config.pool.warm = 0;
    let [proxy] = &subject.proxies[..] else { return Err("not one proxy".into()) };
    let integrations = Integrations::start(subject.config, Handle::current());
    try_join_all((0..8).map(|_| integrations.postgres.current_timestamp())).await?;
    let opened = proxy.connections();
    integrations.postgres.current_timestamp().await?;
    assert_eq!(proxy.connections(), opened);

    proxy.stall();
    let error = integrations.postgres.current_timestamp().await.expect_err("it is stalled");
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{}", error.chain());
    proxy.restore().await?;
    integrations.postgres.current_timestamp().await?;
    assert_eq!(proxy.connections(), opened + 1);
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn a_restart_of_the_server_itself_fails_no_call_afterwards() -> Result<(), BoxError> {
    let private = private_stack(&[Service::Postgres]).await?;
    let integrations = Integrations::start(config_of(private.stack())?, Handle::current());
    try_join_all((0..16).map(|_| integrations.postgres.current_timestamp())).await?;
    private.stack().kill(Service::Postgres).await?;
    let error = integrations.postgres.current_timestamp().await.expect_err("it was killed");
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{}", error.chain());
    assert_eq!(integrations.postgres.probe().await, Err(ProbeFailure::Unreachable));
    private.stack().start(&[Service::Postgres], &testkit::Silent).await?;
    try_join_all((0..16).map(|_| integrations.postgres.current_timestamp())).await?;
    integrations.close().await;
    private.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_password_that_was_rotated_in_vault_is_read_again_without_a_restart() -> Result<(), BoxError> {
    let private = private_stack(&[Service::Postgres]).await?;
    let stack = private.stack();
    let proxy = Proxy::to(stack.address(Service::Postgres)).await?;
    let mut config = config_of(stack)?;
    config.postgres.address = proxy.address().into();
    let integrations = Integrations::start(config, Handle::current());
    integrations.postgres.current_timestamp().await?;

    let login = stack.credentials(Service::Postgres).await?;
    let mut connection: PgConnection = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(stack.address(Service::Postgres).port())
        .username(&login.user)
        .password(login.password.expose_secret())
        .database(login.database.as_deref().unwrap_or_default())
        .connect()
        .await?;
    sqlx::raw_sql("ALTER ROLE CURRENT_USER PASSWORD 'rotated'").execute(&mut connection).await?;
    connection.close().await?;
    // PostgreSQL asks for the password at the start of a connection only.
    proxy.disconnect().await?;
    let error =
        integrations.postgres.current_timestamp().await.expect_err("the password in Vault is the old one");
    assert_eq!(error.kind(), ErrorKind::RefusedCredentials, "{}", error.chain());
    assert!(!error.chain().to_string().contains(login.password.expose_secret()));
    assert_eq!(integrations.postgres.probe().await, Err(ProbeFailure::RefusedCredentials));

    VaultAdmin::of(stack)?.change_secret("postgres", "password", "rotated").await?;
    try_join_all((0..16).map(|_| integrations.postgres.current_timestamp())).await?;
    integrations.close().await;
    private.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_server_that_dies_behind_pgbouncer_fails_calls_until_it_is_back() -> Result<(), BoxError> {
    let private = private_stack(&[Service::Pgbouncer]).await?;
    let mut config = config_of(private.stack())?;
    config.postgres.via = Via::Pgbouncer;
    config.timeout = Duration::from_secs(2);
    config.breaker.failures = u32::MAX;
    let integrations = Integrations::start(config, Handle::current());
    eventually(LIMIT, "a first answer", async || integrations.postgres.current_timestamp().await).await?;
    private.stack().kill(Service::Postgres).await?;
    let error = integrations.postgres.current_timestamp().await.expect_err("it was killed");
    // PgBouncer either says that it cannot reach the server or keeps the caller waiting for it.
    assert!(matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::TimedOut), "{}", error.chain());
    private.stack().start(&[Service::Postgres], &testkit::Silent).await?;
    eventually(LIMIT, "an answer again", async || integrations.postgres.current_timestamp().await).await?;
    integrations.close().await;
    private.close().await?;
    Ok(())
}

#[tokio::test]
async fn without_vault_there_are_no_credentials_and_with_it_there_are() -> Result<(), BoxError> {
    let stack = testkit::stack().await?;
    let vault = Proxy::to(stack.address(Service::Vault)).await?;
    let mut config = config().await?;
    config.vault.address.set_port(Some(vault.address().port())).map_err(|()| "no port")?;
    vault.cut().await?;
    let integrations = Integrations::start(config, Handle::current());
    let error = integrations.postgres.current_timestamp().await.expect_err("no password yet");
    assert_eq!(error.kind(), ErrorKind::NoCredentials, "{}", error.chain());

    vault.restore().await?;
    eventually(LIMIT, "credentials", async || integrations.postgres.current_timestamp().await).await?;
    vault.cut().await?;
    integrations.postgres.current_timestamp().await?;
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn a_call_after_close_fails() -> Result<(), BoxError> {
    let integrations = Integrations::start(config().await?, Handle::current());
    integrations.postgres.current_timestamp().await?;
    integrations.close().await;
    let error = integrations.postgres.current_timestamp().await.expect_err("closed");
    assert_eq!(error.kind(), ErrorKind::Failed);
    Ok(())
}
