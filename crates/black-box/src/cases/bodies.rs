//! Bodies of requests: their type, their size, their form, and the time that they take.

use std::sync::Arc;

use testkit::Namespace;

use super::messaging::{publish, published, unknown};
use super::paths::operations;
use crate::Outcome;
use crate::backends::Broker;
use crate::expected::Expected;
use crate::problem::Problem;
use crate::rows::Rows;
use crate::suite::{Suite, cases};
use crate::wire::Request;

cases![
    a_message_is_declared_as_plain_json,
    a_message_is_json_of_rfc_8259,
    a_message_that_is_too_large_is_refused_before_it_is_read,
    a_chunked_message_that_grows_too_large_is_refused_while_it_arrives,
    a_declared_body_of_over_10_mib_is_refused_everywhere,
    a_body_that_nobody_asked_for_is_discarded,
    a_body_that_stalls_is_408,
];

const MESSAGE: &str = r#"{"a":1}"#;
const MIB: usize = 1024 * 1024;

async fn a_message_is_declared_as_plain_json(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let broker = Broker::of(suite.stack).await?;
    let queue = Namespace::new().queue("type");
    let request = || publish(&queue).body(MESSAGE);
    let mut rows = Rows::new(&server);
    for media_type in [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "Application/Json;charset=latin1",
        "application/json;",
        "application/json ; a=b",
    ] {
        let why = format!("{media_type:?} is JSON, whatever its case and parameters");
        rows.row(&why, request().header("Content-Type", media_type), published(&queue, MESSAGE)).await;
    }
    for encoding in ["identity", "IDENTITY"] {
        let request =
            request().header("Content-Type", "application/json").header("Content-Encoding", encoding);
        rows.row("identity encodes nothing", request, published(&queue, MESSAGE)).await;
    }
    for media_type in [
        "text/plain",
        "application/jsonx",
        "application/problem+json",
        "application/*",
        "json",
        "text/json",
        "",
    ] {
        let why = format!("{media_type:?} is not JSON");
        rows.row(&why, request().header("Content-Type", media_type), Problem::media_type()).await;
    }
    rows.row("a type is required", request(), Problem::media_type()).await;
    rows.row("a type is required when the body is empty, too", publish(&queue), Problem::media_type()).await;
    let twice =
        request().header("Content-Type", "application/json").header("Content-Type", "application/json");
    rows.row("two types are not one", twice, Problem::media_type()).await;
    for encoding in ["gzip", "br", "x-gzip", "identity, gzip", "chunked"] {
        let why = format!("a body encoded with {encoding} is not read");
        let request =
            request().header("Content-Type", "application/json").header("Content-Encoding", encoding);
        rows.row(&why, request, Problem::media_type()).await;
    }
    rows.row(
        "the type comes before the size",
        publish(&queue).header("Content-Type", "text/plain").declaring(2 * MIB as u64, b""),
        Problem::media_type(),
    )
    .await;
    rows.row(
        "the type comes before the query",
        publish("%FF").header("Content-Type", "text/plain").body("{"),
        Problem::media_type(),
    )
    .await;
    broker.delete(&queue).await?;
    rows.outcome()
}

