//! Backends that are away, hang, or were never there: what is answered, and that all is well when they are back.

use std::sync::Arc;

use super::messaging::publish;
use crate::backends::Vault;
use crate::expected::{Expected, JSON};
use crate::problem::{Problem, RetryAfter};
use crate::rows::Rows;
use crate::server::Server;
use crate::suite::{Suite, cases};
use crate::wire::Request;
use crate::{BoxError, LIMIT, Outcome};
use testkit::{BACKENDS, Namespace, Proxies, Service, eventually};

cases![
    vault_away_or_hanging_is_503_until_it_is_back,
    postgres_away_or_hanging_is_503_until_it_is_back,
    mysql_away_or_hanging_is_503_until_it_is_back,
    mongodb_away_or_hanging_is_503_until_it_is_back,
    redis_away_or_hanging_is_503_until_it_is_back,
    rabbitmq_away_or_hanging_is_503_until_it_is_back,
    one_redis_node_away_is_degraded_and_not_ready,
    without_vault_everything_known_goes_on,
    vault_that_was_never_seen_is_what_every_route_lacks,
    backends_that_were_down_at_the_start_are_found_when_they_come,
    a_sealed_vault_says_so,
];

/// Requests that need a backend.
pub(super) fn requests(backend: &str) -> Vec<Request> {
    match backend {
        "vault" => vec![
            Request::get("/examples/vault/secret/postgres"),
            Request::get("/examples/vault/secret/postgres/user"),
        ],
        "redis" => vec![
            Request::get("/examples/cache/nosuch"),
            Request::post("/examples/cache/t-away?value=x&ttl=1"),
            Request::delete("/examples/cache/nosuch"),
            Request::get("/redis/cluster/nodes"),
            Request::get("/redis/cluster/slots"),
            Request::get("/redis/cluster/info"),
            Request::get("/redis/nodes/redis-1/info"),
        ],
        "rabbitmq" => vec![
            Request::get("/examples/messaging/queue/nosuch/info"),
            publish(&Namespace::new().queue("away")).json(r#"{"a":1}"#),
        ],
        database => vec![Request::get(format!("/examples/database/{database}/query"))],
    }
}

/// A server behind proxies whose breakers stay out of the way and that keeps no answers.
async fn behind(suite: &Suite, proxies: &Proxies) -> Result<Server, BoxError> {
    let launch = suite.launch().set("BREAKER_FAILURES", "1000000");
    let launch = launch.set("HEALTH_CACHE_MS", "0").set("SECRET_CACHE_MS", "0");
    launch.through(proxies).start().await
}

async fn until_ready(server: &Server) -> Outcome {
    let ready = async || server.expect(&Request::get("/health/ready"), Expected::media(JSON)).await;
    eventually(LIMIT, "a server that is ready", ready).await.map(drop).map_err(BoxError::from)
}

/// All requests of a backend are answered with 200 again, each at last.
async fn until_answered(server: &Server, backend: &str) -> Outcome {
    // A queue of its own for publishing, which leaves nothing behind in those that others look at.
    for request in requests(backend).iter().filter(|request| !request.path().ends_with("/publish")) {
        let answered = async || server.expect(request, Expected::media(JSON)).await;
        eventually(LIMIT, "a backend that is back", answered).await?;
    }
    Ok(())
}

/// The health page of a backend of which nothing is known but the error.
fn unhealthy(backend: &str, error: &str, proxies: &Proxies) -> String {
    if backend != "redis" {
        return format!(r#"{{"status":"unhealthy","error":"{error}"}}"#);
    }
    let nodes: Vec<String> = proxies
        .of("redis")
        .map(|proxy| {
            let address = proxy.address();
            format!(
                r#"{{"host":"{}","port":{},"status":"unhealthy","error":"{error}"}}"#,
                address.ip(),
                address.port()
            )
        })
        .collect();
    format!(
        r#"{{"status":"unhealthy","cluster_enabled":null,"cluster_state":null,"nodes":[{}],"total_nodes":3}}"#,
        nodes.join(",")
    )
}

async fn away_or_hanging(suite: Arc<Suite>, backend: &'static str) -> Outcome {
    let proxies = Proxies::before(suite.stack).await?;
    let server = behind(&suite, &proxies).await?;
    until_ready(&server).await?;
    for (what, error) in [("away", "unreachable"), ("hanging", "timed out")] {
        match what {
            "away" => proxies.cut(backend).await?,
            _ => proxies.stall(backend),
        }
        let mut rows = Rows::new(&server);
        for request in requests(backend) {
            rows.row(what, request, Problem::unavailable(backend)).await;
        }
        let page = unhealthy(backend, error, &proxies);
        rows.row(what, Request::get(format!("/health/{backend}")), Expected::json(&page)).await;
        rows.row(what, Request::get("/health/"), Expected::json(r#"{"status":"ok"}"#)).await;
        rows.outcome()?;
        let ready = Expected::media(JSON).status(503).retry_after(RetryAfter::One);
        let answer = server.expect(&Request::get("/health/ready"), ready).await?;
        all_but_one(&answer.text(), backend, &page)?;
        // The page of all is never an error itself.
        let answer = server.expect(&Request::get("/health/all"), Expected::media(JSON)).await?;
        all_but_one(&answer.text(), backend, &page)?;
        proxies.restore(backend).await?;
        until_answered(&server, backend).await?;
        until_ready(&server).await?;
    }
    server.stop().await
}

/// One backend's page is this one, and all the others are healthy.
fn all_but_one(body: &str, backend: &str, page: &str) -> Outcome {
    let all: serde_json::Value = serde_json::from_str(body)?;
    let services = &all["services"];
    let others = BACKENDS.iter().filter(|other| **other != backend);
    let is_right = body.contains(&format!(r#""{backend}":{page}"#))
        && all["status"] == "degraded"
        && others.clone().all(|other| services[*other]["status"] == "healthy");
    if is_right {
        Ok(())
    } else {
        Err(format!("expected all but {backend} to be healthy, got {body}").into())
    }
}

async fn vault_away_or_hanging_is_503_until_it_is_back(suite: Arc<Suite>) -> Outcome {
    away_or_hanging(suite, "vault").await
}

async fn postgres_away_or_hanging_is_503_until_it_is_back(suite: Arc<Suite>) -> Outcome {
    away_or_hanging(suite, "postgres").await
}

async fn mysql_away_or_hanging_is_503_until_it_is_back(suite: Arc<Suite>) -> Outcome {
    away_or_hanging(suite, "mysql").await
}

async fn mongodb_away_or_hanging_is_503_until_it_is_back(suite: Arc<Suite>) -> Outcome {
    away_or_hanging(suite, "mongodb").await
}

async fn redis_away_or_hanging_is_503_until_it_is_back(suite: Arc<Suite>) -> Outcome {
    away_or_hanging(suite, "redis").await
}

async fn rabbitmq_away_or_hanging_is_503_until_it_is_back(suite: Arc<Suite>) -> Outcome {
    away_or_hanging(suite, "rabbitmq").await
}

async fn one_redis_node_away_is_degraded_and_not_ready(suite: Arc<Suite>) -> Outcome {
    let proxies = Proxies::before(suite.stack).await?;
    let server = behind(&suite, &proxies).await?;
    until_ready(&server).await?;
    let second = proxies.of("redis").nth(1).ok_or("no second node")?;
    second.cut().await?;
    let answer = server.expect(&Request::get("/health/redis"), Expected::media(JSON)).await?;
    let body = answer.json()?;
    let is_right = body["status"] == "degraded"
        && body["cluster_enabled"] == true
        && body["cluster_state"] == "ok"
        && body["nodes"][0]["status"] == "healthy"
        && body["nodes"][1]["error"] == "unreachable"
        && body["nodes"][1]["port"] == second.address().port()
        && body["nodes"][2]["status"] == "healthy";
    if !is_right {
        return Err(format!("expected the second node to be away, got {body}").into());
    }
    let mut rows = Rows::new(&server);
    let ready = Expected::media(JSON).status(503).retry_after(RetryAfter::One);
    rows.row("a degraded cluster is not ready", Request::get("/health/ready"), ready).await;
    for (node, expected) in [
        ("redis-1", Expected::media(JSON)),
        ("redis-2", Problem::unavailable("redis").into()),
        ("redis-3", Expected::media(JSON)),
    ] {
        rows.row(node, Request::get(format!("/redis/nodes/{node}/info")), expected).await;
    }
    for page in ["nodes", "slots", "info"] {
        let request = Request::get(format!("/redis/cluster/{page}"));
        rows.row("the cluster is read from a node that answers", request, Expected::media(JSON)).await;
    }
    rows.outcome()?;
    second.restore().await?;
    until_ready(&server).await?;
    server.stop().await
}

async fn without_vault_everything_known_goes_on(suite: Arc<Suite>) -> Outcome {
    let proxies = Proxies::before(suite.stack).await?;
    let launch = suite.launch().set("HEALTH_CACHE_MS", "0");
    let server = launch.through(&proxies).start().await?;
    until_ready(&server).await?;
    server.expect(&Request::get("/examples/vault/secret/postgres"), Expected::media(JSON)).await?;
    proxies.cut("vault").await?;
    let mut rows = Rows::new(&server);
    for backend in BACKENDS.into_iter().filter(|backend| *backend != "vault") {
        // Publishing is left out, so that no queue is left behind.
        for request in requests(backend).into_iter().filter(|request| !request.path().ends_with("/publish")) {
            rows.row(backend, request, Expected::media(JSON)).await;
        }
    }
    for path in ["/examples/vault/secret/postgres", "/examples/vault/secret/postgres/user"] {
        rows.row("a kept secret is served", Request::get(path), Expected::media(JSON)).await;
    }
    let problem = Problem::no_secret_key("postgres/nosuch");
    rows.row(
        "what a kept secret has not is known",
        Request::get("/examples/vault/secret/postgres/nosuch"),
        problem,
    )
    .await;
    let problem = Problem::unavailable("vault");
    rows.row("any other secret needs Vault", Request::get("/examples/vault/secret/mysql"), problem).await;
    rows.outcome()?;
    server.stop().await
}

async fn vault_that_was_never_seen_is_what_every_route_lacks(suite: Arc<Suite>) -> Outcome {
    let proxies = Proxies::before(suite.stack).await?;
    proxies.cut("vault").await?;
    let server = behind(&suite, &proxies).await?;
    let mut rows = Rows::new(&server);
    for backend in BACKENDS {
        for request in requests(backend) {
            rows.row(backend, request, Problem::unavailable("vault")).await;
        }
    }
    rows.row("the process answers", Request::get("/health/"), Expected::json(r#"{"status":"ok"}"#)).await;
    let page = unhealthy("vault", "unreachable", &proxies);
    rows.row("Vault is away", Request::get("/health/vault"), Expected::json(page)).await;
    let ready = Expected::media(JSON).status(503).retry_after(RetryAfter::One);
    rows.row("the server is not ready", Request::get("/health/ready"), ready).await;
    rows.outcome()?;
    proxies.restore("vault").await?;
    until_ready(&server).await?;
    for backend in BACKENDS {
        until_answered(&server, backend).await?;
    }
    server.stop().await
}

async fn backends_that_were_down_at_the_start_are_found_when_they_come(suite: Arc<Suite>) -> Outcome {
    let proxies = Proxies::before(suite.stack).await?;
    let others = || BACKENDS.into_iter().filter(|backend| *backend != "vault");
    for backend in others() {
        proxies.cut(backend).await?;
    }
    let server = behind(&suite, &proxies).await?;
    // Vault is there, so that the passwords come; from then on it is each backend itself that is away.
    for backend in others() {
        let Some(request) = requests(backend).into_iter().next() else { continue };
        let away = async || server.expect(&request, Problem::unavailable(backend)).await;
        eventually(LIMIT, "a backend that is away", away).await?;
    }
    for backend in others() {
        proxies.restore(backend).await?;
    }
    for backend in others() {
        until_answered(&server, backend).await?;
    }
    until_ready(&server).await?;
    server.stop().await
}

async fn a_sealed_vault_says_so(suite: Arc<Suite>) -> Outcome {
    let own = testkit::private_stack(&[Service::Vault]).await?;
    let environment = own.stack().environment(suite.target.name);
    let mut launch = suite.launch().set("SECRET_CACHE_MS", "0").set("HEALTH_CACHE_MS", "0");
    for name in ["VAULT_ADDR", "VAULT_ROLE_ID_FILE", "VAULT_SECRET_ID_FILE"] {
        let value = environment.get(name).ok_or_else(|| format!("the stack gives no {name}"))?;
        launch = launch.set(name, value);
    }
    let server = launch.start().await?;
    let request = Request::get("/examples/vault/secret/nosuch");
    let answered = async || server.expect(&request, Problem::no_secret("nosuch")).await;
    eventually(LIMIT, "a server that has logged in to Vault", answered).await?;
    Vault::of(own.stack())?.seal().await?;
    let sealed = r#"{"status":"unhealthy","details":{"initialized":true,"sealed":true,"standby":true,"version":"<text>"},"error":"sealed"}"#;
    let mut rows = Rows::new(&server);
    rows.row("the page says it", Request::get("/health/vault"), Expected::json(sealed)).await;
    rows.row("secrets cannot be read", request, Problem::unavailable("vault")).await;
    rows.outcome()?;
    server.stop().await?;
    own.close().await?;
    Ok(())
}
