//! Settings that are wrong, or switch something off.

use std::sync::Arc;

use crate::expected::Expected;
use crate::suite::{Suite, cases};
use crate::wire::Request;
use crate::{BoxError, Outcome};

cases![all_that_is_wrong_is_told_at_once, a_port_can_be_switched_off, a_key_that_does_not_fit_is_told];

async fn all_that_is_wrong_is_told_at_once(suite: Arc<Suite>) -> Outcome {
    let wrong = [
        ("HTTP_ADDR", "nonsense"),
        ("HTTPS_ADDR", "127.0.0.1:99999"),
        ("WORKERS", "0"),
        ("VAULT_ADDR", "ftp://user:telling-password@127.0.0.1:1"),
        ("POSTGRES_ADDR", "nowhere"),
        ("POSTGRES_VIA", "pgpool"),
        ("MYSQL_ADDR", "127.0.0.1:0"),
        ("MONGODB_ADDR", ":1"),
        ("REDIS_NODES", "127.0.0.1:6379"),
        ("REDIS_ADDRESS_MAP", "a=b"),
        ("RABBITMQ_ADDR", "amqp://user:telling-password@127.0.0.1:5672"),
        ("RATE_LIMIT", "-1"),
        ("BREAKER_FAILURES", "0"),
        ("BREAKER_OPEN_MS", "1.5"),
        ("BACKEND_TIMEOUT_MS", "soon"),
        ("HEALTH_CACHE_MS", "-1"),
        ("SECRET_CACHE_MS", "99999999999"),
        ("CORS_ORIGINS", "*"),
        ("LOG_FORMAT", "xml"),
    ];
    let launch = wrong.iter().fold(suite.launch(), |launch, (name, value)| launch.set(name, *value));
    let mut process = launch.unset("VAULT_ROLE_ID_FILE").unset("VAULT_SECRET_ID_FILE").spawn()?;
    let status = process.end().await?;
    let said = process.output.text();
    let names = wrong.iter().map(|(name, _)| *name).chain(["VAULT_ROLE_ID_FILE", "VAULT_SECRET_ID_FILE"]);
    let unsaid: Vec<&str> = names.filter(|name| !said.contains(name)).collect();
    if status.code() == Some(1) && unsaid.is_empty() && !said.contains("telling-password") {
        return Ok(());
    }
    Err(format!("it ended with {status}, did not name {unsaid:?}, and said: {said}").into())
}

async fn a_port_can_be_switched_off(suite: Arc<Suite>) -> Outcome {
    let server = suite.launch().set("HTTPS_ADDR", "off").start().await?;
    server.expect(&Request::get("/health/"), Expected::json(r#"{"status":"ok"}"#)).await?;
    if let Some(address) = server.https {
        return Err(BoxError::from(format!("it serves TLS on {address}")));
    }
    server.stop().await
}

async fn a_key_that_does_not_fit_is_told(suite: Arc<Suite>) -> Outcome {
    let other = if suite.target.name == "api-axum-spec" { "api-axum" } else { "api-axum-spec" };
    let other = suite.stack.environment(other);
    let key = other.get("TLS_KEY_FILE").ok_or("the stack gives no TLS_KEY_FILE")?;
    let mut process = suite.launch().set("TLS_KEY_FILE", key).spawn()?;
    let status = process.end().await?;
    let said = process.output.text();
    if status.code() == Some(1) && said.contains("TLS_KEY_FILE") && !said.contains("PRIVATE KEY") {
        return Ok(());
    }
    Err(format!("it ended with {status} and said: {said}").into())
}
