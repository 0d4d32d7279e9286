//! How the process and its backends are, while all is well. What is not well is in [`super::failures`].

use std::sync::Arc;

use testkit::Service;

use crate::Outcome;
use crate::expected::Expected;
use crate::rows::Rows;
use crate::suite::{Suite, cases};
use crate::wire::Request;

cases![the_process_answers, each_backend_is_healthy, all_backends_are_healthy_together];

const VAULT: &str = r#"{"status":"healthy","details":{"initialized":true,"sealed":false,"standby":false,"version":"<text>"}}"#;
const VERSION: &str = r#"{"status":"healthy","version":"<text>"}"#;

/// The page of a healthy cluster whose nodes are configured with these ports.
fn redis(suite: &Suite) -> String {
    let nodes = Service::REDIS.map(|service| {
        let address = suite.stack.address(service);
        format!(
            r#"{{"host":"{}","port":{},"status":"healthy","version":"<text>","role":"master","connected_clients":<integer>,"used_memory_human":"<text>"}}"#,
            address.ip(),
            address.port()
        )
    });
    format!(
        r#"{{"status":"healthy","cluster_enabled":true,"cluster_state":"ok","nodes":[{}],"total_nodes":3}}"#,
        nodes.join(",")
    )
}

async fn the_process_answers(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    for path in ["/health/", "/health"] {
        rows.row(path, Request::get(path), Expected::json(r#"{"status":"ok"}"#)).await;
    }
    rows.outcome()
}

async fn each_backend_is_healthy(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    for (backend, body) in [
        ("vault", VAULT),
        ("postgres", VERSION),
        ("mysql", VERSION),
        ("mongodb", VERSION),
        ("redis", &redis(&suite)),
        ("rabbitmq", VERSION),
    ] {
        rows.row(backend, Request::get(format!("/health/{backend}")), Expected::json(body)).await;
    }
    rows.outcome()
}

async fn all_backends_are_healthy_together(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let body = format!(
        r#"{{"status":"healthy","services":{{"vault":{VAULT},"postgres":{VERSION},"mysql":{VERSION},"mongodb":{VERSION},"redis":{},"rabbitmq":{VERSION}}}}}"#,
        redis(&suite)
    );
    let mut rows = Rows::new(&server);
    for path in ["/health/all", "/health/ready"] {
        rows.row(path, Request::get(path), Expected::json(&body)).await;
    }
    rows.outcome()
}
