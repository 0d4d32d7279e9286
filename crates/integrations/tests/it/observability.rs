//! What the integrations show of themselves: metrics, and no secret.

use std::time::Duration;

use contract::Backend;
use integrations::{BreakerSettings, Integrations};
use metrics_exporter_prometheus::PrometheusBuilder;
use secrecy::ExposeSecret;
use testkit::{Proxy, Service, eventually};
use tokio::runtime::Handle;

use crate::setup::{BoxError, LIMIT, config};

#[tokio::test]
async fn every_backend_has_its_metrics_and_they_follow_its_calls() -> Result<(), BoxError> {
    let proxy = Proxy::to(testkit::stack().await?.address(Service::Postgres)).await?;
    let mut config = config().await?;
    config.postgres.address = proxy.address().into();
    config.breaker = BreakerSettings { failures: 1, open_for: Duration::from_mins(1) };
    let recorder = PrometheusBuilder::new().build_recorder();
    let rendered = recorder.handle();
    let integrations =
        metrics::with_local_recorder(&recorder, || Integrations::start(config, Handle::current()));
    let expect = |line: &str| {
        let text = rendered.render();
        if text.lines().any(|found| found == line) {
            Ok(())
        } else {
            Err(format!("no line {line:?} in\n{text}"))
        }
    };
    for backend in Backend::ALL {
        expect(&format!("circuit_breaker_state{{backend=\"{backend}\"}} 0"))?;
    }

    integrations.postgres.current_timestamp().await?;
    expect("backend_up{backend=\"postgres\"} 1")?;
    let text = rendered.render();
    let count =
        "backend_operation_duration_seconds_count{backend=\"postgres\",operation=\"current_timestamp\"} 1";
    assert!(text.contains(count), "{text}");

    proxy.cut().await?;
    integrations.postgres.current_timestamp().await.expect_err("it is away");
    expect("backend_up{backend=\"postgres\"} 0")?;
    expect("circuit_breaker_state{backend=\"postgres\"} 2")?;
    proxy.restore().await?;
    integrations.postgres.probe().await?;
    expect("backend_up{backend=\"postgres\"} 1")?;
    expect("circuit_breaker_state{backend=\"postgres\"} 2")?;
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn debug_shows_no_password_and_no_token() -> Result<(), BoxError> {
    let stack = testkit::stack().await?;
    let integrations = Integrations::start(config().await?, Handle::current());
    eventually(LIMIT, "all of Integrations in use", async || {
        integrations.postgres.probe().await.map_err(|failure| failure.to_string())?;
        integrations.mysql.probe().await.map_err(|failure| failure.to_string())?;
        integrations.mongodb.probe().await.map_err(|failure| failure.to_string())?;
        integrations.rabbitmq.probe().await.map_err(|failure| failure.to_string())
    })
    .await?;
    let shown = format!("{integrations:?}");
    for service in [Service::Postgres, Service::Mysql, Service::Mongodb, Service::Redis1, Service::Rabbitmq] {
        let login = stack.credentials(service).await?;
        assert!(!shown.contains(login.password.expose_secret()), "{service:?}");
    }
    // How every token of Vault begins.
    assert!(!shown.contains("hvs."));
    integrations.close().await;
    Ok(())
}
