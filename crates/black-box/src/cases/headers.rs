//! Headers of answers, and who may read them from a browser.
//!
//! What every answer has is held to on every answer of this suite; here is what depends on the request.

use std::sync::Arc;

use crate::expected::Expected;
use crate::problem::Problem;
use crate::rows::Rows;
use crate::suite::{Suite, cases};
use crate::wire::Request;
use crate::{BoxError, Outcome};

cases![
    a_well_formed_request_id_is_taken_over_and_any_other_replaced,
    what_the_client_would_like_is_not_looked_at,
    a_listed_origin_may_read_every_answer,
    a_preflight_is_answered_by_its_origin,
    origins_can_be_set,
];

const EXPOSED: &str =
    "retry-after, x-request-id, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset";
const ALLOWED_HEADERS: &str = "content-type, traceparent, x-request-id";
const LISTED: [&str; 6] = [
    "http://localhost:3000",
    "http://localhost:8000",
    "http://localhost:8001",
    "http://localhost:8002",
    "http://localhost:8003",
    "http://localhost:8004",
];

fn health() -> Expected {
    Expected::json(r#"{"status":"ok"}"#)
}

/// The same answer, as a page of that origin may read it.
fn readable(expected: impl Into<Expected>, origin: &str) -> Expected {
    expected
        .into()
        .header("Access-Control-Allow-Origin", origin)
        .header("Access-Control-Expose-Headers", EXPOSED)
}

async fn a_well_formed_request_id_is_taken_over_and_any_other_replaced(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    let (longest, long) = ("i".repeat(128), "i".repeat(129));
    // Which of them are well formed, the judge of every answer knows.
    for id in [
        "a",
        "A.b_c-9",
        "9b2f6a54-8f0e-4c39-9d62-0c5d7be1a0f3",
        ".",
        &longest,
        &long,
        "",
        "a b",
        "a,b",
        "a/b",
        "a\"b",
        "ключ",
        "a;b",
        "<b>",
    ] {
        let why = format!("the id {id:?}");
        rows.row(&why, Request::get("/health/").header("X-Request-ID", id), health()).await;
        // In an error it is in the body, too.
        rows.row(&why, Request::get("/nosuch").header("x-request-id", id), Problem::no_route()).await;
    }
    let twice = Request::get("/health/").header("X-Request-ID", "a").header("X-Request-ID", "a");
    rows.row("two ids are not one", twice, health()).await;
    rows.outcome()?;
    let ids = [server.ask(&Request::get("/health/")).await?, server.ask(&Request::get("/health/")).await?];
    let [one, other] = ids.each_ref().map(|answer| answer.header("X-Request-ID"));
    if one == other { Err(BoxError::from(format!("two requests have the id {one:?}"))) } else { Ok(()) }
}

async fn what_the_client_would_like_is_not_looked_at(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    for (name, value) in [
        ("Accept", "text/html"),
        ("Accept", "application/xml;q=1, */*;q=0"),
        ("Accept-Encoding", "gzip, br, zstd"),
        ("Accept-Charset", "utf-16"),
        ("Accept-Language", "de"),
        ("Range", "bytes=0-1"),
        ("If-None-Match", "*"),
        ("If-Match", "\"x\""),
        ("If-Modified-Since", "Sat, 21 Nov 2099 11:00:00 GMT"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Original-URL", "/nosuch"),
        ("X-Rewrite-URL", "/nosuch"),
        ("X-Forwarded-Prefix", "/nosuch"),
        ("TE", "trailers"),
        ("Cookie", "a=b"),
        ("Authorization", "Basic YTpi"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("traceparent", "nonsense"),
    ] {
        let why = format!("{name}: {value}");
        rows.row(&why, Request::get("/health/").header(name, value), health()).await;
    }
    let page =
        Request::get("/docs").header("Accept-Encoding", "gzip, br").header("Accept", "application/json");
    rows.row("a page is a page", page, Expected::media("text/html; charset=utf-8")).await;
    rows.outcome()
}

async fn a_listed_origin_may_read_every_answer(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    for origin in LISTED {
        let request = |request: Request| request.header("Origin", origin);
        rows.row(origin, request(Request::get("/health/")), readable(health(), origin)).await;
        rows.row(origin, request(Request::get("/nosuch")), readable(Problem::no_route(), origin)).await;
        let fault = crate::problem::Fault::missing(crate::problem::query("value"));
        let invalid = Problem::invalid(&[fault]);
        rows.row(origin, request(Request::post("/examples/cache/a")), readable(invalid, origin)).await;
        let refused = Expected::from(Problem::method_not_allowed()).header("Allow", "GET, HEAD, OPTIONS");
        rows.row(origin, request(Request::delete("/")), readable(refused, origin)).await;
        let options = Expected::no_content().header("Allow", "GET, HEAD, OPTIONS");
        rows.row(origin, request(Request::options("/")), readable(options, origin)).await;
    }
    for origin in [
        "http://localhost:3001",
        "https://localhost:3000",
        "http://localhost:30000",
        "http://LOCALHOST:3000",
        "http://localhost:3000/",
        "http://evil.example",
        "http://localhost:3000.evil.example",
        "null",
        "*",
        "",
    ] {
        let why = format!("{origin:?} is not listed");
        rows.row(&why, Request::get("/health/").header("Origin", origin), health()).await;
    }
    rows.outcome()
}

async fn a_preflight_is_answered_by_its_origin(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    let preflight = |path: &str, origin: &str, method: &str| {
        Request::options(path).header("Origin", origin).header("Access-Control-Request-Method", method)
    };
    for (path, allow) in [
        ("/health/", "GET, HEAD, OPTIONS"),
        ("/examples/cache/a", "DELETE, GET, HEAD, OPTIONS, POST"),
        ("/examples/messaging/publish", "OPTIONS, POST"),
    ] {
        // What is asked for is not looked at: the browser compares.
        for method in ["GET", "POST", "BREW"] {
            let why = format!("a page of a listed origin asks for {method} {path}");
            let expected = readable(Expected::no_content(), LISTED[0])
                .header("Access-Control-Allow-Methods", allow)
                .header("Access-Control-Allow-Headers", ALLOWED_HEADERS)
                .header("Access-Control-Max-Age", "600");
            let request =
                preflight(path, LISTED[0], method).header("Access-Control-Request-Headers", "x-evil");
            rows.row(&why, request, expected).await;
        }
        let why = format!("a page of another origin asks for {path}");
        rows.row(&why, preflight(path, "http://evil.example", "GET"), Expected::no_content()).await;
    }
    rows.row(
        "without an origin it is no preflight",
        Request::options("/health/").header("Access-Control-Request-Method", "GET"),
        Expected::no_content().header("Allow", "GET, HEAD, OPTIONS"),
    )
    .await;
    rows.row(
        "an unknown path has no preflight",
        preflight("/nosuch", "http://evil.example", "GET"),
        Problem::no_route(),
    )
    .await;
    rows.row(
        "an unknown path has no preflight, which a listed origin may read",
        preflight("/nosuch", LISTED[0], "GET"),
        readable(Problem::no_route(), LISTED[0]),
    )
    .await;
    rows.outcome()
}

async fn origins_can_be_set(suite: Arc<Suite>) -> Outcome {
    let server = suite.launch().set("CORS_ORIGINS", "https://a.example,http://b.example:81").start().await?;
    let mut rows = Rows::new(&server);
    for origin in ["https://a.example", "http://b.example:81"] {
        let request = Request::get("/health/").header("Origin", origin);
        rows.row(origin, request, readable(health(), origin)).await;
    }
    let request = Request::get("/health/").header("Origin", LISTED[0]);
    rows.row("the default is replaced, not added to", request, health()).await;
    rows.outcome()?;
    server.stop().await
}
