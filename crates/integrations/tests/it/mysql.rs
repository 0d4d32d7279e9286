//! MySQL, or what the stack has in its place.

use chrono::{TimeDelta, Utc};
use futures_util::FutureExt;
use futures_util::future::try_join_all;
use integrations::{ErrorKind, Integrations, ProbeFailure};
use secrecy::ExposeSecret;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{ConnectOptions, Connection};
use testkit::{Proxy, Service, private_stack};
use tokio::runtime::Handle;

use crate::failures::Subject;
use crate::setup::{BoxError, config, config_of};
use crate::vault_admin::VaultAdmin;

pub(crate) async fn subject() -> Result<Subject, BoxError> {
    let proxy = Proxy::to(testkit::stack().await?.address(Service::Mysql)).await?;
    let mut config = config().await?;
    config.mysql.address = proxy.address().into();
    Ok(Subject {
        config,
        proxies: vec![proxy],
        call: |integrations| integrations.mysql.now().map(|outcome| outcome.map(drop)).boxed(),
        breaker: |integrations| integrations.mysql.breaker(),
    })
}

#[tokio::test]
async fn the_time_is_read_in_utc_with_64_calls_in_flight() -> Result<(), BoxError> {
    let integrations = Integrations::start(config().await?, Handle::current());
    for result in try_join_all((0..64).map(|_| integrations.mysql.now())).await? {
        assert!((Utc::now() - result).abs() < TimeDelta::minutes(1), "{result}");
    }
    assert!(integrations.mysql.probe().await?.starts_with(|c: char| c.is_ascii_digit()));
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn the_time_has_microseconds() -> Result<(), BoxError> {
    let integrations = Integrations::start(config().await?, Handle::current());
    // That each of ten is a whole millisecond happens once in 10^30 times.
    let results = try_join_all((0..10).map(|_| integrations.mysql.now())).await?;
    assert!(results.iter().any(|result| result.timestamp_subsec_micros() % 1000 != 0), "{results:?}");
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn no_connection_is_opened_on_the_warm_path_and_never_more_than_the_pool_holds() -> Result<(), BoxError>
{
    let subject = subject().await?;
    let size = subject.config.pool.size;
    let integrations = Integrations::start(subject.config, Handle::current());
    for _ in 0..4 {
        try_join_all((0..64).map(|_| integrations.mysql.now())).await?;
    }
    let opened = subject.proxies[0].connections();
    assert!(opened <= u64::try_from(size)?, "{opened} connections");
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn a_restart_of_the_server_itself_fails_no_call_afterwards() -> Result<(), BoxError> {
    let private = private_stack(&[Service::Mysql]).await?;
    let integrations = Integrations::start(config_of(private.stack())?, Handle::current());
    try_join_all((0..16).map(|_| integrations.mysql.now())).await?;
    private.stack().kill(Service::Mysql).await?;
    let error = integrations.mysql.now().await.expect_err("it was killed");
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{}", error.chain());
    assert_eq!(integrations.mysql.probe().await, Err(ProbeFailure::Unreachable));
    private.stack().start(&[Service::Mysql], &testkit::Silent).await?;
    try_join_all((0..16).map(|_| integrations.mysql.now())).await?;
    integrations.close().await;
    private.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_password_that_was_rotated_in_vault_is_read_again_without_a_restart() -> Result<(), BoxError> {
    let private = private_stack(&[Service::Mysql]).await?;
    let stack = private.stack();
    let proxy = Proxy::to(stack.address(Service::Mysql)).await?;
    let mut config = config_of(stack)?;
    config.mysql.address = proxy.address().into();
    let integrations = Integrations::start(config, Handle::current());
    integrations.mysql.now().await?;

    let login = stack.credentials(Service::Mysql).await?;
    let mut connection: MySqlConnection = MySqlConnectOptions::new()
        .host("127.0.0.1")
        .port(stack.address(Service::Mysql).port())
        .username(&login.user)
        .password(login.password.expose_secret())
        .connect()
        .await?;
    // How a user changes the own password differs between the two.
    let mariadb = integrations.mysql.probe().await?.contains("MariaDB");
    let rotate = if mariadb {
        "SET PASSWORD = PASSWORD('rotated')"
    } else {
        "ALTER USER USER() IDENTIFIED BY 'rotated'"
    };
    sqlx::raw_sql(rotate).execute(&mut connection).await?;
    connection.close().await?;
    // MySQL asks for the password at the start of a connection only.
    proxy.disconnect().await?;
    let error = integrations.mysql.now().await.expect_err("the password in Vault is the old one");
    assert_eq!(error.kind(), ErrorKind::RefusedCredentials, "{}", error.chain());
    assert!(!error.chain().to_string().contains(login.password.expose_secret()));
    assert_eq!(integrations.mysql.probe().await, Err(ProbeFailure::RefusedCredentials));

    VaultAdmin::of(stack)?.change_secret("mysql", "password", "rotated").await?;
    try_join_all((0..16).map(|_| integrations.mysql.now())).await?;
    integrations.close().await;
    private.close().await?;
    Ok(())
}
