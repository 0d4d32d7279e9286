//! Which path and method is whose: every path of the contract, and what is next to it.

use std::sync::Arc;

use super::paths::PATHS;
use crate::Outcome;
use crate::expected::Expected;
use crate::problem::Problem;
use crate::rows::Rows;
use crate::suite::{Suite, cases};
use crate::wire::Request;

cases![
    every_path_answers_options_with_its_methods,
    every_other_method_on_every_path_is_405,
    a_path_is_matched_as_it_was_sent,
    head_is_get_without_the_body,
    a_query_makes_no_other_route,
];

fn not_allowed(allow: &str) -> Expected {
    Expected::from(Problem::method_not_allowed()).header("Allow", allow)
}

async fn every_path_answers_options_with_its_methods(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    for (path, allow) in PATHS {
        rows.row(path, Request::options(path), Expected::no_content().header("Allow", allow)).await;
    }
    rows.row("an unknown path has no methods", Request::options("/nosuch"), Problem::no_route()).await;
    rows.row("the whole server is no path", Request::options("*"), Problem::no_route()).await;
    rows.outcome()
}

async fn every_other_method_on_every_path_is_405(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    for (path, allow) in PATHS {
        for method in ["GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "TRACE", "BREW", "get", "Options"] {
            if allow.split(", ").any(|allowed| allowed == method) {
                continue;
            }
            let why = format!("{method} {path}");
            let expected = if method == "HEAD" { not_allowed(allow).withheld() } else { not_allowed(allow) };
            rows.row(&why, Request::new(method, path), expected).await;
        }
    }
    for method in ["GET", "POST", "BREW", "get", "TRACE"] {
        let why = format!("{method} on an unknown path");
        rows.row(&why, Request::new(method, "/nosuch"), Problem::no_route()).await;
    }
    rows.row(
        "HEAD on an unknown path",
        Request::head("/nosuch"),
        Expected::from(Problem::no_route()).withheld(),
    )
    .await;
    rows.row("CONNECT is no route", Request::new("CONNECT", "localhost:80"), Problem::no_route()).await;
    rows.outcome()
}

async fn a_path_is_matched_as_it_was_sent(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    for (why, path) in [
        ("an encoded letter is another letter", "/%68ealth/"),
        ("an encoded letter in small digits, too", "/healt%68"),
        ("an encoded slash divides no segments", "/health%2F"),
        ("an encoded slash divides no segments, further on", "/health%2Fall"),
        ("an encoded question mark begins no query", "/health/%3Fa"),
        ("an encoded dot is no dot", "/openapi%2Ejson"),
        ("two slashes are not one, before", "//health/"),
        ("two slashes are not one, after", "/health//"),
        ("two slashes are not one, between", "/health//all"),
        ("two slashes are not the root", "//"),
        ("dots go nowhere", "/health/../health/"),
        ("dots go nowhere, alone", "/."),
        ("dots go nowhere, below a page", "/docs/../health/"),
        ("encoded dots go nowhere", "/health/%2e%2e/health/"),
        ("case matters", "/Health/"),
        ("a trailing slash is another path", "/health/all/"),
        ("a trailing slash is another path, after a parameter", "/examples/cache/a/"),
        ("a trailing slash is another path, of a page", "/docs/"),
        ("a trailing slash is another path, of the other page", "/redoc/"),
        ("a trailing slash is another path, of the metrics", "/metrics/"),
        ("a missing last segment is another path", "/examples/messaging/queue/a"),
        ("an empty parameter is none", "/examples/cache/"),
        ("an empty parameter is none, without its slash", "/examples/cache"),
        ("an empty parameter is none, between", "/examples/messaging/queue//info"),
        ("an empty parameter is none, before another", "/examples/vault/secret//user"),
        ("an empty parameter is none, after another", "/examples/vault/secret/postgres/"),
        ("a parameter is one segment", "/examples/cache/a/b"),
        ("a parameter of path matrix style is none", "/health/;a=b"),
        ("a common name", "/favicon.ico"),
        ("another common name", "/robots.txt"),
    ] {
        rows.row(why, Request::get(path), Problem::no_route()).await;
    }
    // A parameter takes whatever is in its segment; what it may be is decided afterwards.
    let absent =
        |key: &str| Expected::json(format!(r#"{{"key":"{key}","value":null,"exists":false,"ttl":null}}"#));
    for (why, path, key) in [
        ("a parameter is decoded", "/examples/cache/%6eosuch", "nosuch"),
        ("a parameter may be dots", "/examples/cache/..", ".."),
        ("a parameter may be encoded dots", "/examples/cache/%2e%2E", ".."),
        ("a parameter may be a word of another route", "/examples/cache/cache", "cache"),
    ] {
        rows.row(why, Request::get(path), absent(key)).await;
    }
    rows.outcome()
}

async fn head_is_get_without_the_body(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    for (path, allow) in PATHS {
        if !allow.contains("GET") {
            continue;
        }
        let outcome = async {
            let (get, head) =
                (server.ask(&Request::get(path)).await?, server.ask(&Request::head(path)).await?);
            let kept = |answer: &crate::wire::Answer| {
                // What may differ between any two answers, and the length of bodies that live.
                const OPEN: [&str; 4] =
                    ["date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset"];
                let is_live = path == "/metrics" || path.contains("redis") || path.ends_with("/info");
                let mut headers: Vec<(String, String)> = answer
                    .headers
                    .iter()
                    .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
                    .filter(|(name, _)| !OPEN.contains(&name.as_str()))
                    .map(|(name, value)| {
                        let value = if is_live && name == "content-length" { String::new() } else { value };
                        (name, value)
                    })
                    .collect();
                headers.sort();
                (answer.status, headers)
            };
            if kept(&get) == kept(&head) && head.body.is_empty() {
                return Ok(());
            }
            Err(format!("    GET:  {get}\n    HEAD: {head}").into())
        };
        let outcome = outcome.await;
        rows.note(path, outcome);
    }
    rows.outcome()
}

async fn a_query_makes_no_other_route(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    for target in
        ["/health/?", "/health/?a=b", "/health/?%zz", "/health/?%FF", "/health/?/../x", "/health/?a?b"]
    {
        rows.row(target, Request::get(target), Expected::json(r#"{"status":"ok"}"#)).await;
    }
    rows.row("an unknown path with a query", Request::get("/nosuch?a=b"), Problem::no_route()).await;
    rows.outcome()
}