async fn a_message_is_json_of_rfc_8259(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let queue = Namespace::new().queue("form");
    let mut rows = Rows::new(&server);
    let deep = format!("{}1{}", r#"{"a":"#.repeat(128), "}".repeat(128));
    let deepest = "[".repeat(100_000);
    let not_utf8: &[u8] = b"{\"a\":\"\xff\"}";
    let surrogate: &[u8] = b"{\"a\":\"\xed\xa0\x80\"}";
    for (why, body) in [
        ("an empty body", b"".as_slice()),
        ("white space alone", b" \n"),
        ("a byte order mark", b"\xef\xbb\xbf{\"a\":1}"),
        ("text in UTF-16", b"\xff\xfe{\0}\0"),
        ("text after the value", br#"{"a":1} x"#),
        ("two values", br#"{"a":1}{"b":2}"#),
        ("a value that ends early", br#"{"a":"#),
        ("a comma too many", br#"{"a":1,}"#),
        ("a comma too few", br#"{"a":1 "b":2}"#),
        ("a comment", br#"{"a":1/*x*/}"#),
        ("names without quotes", br"{a:1}"),
        ("single quotes", br"{'a':1}"),
        ("NaN", br#"{"a":NaN}"#),
        ("Infinity", br#"{"a":Infinity}"#),
        ("a needless zero", br#"{"a":01}"#),
        ("a plus sign", br#"{"a":+1}"#),
        ("a number that begins with its point", br#"{"a":.5}"#),
        ("a number that ends with its point", br#"{"a":1.}"#),
        ("hexadecimal digits", br#"{"a":0x1}"#),
        ("a control character inside a text", b"{\"a\":\"\n\"}"),
        ("an escape that is none", br#"{"a":"\x41"}"#),
        ("an escape that ends early", br#"{"a":"\u12"}"#),
        ("a NUL after the value", b"{\"a\":1}\0"),
        ("a form feed around the value", b"\x0c{\"a\":1}"),
        ("a space that does not break, around the value", b"\xc2\xa0{\"a\":1}"),
        ("bytes that are not UTF-8", not_utf8),
        ("a surrogate in UTF-8", surrogate),
        ("128 containers inside each other", deep.as_bytes()),
        ("very many containers inside each other", deepest.as_bytes()),
        ("a word", b"nul"),
    ] {
        rows.row(why, publish(&queue).json(body), Problem::unreadable_body()).await;
    }
    let chunked = |bytes: &[u8]| {
        publish(&queue)
            .header("Content-Type", "application/json")
            .header("Transfer-Encoding", "chunked")
            .verbatim(bytes)
    };
    for (why, bytes) in [
        ("a chunk whose size is no number", b"zz\r\n{\"a\":1}\r\n0\r\n\r\n".as_slice()),
        ("a chunk longer than its size", b"2\r\n{\"a\":1}\r\n0\r\n\r\n"),
    ] {
        rows.row(why, chunked(bytes), Problem::unreadable_body()).await;
    }
    let info = Request::get(format!("/examples/messaging/queue/{queue}/info"));
    rows.row("nothing of it made a queue", info, unknown(&queue)).await;
    rows.outcome()
}

async fn a_message_that_is_too_large_is_refused_before_it_is_read(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let queue = Namespace::new().queue("large");
    let mut rows = Rows::new(&server);
    for (why, length) in
        [("one byte over 1 MiB", MIB as u64 + 1), ("more than memory can hold", u64::MAX / 2)]
    {
        // Nothing is sent after the head: the answer cannot wait for the body.
        let request = publish(&queue).header("Content-Type", "application/json").declaring(length, b"");
        rows.row(why, request.clone(), Problem::body_too_large()).await;
        let mut connection = server.connect().await?;
        let answer = connection.exchange(&request).await?;
        let rest = connection.rest().await?;
        let is_closed = answer.status == 413 && rest.is_empty();
        rows.note(
            "the connection is closed after it",
            if is_closed { Ok(()) } else { Err(format!("{answer}, then {rest:?}").into()) },
        );
    }
    rows.row(
        "the size comes before the query",
        publish("%FF").header("Content-Type", "application/json").declaring(MIB as u64 + 1, b""),
        Problem::body_too_large(),
    )
    .await;
    rows.outcome()
}

async fn a_chunked_message_that_grows_too_large_is_refused_while_it_arrives(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let queue = Namespace::new().queue("large");
    let start = format!(r#"{{"a":"{}"#, "x".repeat(MIB - 6)).into_bytes();
    // One byte over, and no end: the answer cannot wait for it.
    let request = publish(&queue).header("Content-Type", "application/json").endless(&[&start, b"x"]);
    let mut connection = server.connect().await?;
    let answer = connection.exchange(&request).await?;
    server.check(&request, &Problem::body_too_large().into(), &answer)?;
    let rest = connection.rest().await?;
    if rest.is_empty() { Ok(()) } else { Err(format!("the connection goes on with {rest:?}").into()) }
}

async fn a_declared_body_of_over_10_mib_is_refused_everywhere(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    let over = 10 * MIB as u64 + 1;
    for (method, path) in operations() {
        let why = format!("{method} {path} takes no body of over 10 MiB");
        // A type, so that the size is what is wrong where a type is asked for.
        let request = Request::new(method, path).header("Content-Type", "application/json");
        rows.row(&why, request.declaring(over, b""), Problem::body_too_large()).await;
    }
    let request = Request::post("/examples/cache/a%20b").declaring(over, b"");
    rows.row("the size comes before the parameters", request, Problem::body_too_large()).await;
    let request = Request::get("/nosuch").declaring(over, b"");
    rows.row("an unknown path comes before the size", request, Problem::no_route()).await;
    let request = Request::delete("/health/").declaring(over, b"");
    let expected = Expected::from(Problem::method_not_allowed()).header("Allow", "GET, HEAD, OPTIONS");
    rows.row("a wrong method comes before the size", request, expected).await;
    rows.outcome()
}

async fn a_body_that_nobody_asked_for_is_discarded(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    let health = || Expected::json(r#"{"status":"ok"}"#);
    let large = vec![b'x'; 2 * MIB];
    for (why, request) in [
        ("a small body", Request::get("/health/").json("{")),
        ("a body of another type", Request::get("/health/").header("Content-Type", "text/plain").body("x")),
        ("a body with an encoding", Request::get("/health/").header("Content-Encoding", "gzip").body("x")),
        ("a body of over 1 MiB", Request::get("/health/").body(large)),
        ("a chunked body", Request::get("/health/").chunked(&[b"x", b"y"])),
    ] {
        rows.row(why, request, health()).await;
    }
    rows.outcome()?;
    // What was not read is not taken for the next request.
    let mut connection = server.connect().await?;
    let first = Request::get("/health/").json("GET /nosuch HTTP/1.1\r\nHost: a\r\n\r\n");
    let second = Request::get("/examples/cache/nosuch");
    let answer = connection.exchange(&first).await?;
    server.check(&first, &health(), &answer)?;
    if answer.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
        return Ok(());
    }
    let answer = connection.exchange(&second).await?;
    let absent = Expected::json(r#"{"key":"nosuch","value":null,"exists":false,"ttl":null}"#);
    server.check(&second, &absent, &answer)
}

async fn a_body_that_stalls_is_408(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let queue = Namespace::new().queue("slow");
    let request = publish(&queue).header("Content-Type", "application/json");
    let mut rows = Rows::new(&server);
    let sized = request.clone().declaring(100, b"{\"a\":");
    let chunked = request.endless(&[b"{\"a\":"]);
    let (sized_answer, chunked_answer) = tokio::join!(
        server.expect(&sized, Problem::body_timeout()),
        server.expect(&chunked, Problem::body_timeout())
    );
    rows.note("a body of which half came", sized_answer.map(drop));
    rows.note("a chunked body whose end never came", chunked_answer.map(drop));
    let info = Request::get(format!("/examples/messaging/queue/{queue}/info"));
    rows.row("nothing of it made a queue", info, unknown(&queue)).await;
    rows.outcome()
}
