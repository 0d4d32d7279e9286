//! The default of each switch that some other test sets.

use std::collections::BTreeMap;

use parity::model::{Expectation, Request, Step};
use parity::report;
use serde_json::json;

use crate::cases::case;
use crate::fleet::{Fleet, config};
use crate::{Outcome, Test};
use testkit::Proxies;

pub(crate) fn tests() -> Vec<(&'static str, Test)> {
    vec![
        ("rate_limits_are_those_of_the_contract", test(rate_limits)),
        ("a_breaker_opens_after_five_failures_for_a_minute", test(breakers)),
        ("health_and_secrets_are_kept", test(caches)),
    ]
}

fn test<F: Future<Output = Outcome> + 'static>(run: fn() -> F) -> Test {
    Box::new(move |_| Box::pin(run()))
}

/// `RATE_LIMIT`
async fn rate_limits() -> Outcome {
    let fleet = Fleet::start(testkit::stack().await?, &[], None).await?;
    let figures = [("/", 100), ("/metrics", 1000), ("/health/", 200), ("/redis/nodes/none/info", 1000)];
    let steps = figures.map(|(path, figure)| {
        let headers = BTreeMap::from([("X-RateLimit-Limit".to_owned(), Some(figure.to_string()))]);
        step(path, Expectation { headers, ..Expectation::default() })
    });
    agree(&fleet, "rate_limits", steps.into()).await
}

/// `BREAKER_FAILURES`, `BREAKER_OPEN_MS`, `BACKEND_TIMEOUT_MS`
async fn breakers() -> Outcome {
    let stack = testkit::stack().await?;
    let proxies = Proxies::before(stack).await?;
    let fleet = Fleet::ready(stack, &[], Some(&proxies)).await?;
    proxies.stall("mysql");
    let path = "/examples/database/mysql/query";
    let refused = |error: &str, wait: &str| Expectation {
        status: Some(503),
        headers: BTreeMap::from([("Retry-After".to_owned(), Some(wait.to_owned()))]),
        has: Some(json!({ "error": error })),
        ..Expectation::default()
    };
    let mut steps: Vec<Step> = (0..5).map(|_| step(path, refused("DatabaseConnectionError", "1"))).collect();
    steps.push(step(path, refused("CircuitBreakerError", "<integer 50..60>")));
    agree(&fleet, "breakers", steps).await
}

/// `HEALTH_CACHE_MS`, `SECRET_CACHE_MS`
async fn caches() -> Outcome {
    let stack = testkit::stack().await?;
    let proxies = Proxies::before(stack).await?;
    let fleet = Fleet::ready(stack, &[], Some(&proxies)).await?;
    let kept = [
        ("/examples/vault/secret/postgres", json!({ "service": "postgres" })),
        ("/health/all", json!({ "status": "healthy" })),
    ];
    let steps = || kept.clone().map(|(path, has)| step(path, Expectation { has: Some(has), ..status(200) }));
    agree(&fleet, "caches_before", steps().into()).await?;
    proxies.cut("vault").await?;
    agree(&fleet, "caches_after", steps().into()).await
}

fn status(status: u16) -> Expectation {
    Expectation { status: Some(status), ..Expectation::default() }
}

fn step(path: &str, expect: Expectation) -> Step {
    Step { expect: Some(expect), ..Step::new(Request::new("GET", path)) }
}

async fn agree(fleet: &Fleet, name: &str, steps: Vec<Step>) -> Outcome {
    let case = case(&format!("defaults::{name}"), "defaults", steps);
    let failure = report::terminal::failure(&fleet.engine(config()?)?.run_case(&case).await);
    if failure.is_empty() { Ok(()) } else { Err(failure.into()) }
}
