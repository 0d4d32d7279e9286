//! Rate limits, each on a server of its own.

use std::sync::Arc;

use super::paths::operations;
use crate::expected::{Expected, JSON};
use crate::problem::{Fault, Problem, query};
use crate::rows::Rows;
use crate::suite::{Suite, cases};
use crate::wire::Request;
use crate::{BoxError, Outcome};

cases![
    each_kind_of_route_has_its_figure,
    each_kind_of_route_has_a_bucket_of_its_own,
    what_has_no_handler_does_not_count,
    the_limit_comes_before_the_body_and_the_parameters,
    every_operation_can_be_refused,
    limits_can_be_switched_off,
];

fn limit(answer: &crate::wire::Answer) -> Option<(u64, u64)> {
    let number = |name| answer.header(name)?.parse().ok();
    Some((number("X-RateLimit-Limit")?, number("X-RateLimit-Remaining")?))
}

async fn each_kind_of_route_has_its_figure(suite: Arc<Suite>) -> Outcome {
    let server = suite.launch().unset("RATE_LIMIT").start().await?;
    let mut rows = Rows::new(&server);
    // Of a fresh bucket exactly one is gone after the first request.
    for (target, figure) in
        [("/", 100), ("/metrics", 1000), ("/health/", 200), ("/redis/nodes/nosuch/info", 1000)]
    {
        let answer = server.ask(&Request::get(target)).await?;
        let found = limit(&answer);
        let outcome = if found == Some((figure, figure - 1)) {
            Ok(())
        } else {
            Err(BoxError::from(format!("expected {figure} with one less remaining, got {answer}")))
        };
        rows.note(target, outcome);
    }
    rows.outcome()?;
    server.stop().await
}

async fn each_kind_of_route_has_a_bucket_of_its_own(suite: Arc<Suite>) -> Outcome {
    // One per cent: 1 for `/`, 10 for `/metrics`, 2 for health, 10 for the rest. What comes back within this case
    // is far below one request, but for the two of 10 a minute, which give one back every 6 seconds.
    let server = suite.launch().set("RATE_LIMIT", "1").start().await?;
    let mut rows = Rows::new(&server);
    let any = || Expected::media(JSON);
    rows.row("the one request of the front page", Request::get("/"), any()).await;
    rows.row("the next is refused", Request::get("/"), Problem::rate_limited(60)).await;
    rows.row("HEAD counts as GET", Request::head("/"), Expected::from(Problem::rate_limited(60)).withheld())
        .await;
    rows.row("a query is no way around", Request::get("/?a"), Problem::rate_limited(60)).await;
    let forged =
        Request::get("/").header("X-Forwarded-For", "192.0.2.1").header("Forwarded", "for=192.0.2.2");
    rows.row("the address is that of the peer", forged, Problem::rate_limited(60)).await;
    let health = || Expected::json(r#"{"status":"ok"}"#);
    rows.row("health has a bucket of its own", Request::get("/health/"), health()).await;
    rows.row("all of health has one bucket", Request::get("/health"), health()).await;
    for path in ["/health/", "/health", "/health/all", "/health/ready", "/health/vault"] {
        rows.row("the next of health is refused", Request::get(path), Problem::rate_limited(30)).await;
    }
    let rest =
        |limit: Option<(u64, u64)>| limit.is_some_and(|(limit, remaining)| limit == 10 && remaining < 10);
    for path in
        ["/redis/nodes/nosuch/info", "/openapi.json", "/docs", "/docs/nosuch", "/examples/cache/a%20b"]
    {
        let answer = server.ask(&Request::get(path)).await?;
        let outcome = if rest(limit(&answer)) || answer.status == 404 && path == "/docs/nosuch" {
            Ok(())
        } else {
            Err(BoxError::from(format!("expected a limit of 10, got {answer}")))
        };
        rows.note(path, outcome);
    }
    let metrics = Expected::media("text/plain; version=0.0.4; charset=utf-8");
    rows.row("the metrics have a bucket of their own", Request::get("/metrics"), metrics).await;
    rows.outcome()?;
    server.stop().await
}

async fn what_has_no_handler_does_not_count(suite: Arc<Suite>) -> Outcome {
    let server = suite.launch().set("RATE_LIMIT", "1").start().await?;
    let mut rows = Rows::new(&server);
    let options = || Expected::no_content().header("Allow", "GET, HEAD, OPTIONS");
    let refused = || Expected::from(Problem::method_not_allowed()).header("Allow", "GET, HEAD, OPTIONS");
    let uncounted = async |rows: &mut Rows<'_>| {
        for _ in 0..3 {
            rows.row("OPTIONS", Request::options("/"), options()).await;
            let preflight = Request::options("/")
                .header("Origin", "http://evil.example")
                .header("Access-Control-Request-Method", "GET");
            rows.row("a preflight", preflight, Expected::no_content()).await;
            rows.row("405", Request::delete("/"), refused()).await;
            rows.row("404", Request::get("//"), Problem::no_route()).await;
            let long = Request::get(format!("/?{}", "x".repeat(64_000)));
            rows.row("414", long, Problem::target_too_long()).await;
            let large = Request::get("/").header("X-A", "x".repeat(40_000));
            rows.row("431", large, Problem::headers_too_large()).await;
        }
    };
    uncounted(&mut rows).await;
    rows.row("the one request is still there", Request::get("/"), Expected::media(JSON)).await;
    rows.row("and then it is gone", Request::get("/"), Problem::rate_limited(60)).await;
    // They are answered as before.
    uncounted(&mut rows).await;
    rows.outcome()?;
    server.stop().await
}

