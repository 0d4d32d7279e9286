//! Vault: secrets, login, renewal, sealing.

use contract::SecretName;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, try_join_all};
use integrations::{Config, Error, ErrorKind, Integrations, ProbeFailure};
use serde_json::json;
use testkit::{Namespace, Proxy, Service, eventually, private_stack};
use tokio::runtime::Handle;

use crate::failures::Subject;
use crate::setup::{BoxError, LIMIT, config, config_of};
use crate::vault_admin::VaultAdmin;

#[expect(clippy::expect_used, reason = "the names are constants of the tests")]
fn name(text: &str) -> SecretName {
    SecretName::parse(text).expect("a valid name")
}

/// Read a secret that is always there.
fn read(integrations: &Integrations) -> BoxFuture<'_, Result<(), Error>> {
    async { integrations.vault.read_secret(&name("postgres")).await.map(|secret| assert!(secret.is_some())) }
        .boxed()
}

fn through(proxy: &Proxy, mut config: Config) -> Result<Config, BoxError> {
    config.vault.address.set_port(Some(proxy.address().port())).map_err(|()| "no port")?;
    Ok(config)
}

async fn proxy() -> Result<Proxy, BoxError> {
    Ok(Proxy::to(testkit::stack().await?.address(Service::Vault)).await?)
}

pub(crate) async fn subject() -> Result<Subject, BoxError> {
    let proxy = proxy().await?;
    Ok(Subject {
        config: through(&proxy, config().await?)?,
        proxies: vec![proxy],
        call: read,
        breaker: |integrations| integrations.vault.breaker(),
    })
}

