//! Circuit breakers, each on a server of its own whose backend is behind a proxy.

use std::sync::Arc;

use super::failures::requests;
use crate::expected::{Expected, JSON};
use crate::problem::Problem;
use crate::rows::Rows;
use crate::server::Server;
use crate::suite::{Suite, cases};
use crate::wire::Request;
use crate::{BoxError, LIMIT, Outcome};
use testkit::{BACKENDS, Proxies, eventually};

cases![
    each_breaker_opens_by_itself_and_keeps_requests_from_a_backend_that_is_back,
    a_breaker_lets_one_probe_through_and_closes_when_it_succeeds,
    a_breaker_opens_after_five_failures_for_a_minute,
    what_is_no_failure_of_the_backend_does_not_count,
];

/// The gauge of a breaker: 0 closed, 1 half-open, 2 open.
async fn state(server: &Server, backend: &str) -> Result<String, BoxError> {
    let text = server.ask(&Request::get("/metrics")).await?.text();
    let name = format!(r#"circuit_breaker_state{{backend="{backend}"}} "#);
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    Ok(line.ok_or_else(|| format!("the metrics have no {name}"))?.to_owned())
}

fn first(backend: &str) -> Result<Request, BoxError> {
    Ok(requests(backend).into_iter().next().ok_or("no request needs the backend")?)
}

async fn each_breaker_opens_by_itself_and_keeps_requests_from_a_backend_that_is_back(
    suite: Arc<Suite>,
) -> Outcome {
    let proxies = Proxies::before(suite.stack).await?;
    let launch =
        suite.launch().set("BREAKER_FAILURES", "3").set("SECRET_CACHE_MS", "0").set("HEALTH_CACHE_MS", "0");
    let server = launch.through(&proxies).ready().await?;
    let mut rows = Rows::new(&server);
    for backend in BACKENDS {
        let request = first(backend)?;
        let closed = state(&server, backend).await?;
        rows.note(backend, is("closed", &closed, "0"));
        proxies.cut(backend).await?;
        // Two failures and a success leave it as it was.
        for _ in 0..2 {
            rows.row("a failure", request.clone(), Problem::unavailable(backend)).await;
        }
        proxies.restore(backend).await?;
        let back = async || server.expect(&request, Expected::media(JSON)).await;
        eventually(LIMIT, "a backend that is back", back).await?;
    }
    for backend in BACKENDS {
        proxies.cut(backend).await?;
        for request in std::iter::repeat_n(first(backend)?, 3) {
            rows.row("one of three failures in a row", request, Problem::unavailable(backend)).await;
        }
        rows.note(backend, is("open", &state(&server, backend).await?, "2"));
        proxies.restore(backend).await?;
        // The health page goes round the breaker, and says that the backend is back.
        let page = Request::get(format!("/health/{backend}"));
        let healthy = async || {
            let answer = server.expect(&page, Expected::media(JSON)).await?;
            if answer.text().starts_with(r#"{"status":"healthy""#) {
                Ok(())
            } else {
                Err(BoxError::from(answer.text()))
            }
        };
        eventually(LIMIT, "a backend that is healthy", healthy).await?;
        // Were it asked, it would answer.
        for request in requests(backend) {
            rows.row("the breaker is open", request, Problem::circuit_open(backend, 60)).await;
        }
        rows.note(backend, is("open, whatever the health page found", &state(&server, backend).await?, "2"));
    }
    rows.outcome()?;
    server.stop().await
}

fn is(what: &str, found: &str, expected: &str) -> Outcome {
    if found == expected {
        Ok(())
    } else {
        Err(format!("the gauge of a breaker that is {what}: {found}").into())
    }
}

async fn a_breaker_lets_one_probe_through_and_closes_when_it_succeeds(suite: Arc<Suite>) -> Outcome {
    const AT_ONCE: usize = 12;
    let proxies = Proxies::before(suite.stack).await?;
    let launch = suite.launch().set("BREAKER_FAILURES", "2").set("BREAKER_OPEN_MS", "500");
    let server = launch.through(&proxies).ready().await?;
    let request = first("postgres")?;
    proxies.cut("postgres").await?;
    for _ in 0..2 {
        server.expect(&request, Problem::unavailable("postgres")).await?;
    }
    // From here on a request that is let through hangs for as long as a call may take, and the others of its round
    // are answered at once.
    proxies.restore("postgres").await?;
    proxies.stall("postgres");
    let probed = async || {
        let round = std::iter::repeat_with(|| server.ask(&request)).take(AT_ONCE);
        let mut asked = 0;
        for answer in join(round).await? {
            let expected = if answer.text().contains("CircuitBreakerError") {
                Problem::circuit_open("postgres", 1)
            } else {
                asked += 1;
                Problem::unavailable("postgres")
            };
            server.check(&request, &expected.into(), &answer)?;
        }
        match asked {
            0 => Ok(Err("no request was let through yet")),
            1 => Ok(Ok(())),
            more => Err(BoxError::from(format!("{more} of {AT_ONCE} requests were let through as probes"))),
        }
    };
    // A round in which more than one was let through ends the wait with its failure.
    let outcome = eventually(LIMIT, "a round with a probe", async || match probed().await {
        Ok(Ok(())) => Ok(Ok(())),
        Ok(Err(nothing)) => Err(nothing),
        Err(error) => Ok(Err(error)),
    });
    outcome.await??;
    // The probe failed, so that it is open again; the next one succeeds and closes it for all.
    proxies.restore("postgres").await?;
    let back = async || server.expect(&request, Expected::media(JSON)).await;
    eventually(LIMIT, "a breaker that is closed", back).await?;
    is("closed", &state(&server, "postgres").await?, "0")?;
    // One after another: as many new connections at once may take a busy machine longer than a call may.
    for _ in 0..AT_ONCE {
        server.expect(&request, Expected::media(JSON)).await?;
    }
    server.stop().await
}

/// Waits for all of them at once.
async fn join<T>(
    futures: impl Iterator<Item = impl Future<Output = Result<T, BoxError>>>,
) -> Result<Vec<T>, BoxError> {
    let mut pending: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = pending.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, slot) in pending.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let std::task::Poll::Ready(outcome) = future.as_mut().poll(context)
            {
                match outcome {
                    Ok(value) => *slot = Some(value),
                    Err(error) => return std::task::Poll::Ready(Err(error)),
                }
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(Ok(()))
        } else {
            std::task::Poll::Pending
        }
    })
    .await?;
    Ok(done.into_iter().flatten().collect())
}

