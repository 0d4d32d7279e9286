//! What a server says of its requests on standard output.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use testkit::{Namespace, eventually};

use crate::expected::Expected;
use crate::problem::Problem;
use crate::server::Server;
use crate::suite::{Suite, cases};
use crate::wire::Request;
use crate::{BoxError, LIMIT, Outcome};

cases![
    every_request_is_one_line_of_its_own,
    every_line_is_json_with_the_same_beginning,
    a_failure_has_its_cause_in_the_log_alone,
    nothing_secret_is_said_at_the_most_talkative,
    lines_can_be_written_for_people,
];

/// The members that begin every line, in their order.
const FIRST: [&str; 5] = ["timestamp", "level", "message", "service", "request_id"];
/// Those that follow in the line of a request.
const OF_REQUEST: [&str; 4] = ["method", "endpoint", "status", "duration_ms"];

/// The line of the request with that id.
async fn line_of(server: &Server, id: &str) -> Result<Value, BoxError> {
    let look = async || {
        let is_it = |line: &Value| line["request_id"] == id && line.get("status").is_some();
        server.output().find(is_it).ok_or("no such line")
    };
    Ok(eventually(LIMIT, "the line of a request", look).await?)
}

fn names(line: &Value) -> Vec<&str> {
    line.as_object().into_iter().flat_map(|members| members.keys()).map(String::as_str).collect()
}

async fn every_request_is_one_line_of_its_own(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    for (method, target, endpoint, status, said) in [
        ("GET", "/health/", "/health/", 200, "GET"),
        ("GET", "/health", "/health/", 200, "GET"),
        ("HEAD", "/", "/", 200, "HEAD"),
        ("OPTIONS", "/metrics", "/metrics", 204, "OPTIONS"),
        ("GET", "/nosuch/telling", "unmatched", 404, "GET"),
        ("BREW", "/docs", "/docs", 405, "OTHER"),
        ("GET", "/examples/cache/telling%20", "/examples/cache/{key}", 422, "GET"),
        ("GET", "/redis/nodes/telling/info", "/redis/nodes/{node_name}/info", 404, "GET"),
    ] {
        let id = Namespace::new().queue("log");
        server.ask(&Request::new(method, target).header("X-Request-ID", &id)).await?;
        let line = line_of(&server, &id).await?;
        let is_right = names(&line).starts_with(&[FIRST.as_slice(), OF_REQUEST.as_slice()].concat())
            && line["service"] == suite.target.name
            && line["level"] == "INFO"
            && line["method"] == said
            && line["endpoint"] == endpoint
            && line["status"] == status
            && line["duration_ms"].as_f64().is_some_and(|duration| duration >= 0.0);
        if !is_right || line.to_string().contains("telling") {
            return Err(format!("{method} {target}: {line}").into());
        }
        let lines = server.output().lines();
        let of_request =
            lines.iter().filter(|line| line.contains(&id) && line.contains(r#""status":"#)).count();
        if of_request != 1 {
            return Err(format!("{method} {target} has {of_request} lines").into());
        }
    }
    Ok(())
}

async fn every_line_is_json_with_the_same_beginning(suite: Arc<Suite>) -> Outcome {
    let server = suite.launch().ready().await?;
    server.terminate()?;
    let mut server = server;
    server.end().await?;
    for text in server.output().lines() {
        let line: Value = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
        let time: DateTime<Utc> = line["timestamp"].as_str().unwrap_or_default().parse()?;
        let is_right = names(&line).starts_with(&FIRST)
            && line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z'))
            && (Utc::now() - time).num_minutes() < 5
            && line["service"] == suite.target.name
            && line["message"].as_str().is_some_and(|message| !message.is_empty());
        if !is_right {
            return Err(format!("{line}").into());
        }
    }
    server.check_output()
}

async fn a_failure_has_its_cause_in_the_log_alone(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let key = Namespace::new().key("list");
    crate::backends::redis::<i64>(suite.stack, redis::cmd("RPUSH").arg(&key).arg("x")).await?;
    let id = Namespace::new().queue("log");
    let request = Request::get(format!("/examples/cache/{key}")).header("X-Request-ID", &id);
    server.expect(&request, Problem::internal()).await?;
    let look = async || {
        let is_it = |line: &Value| line["request_id"] == id.as_str() && line["level"] == "ERROR";
        server.output().find(is_it).ok_or("no such line")
    };
    let line = eventually(LIMIT, "a line with the cause", look).await?;
    if names(&line).len() <= FIRST.len() {
        return Err(format!("it tells no cause: {line}").into());
    }
    let delete = Request::delete(format!("/examples/cache/{key}"));
    server.expect(&delete, Expected::media(crate::expected::JSON)).await.map(drop)
}

async fn nothing_secret_is_said_at_the_most_talkative(suite: Arc<Suite>) -> Outcome {
    let server = suite.launch().set("RUST_LOG", "trace").set("SECRET_CACHE_MS", "0").ready().await?;
    for backend in testkit::BACKENDS {
        for request in super::failures::requests(backend) {
            if !request.path().ends_with("/publish") {
                server.ask(&request).await?;
            }
        }
    }
    server.ask(&Request::get("/health/ready")).await?;
    // Stopping looks through all that it has said.
    server.stop().await
}

async fn lines_can_be_written_for_people(suite: Arc<Suite>) -> Outcome {
    let mut process = suite.launch().set("LOG_FORMAT", "pretty").spawn()?;
    let said = async || {
        let text = process.output.text();
        if text.contains("serving") { Ok(text) } else { Err(text) }
    };
    let text = eventually(LIMIT, "a server that serves", said).await?;
    process.terminate()?;
    process.end().await?;
    if text.lines().any(|line| line.starts_with('{')) {
        Err(format!("JSON among it: {text}").into())
    } else {
        Ok(())
    }
}
