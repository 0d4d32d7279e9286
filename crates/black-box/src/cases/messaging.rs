//! Publishing messages and looking at queues.

use std::sync::Arc;

use testkit::Namespace;

use crate::Outcome;
use crate::backends::Broker;
use crate::expected::Expected;
use crate::problem::{Fault, Problem, path, query};
use crate::rows::Rows;
use crate::suite::{Suite, cases};
use crate::wire::Request;

cases![
    a_message_is_echoed_and_enqueued_byte_for_byte,
    looking_at_a_queue_counts_exactly_and_never_makes_one,
    every_fault_of_the_queue_and_the_message_is_told,
    a_queue_name_in_the_path_follows_the_same_rules,
];

const PATTERN: &str = "^[a-zA-Z0-9_.-]+$";
const RESERVED: &str = r"^(?!amq\.)[a-zA-Z0-9_.-]+$";

pub(super) fn publish(queue: &str) -> Request {
    Request::post(format!("/examples/messaging/publish?queue_name={queue}"))
}

fn info(queue: &str) -> Request {
    Request::get(format!("/examples/messaging/queue/{queue}/info"))
}

pub(super) fn published(queue: &str, message: &str) -> Expected {
    Expected::json(format!(r#"{{"queue":"{queue}","message":{message},"action":"published"}}"#))
}

fn found(queue: &str, messages: u64) -> Expected {
    Expected::json(format!(
        r#"{{"queue":"{queue}","exists":true,"message_count":{messages},"consumer_count":0}}"#
    ))
}

pub(super) fn unknown(queue: &str) -> Expected {
    Expected::json(format!(
        r#"{{"queue":"{queue}","exists":false,"message_count":null,"consumer_count":null}}"#
    ))
}

async fn a_message_is_echoed_and_enqueued_byte_for_byte(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let broker = Broker::of(suite.stack).await?;
    let queue = Namespace::new().queue("echo");
    let deepest = format!("{}1{}", r#"{"a":"#.repeat(127), "}".repeat(127));
    let shallow_but_long = format!(r#"{{"a":"{}"}}"#, "x".repeat(1024 * 1024 - 8));
    let mut rows = Rows::new(&server);
    for (why, message) in [
        ("an ordinary message", r#"{"order":1,"items":["a","b"]}"#),
        ("the order of members is kept", r#"{"z":1,"a":2,"m":3}"#),
        ("white space inside is kept", "{ \"a\" :\t1 ,\r\n \"b\":[ ] }"),
        ("repeated names are kept", r#"{"a":1,"a":2}"#),
        ("big numbers are kept", r#"{"a":123456789012345678901234567890,"b":1e400,"c":-0,"d":1.0,"e":1E+2}"#),
        ("escapes are kept as they are", r#"{"\u0061":"\/\u00e9\n\u0000"}"#),
        ("lone surrogates are kept", r#"{"a":"\ud800"}"#),
        ("text beyond ASCII is kept", r#"{"ключ":"值 𝄞"}"#),
        ("127 containers inside each other are allowed", deepest.as_str()),
        ("brackets inside a text are no containers", r#"{"a":"[[[[{{{{\"[["}"#),
        ("a message of exactly 1 MiB is allowed", shallow_but_long.as_str()),
    ] {
        rows.row(why, publish(&queue).json(message), published(&queue, message)).await;
        rows.note(why, arrived(&broker, &queue, message).await);
    }
    let message = r#"{"a":1}"#;
    rows.row(
        "white space around a message is taken off",
        publish(&queue).json(format!(" \t\r\n{message}\n ")),
        published(&queue, message),
    )
    .await;
    rows.note("white space around a message is not enqueued", arrived(&broker, &queue, message).await);
    rows.row(
        "a chunked message is one message",
        publish(&queue).header("Content-Type", "application/json").chunked(&[b"{\"a\"", b":", b"1}"]),
        published(&queue, message),
    )
    .await;
    rows.note("a chunked message is enqueued as one", arrived(&broker, &queue, message).await);
    rows.note("the queue is durable", broker.declare_durable(&queue).await);
    broker.delete(&queue).await?;
    rows.outcome()
}

async fn arrived(broker: &Broker, queue: &str, message: &str) -> Outcome {
    let delivered = broker.take(queue).await?.ok_or("nothing is in the queue")?;
    if delivered.body != message.as_bytes() {
        return Err(format!("the queue holds {:?}", String::from_utf8_lossy(&delivered.body)).into());
    }
    let properties = delivered.properties;
    let content_type = properties.content_type().as_ref().map(ToString::to_string);
    if content_type.as_deref() != Some("application/json") || *properties.delivery_mode() != Some(2) {
        return Err(format!("the message is not persistent JSON: {properties:?}").into());
    }
    Ok(())
}

async fn looking_at_a_queue_counts_exactly_and_never_makes_one(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let broker = Broker::of(suite.stack).await?;
    let queue = Namespace::new().queue("count");
    server.expect(&info(&queue), unknown(&queue)).await?;
    // Had looking made it, it would be there now.
    server.expect(&info(&queue), unknown(&queue)).await?;
    for count in 1..=3 {
        server.expect(&publish(&queue).json(r#"{"a":1}"#), published(&queue, r#"{"a":1}"#)).await?;
        server.expect(&info(&queue), found(&queue, count)).await?;
    }
    broker.take(&queue).await?.ok_or("nothing is in the queue")?;
    server.expect(&info(&queue), found(&queue, 2)).await?;
    broker.delete(&queue).await?;
    server.expect(&info(&queue), unknown(&queue)).await?;
    // The server had declared it before, and finds out that it is gone.
    server.expect(&publish(&queue).json(r#"{"a":2}"#), published(&queue, r#"{"a":2}"#)).await?;
    server.expect(&info(&queue), found(&queue, 1)).await?;
    broker.delete(&queue).await
}

async fn every_fault_of_the_queue_and_the_message_is_told(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    let name = query("queue_name");
    let message = r#"{"a":1}"#;
    let long = "q".repeat(101);
    for (why, queue, fault) in [
        ("an empty name is too short", "", Fault::too_short(name)),
        ("101 characters are too many", long.as_str(), Fault::too_long(name, 100)),
        ("a space is not in the set", "a+b", Fault::pattern(name, PATTERN)),
        ("a slash is not in the set", "a%2Fb", Fault::pattern(name, PATTERN)),
        ("a colon is not in the set", "a:b", Fault::pattern(name, PATTERN)),
        ("letters beyond ASCII are not in the set", "%D0%B0", Fault::pattern(name, PATTERN)),
        ("the broker keeps names with this beginning", "amq.gen-x", Fault::pattern(name, RESERVED)),
        ("the broker keeps the beginning alone, too", "amq.", Fault::pattern(name, RESERVED)),
    ] {
        rows.row(why, publish(queue).json(message), Problem::invalid(&[fault])).await;
    }
    let bare = || Request::post("/examples/messaging/publish");
    rows.row("a queue is required", bare().json(message), Problem::invalid(&[Fault::missing(name)])).await;

    let good = Namespace::new().queue("none");
    for (why, body) in [
        ("an array is no object", "[1]"),
        ("a number is no object", "1"),
        ("a text is no object", "\"a\""),
        ("null is no object", "null"),
        ("a boolean is no object", " true "),
    ] {
        rows.row(why, publish(&good).json(body), Problem::invalid(&[Fault::not_an_object()])).await;
    }
    for body in ["{}", " { \n } "] {
        let expected = Problem::invalid(&[Fault::empty_object()]);
        rows.row("an object needs a member", publish(&good).json(body), expected).await;
    }
    rows.row(
        "all faults are told at once, query before body",
        publish("a%20b").json("[]"),
        Problem::invalid(&[Fault::pattern(name, PATTERN), Fault::not_an_object()]),
    )
    .await;
    rows.row(
        "all faults are told at once, missing ones too",
        bare().json("{}"),
        Problem::invalid(&[Fault::missing(name), Fault::empty_object()]),
    )
    .await;
    rows.row(
        "a body that cannot be read leaves the faults of the query",
        publish("a%20b").json("{"),
        Problem::invalid(&[Fault::pattern(name, PATTERN)]),
    )
    .await;
    let query = publish("%FF").json("{");
    rows.row("an unreadable query comes before an unreadable body", query, Problem::unreadable_query()).await;
    rows.row("nothing of it made a queue", info(&good), unknown(&good)).await;
    rows.row("the beginning may be elsewhere", info("a.amq."), unknown("a.amq.")).await;
    rows.row("the beginning is compared exactly", info("AMQ.a"), unknown("AMQ.a")).await;
    rows.row("the beginning has a dot", info("amqp"), unknown("amqp")).await;
    rows.outcome()
}

async fn a_queue_name_in_the_path_follows_the_same_rules(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    let name = path("queue_name");
    let (longest, long) = ("q".repeat(100), "q".repeat(101));
    rows.row("100 characters are allowed", info(&longest), unknown(&longest)).await;
    for (why, queue, fault) in [
        ("101 characters are too many", long.as_str(), Fault::too_long(name, 100)),
        ("an encoded slash is a slash of the value", "a%2Fb", Fault::pattern(name, PATTERN)),
        ("a plus sign of the path is a plus sign", "a+b", Fault::pattern(name, PATTERN)),
        ("a line end is not in the set", "a%0D%0A", Fault::pattern(name, PATTERN)),
        ("the broker keeps names with this beginning", "amq.direct", Fault::pattern(name, RESERVED)),
        ("its beginning may be encoded", "%61mq.direct", Fault::pattern(name, RESERVED)),
    ] {
        rows.row(why, info(queue), Problem::invalid(&[fault])).await;
    }
    rows.row("bytes that are not UTF-8", info("%FF"), Problem::unreadable_path()).await;
    rows.row("an empty segment is no name", info(""), Problem::no_route()).await;
    rows.outcome()
}
