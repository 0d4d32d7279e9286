//! Values that mean harm: refused before any backend is asked, and nothing of them arrives there.

use std::sync::Arc;

use super::messaging::{publish, published};
use crate::backends::Broker;
use crate::expected::{Expected, JSON};
use crate::suite::{Suite, cases};
use crate::wire::Request;
use crate::{BoxError, Outcome};
use testkit::{Namespace, Proxies};

cases![nothing_of_a_hostile_value_arrives_at_a_backend];

/// Values for a segment or a query, percent-encoded.
const VALUES: [(&str, &str); 18] = [
    ("the way out of a folder", "..%2f..%2fsys%2fseal"),
    ("the way out of a folder, backwards", "..%5c..%5csys"),
    ("the way out of a folder, in another form", "%2e%2e%2fsys"),
    ("a slash that looks like another", "..%E2%88%95sys"),
    ("a slash that is normalised to one", "..%EF%BC%8Fsys"),
    ("a NUL in the middle", "a%00b"),
    ("a NUL at the end", "a%00"),
    ("line ends of HTTP", "a%0d%0aX-Evil:%201"),
    ("a command of Redis", "a%0d%0aFLUSHALL%0d%0a"),
    ("a letter that looks like another", "p%D0%BEstgres"),
    ("a letter that is normalised to another", "%EF%BD%81"),
    ("a sign that cannot be seen", "a%E2%80%8Bb"),
    ("text from right to left", "a%E2%80%AEb"),
    ("a hash tag", "%7Ba%7Db"),
    ("a quote and a comment", "a'--"),
    ("an operator of MongoDB", "%24where"),
    ("a wildcard", "*"),
    ("a template", "%7B%7B7*7%7D%7D"),
];

/// A frame of AMQP's own heartbeat, which both sides send by themselves: type, channel, length, end.
const HEARTBEAT: u64 = 8;

/// More heartbeats than there can be while this case lasts.
const HEARTBEATS: u64 = 12;

async fn nothing_of_a_hostile_value_arrives_at_a_backend(suite: Arc<Suite>) -> Outcome {
    let proxies = Proxies::before(suite.stack).await?;
    let server = suite.launch().through(&proxies).ready().await?;
    // One good request to each, so that every connection is made and every slot known.
    for target in [
        "/examples/vault/secret/nosuch",
        "/examples/cache/nosuch",
        "/examples/messaging/queue/nosuch/info",
        "/redis/nodes/redis-1/info",
    ] {
        server.ask(&Request::get(target)).await?;
    }
    // Looking at a queue and declaring one leave a channel to be closed, which is done after the answer. The second
    // message needs no channel of its own, and when it is confirmed all that came before it has been sent.
    let queue = Namespace::new().queue("before");
    for _ in 0..2 {
        server.expect(&publish(&queue).json(r#"{"a":1}"#), published(&queue, r#"{"a":1}"#)).await?;
    }
    let count = || ["vault", "redis", "rabbitmq"].map(|backend| proxies.bytes_to(backend));
    let before = count();
    let long = "a".repeat(10_000);
    let wide = "%F0%9D%84%9E".repeat(5_000);
    let values = VALUES.iter().map(|(_, value)| *value).chain([long.as_str(), wide.as_str()]);
    let mut failures = Vec::new();
    for value in values {
        for request in [
            Request::get(format!("/examples/vault/secret/{value}")),
            Request::get(format!("/examples/vault/secret/{value}/password")),
            Request::get(format!("/examples/vault/secret/postgres/{value}")),
            Request::get(format!("/examples/cache/{value}")),
            Request::post(format!("/examples/cache/{value}?value=x")),
            Request::post(format!("/examples/cache/a?value=x&ttl={value}")),
            Request::delete(format!("/examples/cache/{value}")),
            Request::post(format!("/examples/messaging/publish?queue_name={value}")).json(r#"{"a":1}"#),
            Request::get(format!("/examples/messaging/queue/{value}/info")),
            Request::get(format!("/redis/nodes/{value}/info")),
        ] {
            let status = if request.path().starts_with("/redis/nodes") { 404 } else { 422 };
            // Which faults there are is each operation's own case.
            if let Err(error) = server.expect(&request, Expected::media(JSON).status(status)).await {
                failures.push(error.to_string());
            }
        }
    }
    if !failures.is_empty() {
        return Err(failures.join("\n\n").into());
    }
    let grown: Vec<u64> = count().iter().zip(before).map(|(after, before)| after - before).collect();
    let is_quiet =
        grown[..2] == [0, 0] && grown[2].is_multiple_of(HEARTBEAT) && grown[2] <= HEARTBEATS * HEARTBEAT;
    if !is_quiet {
        return Err(BoxError::from(format!("bytes went to Vault, Redis, RabbitMQ: {grown:?}")));
    }
    Broker::of(suite.stack).await?.delete(&queue).await?;
    server.stop().await
}