async fn a_breaker_opens_after_five_failures_for_a_minute(suite: Arc<Suite>) -> Outcome {
    let proxies = Proxies::before(suite.stack).await?;
    let server = suite.launch().set("HEALTH_CACHE_MS", "0").through(&proxies).ready().await?;
    let request = first("mysql")?;
    proxies.cut("mysql").await?;
    for _ in 0..5 {
        server.expect(&request, Problem::unavailable("mysql")).await?;
    }
    let answer = server.expect(&request, Problem::circuit_open("mysql", 60)).await?;
    // Rounded up, it is the whole minute; a machine that stood still in between may have lost some of it.
    let seconds: u64 = answer.header("Retry-After").unwrap_or_default().parse()?;
    if seconds < 50 {
        return Err(format!("the next probe is due in {seconds} s instead of about 60").into());
    }
    server.stop().await
}

async fn what_is_no_failure_of_the_backend_does_not_count(suite: Arc<Suite>) -> Outcome {
    let launch = suite.launch().set("BREAKER_FAILURES", "1").set("HEALTH_CACHE_MS", "0");
    let server = launch.ready().await?;
    let key = testkit::Namespace::new().key("list");
    crate::backends::redis::<i64>(suite.stack, redis::cmd("RPUSH").arg(&key).arg("x")).await?;
    let mut rows = Rows::new(&server);
    let at = format!("/examples/cache/{key}");
    rows.row("a value of another type is no failure of Redis", Request::get(&at), Problem::internal()).await;
    rows.row("the breaker is closed", Request::delete(&at), Expected::media(JSON)).await;
    let unknown = Request::get("/examples/vault/secret/nosuch");
    rows.row("an unknown secret is no failure of Vault", unknown, Problem::no_secret("nosuch")).await;
    let known = Request::get("/examples/vault/secret/postgres");
    rows.row("the breaker is closed", known, Expected::media(JSON)).await;
    for _ in 0..2 {
        let queue = Request::get("/examples/messaging/queue/nosuch/info");
        rows.row("an unknown queue is no failure of RabbitMQ", queue, Expected::media(JSON)).await;
    }
    rows.outcome()?;
    server.stop().await
}