#[tokio::test]
async fn a_secret_is_read_as_it_is() -> Result<(), BoxError> {
    let admin = VaultAdmin::of(testkit::stack().await?)?;
    let namespace = Namespace::new();
    let secret = namespace.secret("whole");
    let data = json!({ "user": "u", "nested": { "password": [1, null, "ü"] } });
    admin.write_secret(&secret, data.clone()).await?;
    let integrations = Integrations::start(config().await?, Handle::current());
    let found = integrations.vault.read_secret(&name(&secret)).await?;
    assert_eq!(found.map(serde_json::Value::Object), Some(data));

    admin.delete_secret(&secret).await?;
    assert_eq!(integrations.vault.read_secret(&name(&secret)).await?, None, "its newest version is deleted");
    admin.forget_secret(&secret).await?;
    assert_eq!(integrations.vault.read_secret(&name(&secret)).await?, None, "it is gone");
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn an_unknown_secret_is_none() -> Result<(), BoxError> {
    let integrations = Integrations::start(config().await?, Handle::current());
    let secret = Namespace::new().secret("nosuch");
    assert_eq!(integrations.vault.read_secret(&name(&secret)).await?, None);
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn the_probe_tells_what_vault_says_of_itself() -> Result<(), BoxError> {
    let integrations = Integrations::start(config().await?, Handle::current());
    let probe = integrations.vault.probe().await;
    assert_eq!(probe.failure, None);
    let details = probe.details.ok_or("no details")?;
    assert!(details.initialized && !details.sealed && !details.standby, "{details:?}");
    assert!(details.version.starts_with(|c: char| c.is_ascii_digit()), "{details:?}");
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn no_login_and_no_connection_is_made_on_the_warm_path() -> Result<(), BoxError> {
    let admin = VaultAdmin::of(testkit::stack().await?)?;
    let role = admin.role(&Namespace::new(), "1h").await?;
    let proxy = proxy().await?;
    let mut config = through(&proxy, config().await?)?;
    config.vault.login = role.login.clone();
    let integrations = Integrations::start(config, Handle::current());
    // What the background reads at the start opens connections too; the last of it is a database's first answer.
    integrations.postgres.current_timestamp().await?;
    integrations.mysql.now().await?;
    try_join_all((0..8).map(|_| read(&integrations))).await?;
    let opened = proxy.connections();
    for _ in 0..20 {
        read(&integrations).await?;
    }
    assert_eq!(proxy.connections(), opened);
    assert_eq!(admin.tokens_of(&role).await?.len(), 1, "all that needed a token shared one login");
    integrations.close().await;
    admin.delete_role(role).await
}

#[tokio::test]
async fn a_revoked_token_is_replaced_by_a_new_login_and_the_call_succeeds() -> Result<(), BoxError> {
    let admin = VaultAdmin::of(testkit::stack().await?)?;
    let role = admin.role(&Namespace::new(), "1h").await?;
    let mut config = config().await?;
    config.vault.login = role.login.clone();
    let integrations = Integrations::start(config, Handle::current());
    read(&integrations).await?;
    let [token] = &admin.tokens_of(&role).await?[..] else { return Err("not one token".into()) };
    admin.revoke(token).await?;
    try_join_all((0..16).map(|_| read(&integrations))).await?;
    let [other] = &admin.tokens_of(&role).await?[..] else { return Err("not one token".into()) };
    assert_ne!(token["accessor"], other["accessor"]);
    integrations.close().await;
    admin.delete_role(role).await
}

#[tokio::test]
async fn the_token_is_renewed_before_it_expires() -> Result<(), BoxError> {
    let admin = VaultAdmin::of(testkit::stack().await?)?;
    let role = admin.role(&Namespace::new(), "3s").await?;
    let mut config = config().await?;
    config.vault.login = role.login.clone();
    let integrations = Integrations::start(config, Handle::current());
    read(&integrations).await?;
    let [first] = &admin.tokens_of(&role).await?[..] else { return Err("not one token".into()) };
    // Renewed twice, it has outlived its first three seconds.
    let mut renewals = std::collections::BTreeSet::new();
    eventually(LIMIT, "a second renewal", async || {
        let tokens = admin.tokens_of(&role).await.map_err(|error| error.to_string())?;
        let [token] = &tokens[..] else { return Err(format!("{} tokens", tokens.len())) };
        if token["accessor"] != first["accessor"] {
            return Err("another token: the first one expired".to_owned());
        }
        renewals.extend(token["last_renewal_time"].as_u64());
        if renewals.len() == 2 { Ok(()) } else { Err(format!("{renewals:?}")) }
    })
    .await?;
    read(&integrations).await?;
    integrations.close().await;
    admin.delete_role(role).await
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_for_long_is_replaced_in_time() -> Result<(), BoxError> {
    let admin = VaultAdmin::of(testkit::stack().await?)?;
    let role = admin.role_with_longest_life(&Namespace::new(), "3s", "4s").await?;
    let mut config = config().await?;
    config.vault.login = role.login.clone();
    let integrations = Integrations::start(config, Handle::current());
    read(&integrations).await?;
    let [first] = &admin.tokens_of(&role).await?[..] else { return Err("not one token".into()) };
    eventually(LIMIT, "a token of another login", async || {
        let tokens = admin.tokens_of(&role).await.map_err(|error| error.to_string())?;
        let accessors: Vec<_> = tokens.iter().map(|token| token["accessor"].clone()).collect();
        if accessors.is_empty() || accessors == [first["accessor"].clone()] {
            Err(format!("{accessors:?}"))
        } else {
            Ok(())
        }
    })
    .await?;
    read(&integrations).await?;
    integrations.close().await;
    admin.delete_role(role).await
}

#[tokio::test]
async fn a_wrong_secret_id_is_refused_and_a_right_one_is_picked_up_without_a_restart() -> Result<(), BoxError>
{
    let admin = VaultAdmin::of(testkit::stack().await?)?;
    let role = admin.role(&Namespace::new(), "1h").await?;
    std::fs::write(&role.login.secret_id_file, "00000000-0000-0000-0000-000000000000")?;
    let mut config = config().await?;
    config.vault.login = role.login.clone();
    config.breaker.failures = u32::MAX;
    let integrations = Integrations::start(config, Handle::current());
    // More often than Vault would bear: it locks a role out after five failed logins, the right id too.
    for _ in 0..5 {
        let error = read(&integrations).await.expect_err("a wrong secret id");
        assert_eq!(error.kind(), ErrorKind::RefusedCredentials, "{}", error.chain());
    }
    let error = integrations.postgres.current_timestamp().await.expect_err("no password");
    assert_eq!(error.kind(), ErrorKind::NoCredentials, "{}", error.chain());

    admin.new_secret_id(&role).await?;
    read(&integrations).await?;
    eventually(LIMIT, "credentials", async || integrations.postgres.current_timestamp().await).await?;
    integrations.close().await;
    admin.delete_role(role).await
}

#[tokio::test]
async fn a_sealed_vault_says_so_and_serves_again_when_unsealed() -> Result<(), BoxError> {
    let private = private_stack(&[Service::Vault]).await?;
    let admin = VaultAdmin::of(private.stack())?;
    let integrations = Integrations::start(config_of(private.stack())?, Handle::current());
    assert_eq!(integrations.vault.read_secret(&name("nosuch")).await?, None);

    admin.seal().await?;
    let error = integrations.vault.read_secret(&name("nosuch")).await.expect_err("sealed");
    assert_eq!(error.kind(), ErrorKind::Sealed, "{}", error.chain());
    let probe = integrations.vault.probe().await;
    assert_eq!(probe.failure, Some(ProbeFailure::Sealed));
    assert!(probe.details.is_some_and(|details| details.initialized && details.sealed));

    admin.unseal().await?;
    eventually(LIMIT, "an unsealed Vault", async || integrations.vault.read_secret(&name("nosuch")).await)
        .await?;
    integrations.close().await;
    private.close().await?;
    Ok(())
}

#[tokio::test]
async fn what_is_not_vault_fails_and_is_not_taken_for_an_unknown_secret() -> Result<(), BoxError> {
    let stack = testkit::stack().await?;
    // PostgreSQL answers an HTTP request by closing the connection.
    let proxy = Proxy::to(stack.address(Service::Postgres)).await?;
    let integrations = Integrations::start(through(&proxy, config().await?)?, Handle::current());
    read(&integrations).await.expect_err("not Vault");
    assert!(integrations.vault.probe().await.failure.is_some());
    integrations.close().await;
    Ok(())
}
