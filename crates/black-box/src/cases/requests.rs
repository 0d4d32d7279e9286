//! The request line and the head, as bytes that no client would send.

use std::sync::Arc;

use super::paths::operations;
use crate::expected::Expected;
use crate::problem::Problem;
use crate::rows::Rows;
use crate::suite::{Suite, cases};
use crate::wire::{Connection, Request};
use crate::{BoxError, Outcome};

cases![
    a_target_in_absolute_form_counts_as_its_path,
    http_1_0_is_answered,
    requests_in_a_row_are_answered_in_their_order,
    what_is_no_http_is_a_bare_400,
    what_is_left_to_the_libraries_is_an_error_and_the_server_lives_on,
    nothing_is_smuggled_behind_a_length_and_chunks,
    a_target_of_over_64000_bytes_is_414,
    too_many_or_too_large_headers_are_431,
    a_plain_port_speaks_http_1_1_alone,
    an_expectation_of_100_gets_the_final_answer,
];

fn health() -> Expected {
    Expected::json(r#"{"status":"ok"}"#)
}

async fn a_target_in_absolute_form_counts_as_its_path(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    for (why, target) in [
        ("of this host", format!("http://{}/health/", server.http)),
        ("of another host", "http://example.com/health/".to_owned()),
        ("with a query", "http://example.com:81/health/?a=b".to_owned()),
        ("of another scheme", "https://example.com/health/".to_owned()),
    ] {
        rows.row(why, Request::get(target), health()).await;
    }
    rows.row("to nowhere", Request::get("http://example.com/nosuch"), Problem::no_route()).await;
    let absent = Expected::json(r#"{"key":"nosuch","value":null,"exists":false,"ttl":null}"#);
    rows.row("with a parameter", Request::get("http://example.com/examples/cache/nosuc%68"), absent).await;
    rows.outcome()
}

async fn http_1_0_is_answered(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    let request = || Request::get("/health/").version("HTTP/1.0");
    rows.row("with a host", request(), health()).await;
    rows.row("without a host, which it does not know", request().without_host(), health()).await;
    rows.outcome()?;
    let mut connection = server.connect().await?;
    let answer = connection.exchange(&request()).await?;
    server.check(&request(), &health(), &answer)?;
    let rest = connection.rest().await?;
    if rest.is_empty() { Ok(()) } else { Err(format!("the connection goes on with {rest:?}").into()) }
}

async fn requests_in_a_row_are_answered_in_their_order(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let requests = [
        (Request::get("/health/").header("X-Request-ID", "first"), health()),
        (Request::get("/nosuch").header("X-Request-ID", "second"), Problem::no_route().into()),
        (
            Request::get("/examples/database/mongodb/query").header("X-Request-ID", "third"),
            Expected::media(crate::expected::JSON),
        ),
        (
            Request::get("/redis/nodes/a/info").header("X-Request-ID", "fourth"),
            Problem::no_redis_node("a").into(),
        ),
        (Request::get("/health").header("X-Request-ID", "fifth"), health()),
    ];
    let mut connection = server.connect().await?;
    let host = server.http.to_string();
    let bytes: Vec<u8> = requests.iter().flat_map(|(request, _)| request.bytes(&host)).collect();
    connection.send(&bytes).await?;
    for (request, expected) in &requests {
        let answer = connection.answer(&request.method).await?;
        server.check(request, expected, &answer)?;
    }
    Ok(())
}

async fn what_is_no_http_is_a_bare_400(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    for (why, bytes) in [
        ("HTTP/1.1 without a host", b"GET /health/ HTTP/1.1\r\n\r\n".as_slice()),
        ("letters beyond ASCII in the path", "GET /healthé HTTP/1.1\r\nHost: a\r\n\r\n".as_bytes()),
        ("letters beyond ASCII in the query", "GET /health/?é HTTP/1.1\r\nHost: a\r\n\r\n".as_bytes()),
        ("bytes that are not UTF-8 in the path", b"GET /health\xff HTTP/1.1\r\nHost: a\r\n\r\n"),
    ] {
        let outcome = async {
            let mut connection = server.connect().await?;
            connection.send(bytes).await?;
            let answer = connection.answer("GET").await?;
            if answer.status == 400 && answer.body.is_empty() {
                return Ok(());
            }
            Err(BoxError::from(format!("expected a bare 400, got {answer}")))
        };
        let outcome = outcome.await;
        rows.note(why, outcome);
    }
    rows.outcome()
}

/// Requests that `openapi/exceptions.toml` leaves to the libraries, and some that no list needs to name.
fn malformed() -> Vec<(&'static str, Vec<u8>)> {
    let get = |head: &[u8], more: &[u8]| [b"GET ".as_slice(), head, more, b"\r\n\r\n"].concat();
    let post =
        |more: &str| format!("POST /examples/cache/a?value=x HTTP/1.1\r\nHost: a\r\n{more}").into_bytes();
    let head = b"/health/ HTTP/1.1\r\nHost: a\r\n".as_slice();
    vec![
        ("a version that is none", get(b"/health/ HTTP/1.2\r\nHost: a", b"")),
        ("two lengths that differ", post("Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx")),
        ("a length that is no number", post("Content-Length: x\r\n\r\n")),
        ("a space in the path", get(b"/health /x HTTP/1.1\r\nHost: a", b"")),
        ("a header without a colon", get(head, b"nonsense")),
        ("not HTTP at all", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec()),
        ("a head of over 128 KiB", get(head, &[b"X-A: ".as_slice(), &b"x".repeat(140_000)].concat())),
        ("a target of over 65,534 bytes", get(&[b"/".as_slice(), &b"x".repeat(66_000)].concat(), &head[8..])),
        ("over 96 header fields", get(head, &b"X-A: b\r\n".repeat(120))),
    ]
}

async fn what_is_left_to_the_libraries_is_an_error_and_the_server_lives_on(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    for (why, bytes) in malformed() {
        let outcome = async {
            let mut connection = server.connect().await?;
            // The server may close before all is sent.
            drop(connection.send(&bytes).await);
            match connection.answer("GET").await {
                Ok(answer) if answer.status < 400 => {
                    Err(BoxError::from(format!("expected an error, got {answer}")))
                }
                Err(error) if error.kind() == std::io::ErrorKind::TimedOut => Err(error.into()),
                _error_or_close => Ok(()),
            }
        };
        let outcome = outcome.await;
        rows.note(why, outcome);
        rows.row(&format!("the server lives on after {why}"), Request::get("/health/"), health()).await;
    }
    rows.outcome()
}

/// Some libraries refuse such a request, others go by the chunks alone, and RFC 9112 (6.1) allows both; but either way
/// it is the last of its connection.
async fn nothing_is_smuggled_behind_a_length_and_chunks(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    let length = "Content-Length: 5\r\n";
    let chunked = "Transfer-Encoding: chunked\r\n";
    for (why, headers) in
        [("the length first", [length, chunked].concat()), ("the chunks first", [chunked, length].concat())]
    {
        let request = format!("POST /health/ HTTP/1.1\r\nHost: a\r\n{headers}\r\n0\r\n\r\n");
        let smuggled = "GET /health/ HTTP/1.1\r\nHost: a\r\nX-Request-ID: smuggled\r\n\r\n";
        let outcome = async {
            let mut connection = server.connect().await?;
            // The server may close before all is sent.
            drop(connection.send([request.as_str(), smuggled].concat().as_bytes()).await);
            let answers = connection.rest().await?;
            let answers = String::from_utf8_lossy(&answers);
            if answers.matches("HTTP/1.1 ").count() > 1 || answers.contains("smuggled") {
                return Err(BoxError::from(format!("what lay behind it was answered, too: {answers}")));
            }
            Ok(())
        };
        let outcome = outcome.await;
        rows.note(why, outcome);
        rows.row(&format!("the server lives on after {why}"), Request::get("/health/"), health()).await;
    }
    rows.outcome()
}

async fn a_target_of_over_64000_bytes_is_414(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    let of = |length: usize| format!("/health/?{}", "x".repeat(length - "/health/?".len()));
    rows.row("64,000 bytes are allowed", Request::get(of(64_000)), health()).await;
    rows.row("64,001 bytes are not", Request::get(of(64_001)), Problem::target_too_long()).await;
    rows.row("65,000 bytes are not", Request::get(of(65_000)), Problem::target_too_long()).await;
    let unknown = format!("/{}", "x".repeat(64_000));
    rows.row("it comes before an unknown path", Request::get(unknown), Problem::target_too_long()).await;
    rows.row("it comes before a wrong method", Request::delete(of(64_001)), Problem::target_too_long()).await;
    rows.row("it comes before OPTIONS", Request::options(of(64_001)), Problem::target_too_long()).await;
    let head = Expected::from(Problem::target_too_long()).withheld();
    rows.row("HEAD has no body there either", Request::head(of(64_001)), head).await;
    for (method, path) in operations() {
        let why = format!("{method} {path} has a limit, too");
        let target = format!("{path}?{}", "x".repeat(64_000));
        rows.row(&why, Request::new(method, target), Problem::target_too_long()).await;
    }
    let mut both = Request::get(of(64_001));
    for _ in 0..70 {
        both = both.header("X-A", "b");
    }
    rows.row("it comes before too many headers", both, Problem::target_too_long()).await;
    rows.outcome()
}

async fn too_many_or_too_large_headers_are_431(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    // `Host` is one of them.
    let of =
        |fields: usize| (1..fields).fold(Request::get("/health/"), |request, _| request.header("X-A", "b"));
    rows.row("64 fields are allowed", of(64), health()).await;
    rows.row("65 fields are not", of(65), Problem::headers_too_large()).await;
    rows.row("90 fields are not", of(90), Problem::headers_too_large()).await;
    let host = "Host".len() + server.http.to_string().len();
    let weighing =
        |bytes: usize| Request::get("/health/").header("X-A", "x".repeat(bytes - host - "X-A".len()));
    rows.row("32,768 bytes are allowed", weighing(32_768), health()).await;
    rows.row("32,769 bytes are not", weighing(32_769), Problem::headers_too_large()).await;
    rows.row("100,000 bytes are not", weighing(100_000), Problem::headers_too_large()).await;
    for (method, path) in operations() {
        let why = format!("{method} {path} has a limit, too");
        let request = Request::new(method, path).header("X-A", "x".repeat(40_000));
        rows.row(&why, request, Problem::headers_too_large()).await;
    }
    let unknown = Request::get("/nosuch").header("X-A", "x".repeat(40_000));
    rows.row("it comes before an unknown path", unknown, Problem::headers_too_large()).await;
    let options = Request::options("/health/").header("X-A", "x".repeat(40_000));
    rows.row("it comes before OPTIONS", options, Problem::headers_too_large()).await;
    rows.outcome()
}

async fn a_plain_port_speaks_http_1_1_alone(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    // RFC 9113, 3.4: the preface of HTTP/2, and an empty SETTINGS frame.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let mut connection = server.connect().await?;
    connection.send(preface).await?;
    let rest = connection.rest().await?;
    // A server of HTTP/2 would begin with a SETTINGS frame: three bytes of length, then the type 4.
    if rest.get(3) == Some(&4) {
        return Err(format!("the plain port answers HTTP/2: {rest:?}").into());
    }
    // An offer to change is declined by going on.
    let upgrade = Request::get("/health/")
        .header("Connection", "Upgrade, HTTP2-Settings")
        .header("Upgrade", "h2c")
        .header("HTTP2-Settings", "AAMAAABkAAQAAP__");
    server.expect(&upgrade, health()).await.map(drop)
}

async fn an_expectation_of_100_gets_the_final_answer(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let request = Request::get("/health/").header("Expect", "100-continue");
    server.expect(&request, health()).await?;
    let host = server.http.to_string();
    let mut connection: Connection = server.connect().await?;
    let request = Request::post("/examples/messaging/publish?queue_name=")
        .header("Expect", "100-continue")
        .json(r#"{"a":1}"#);
    connection.send(&request.bytes(&host)).await?;
    let answer = connection.answer("POST").await?;
    let fault = crate::problem::Fault::too_short(crate::problem::query("queue_name"));
    server.check(&request, &Problem::invalid(&[fault]).into(), &answer)
}