async fn the_limit_comes_before_the_body_and_the_parameters(suite: Arc<Suite>) -> Outcome {
    let server = suite.launch().set("RATE_LIMIT", "1").start().await?;
    let publish = || Request::post("/examples/messaging/publish");
    let mut rows = Rows::new(&server);
    // Errors count, too.
    for _ in 0..10 {
        let fault = Problem::invalid(&[Fault::missing(query("queue_name"))]);
        rows.row("a faulty request is counted", publish().json(r#"{"a":1}"#), fault).await;
    }
    let refused = || Problem::rate_limited(6);
    rows.row("it comes before the type", publish(), refused()).await;
    let large = publish().header("Content-Type", "application/json").declaring(u64::MAX / 2, b"");
    rows.row("it comes before the size", large, refused()).await;
    let large = Request::get("/openapi.json").declaring(u64::MAX / 2, b"");
    rows.row("it comes before the size, elsewhere", large, refused()).await;
    rows.row("it comes before what cannot be read", Request::get("/examples/cache/%FF"), refused()).await;
    rows.row("it comes before the parameters", Request::get("/examples/cache/a%20b"), refused()).await;
    rows.outcome()?;
    server.stop().await
}

async fn every_operation_can_be_refused(suite: Arc<Suite>) -> Outcome {
    // More than any bucket has at one per cent.
    const ENOUGH: usize = 20;
    let server = suite.launch().set("RATE_LIMIT", "1").start().await?;
    let mut rows = Rows::new(&server);
    for (method, path) in operations() {
        let at_most = match path {
            "/" => 60,
            health if health.starts_with("/health") => 30,
            _ => 6,
        };
        // What is not refused yet may be anything: the backends are perhaps not reached yet.
        let request = Request::new(method, path);
        let mut answer = server.ask(&request).await?;
        for _ in 0..ENOUGH {
            if answer.status == 429 {
                break;
            }
            answer = server.ask(&request).await?;
        }
        let outcome = server.check(&request, &Problem::rate_limited(at_most).into(), &answer);
        rows.note(&format!("{method} {path}"), outcome);
    }
    rows.outcome()?;
    server.stop().await
}

async fn limits_can_be_switched_off(suite: Arc<Suite>) -> Outcome {
    let server = suite.launch().set("RATE_LIMIT", "off").start().await?;
    // More than the least figure of the contract; each answer is looked at for `X-RateLimit-*`.
    for _ in 0..150 {
        server.expect(&Request::get("/"), Expected::media(JSON)).await?;
    }
    server.stop().await
}
