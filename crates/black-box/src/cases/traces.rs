//! Traces: the caller's is joined, its id is in the log, and spans leave for a collector when there is one.

use std::sync::Arc;

use serde_json::Value;
use tokio::net::TcpListener;

use crate::expected::Expected;
use crate::problem::Problem;
use crate::server::Server;
use crate::suite::{Suite, cases};
use crate::wire::Request;
use crate::{BoxError, LIMIT, Outcome};
use testkit::{BACKENDS, Collector, Namespace, Proxies, Span, SpanKind, eventually};

cases![
    the_caller_s_trace_is_in_every_line_of_its_request,
    a_trace_that_is_not_well_formed_counts_as_none,
    a_request_is_a_span_of_its_caller_s_trace_and_its_calls_are_below,
    every_backend_has_a_span_in_each_request_that_asks_it,
    what_fails_is_marked_and_what_the_client_did_wrong_is_not,
    a_request_without_a_trace_begins_one_and_an_unsampled_one_is_not_exported,
    a_collector_that_is_away_or_hangs_costs_traces_alone,
];

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

fn sampled(trace: &str) -> String {
    format!("00-{trace}-{CALLER}-01")
}

/// The line that says how the request with that id was answered.
async fn line_of(server: &Server, id: &str) -> Result<Value, BoxError> {
    let look = async || {
        let is_it = |line: &Value| line["request_id"] == id && line.get("status").is_some();
        server.output().find(is_it).ok_or("no such line")
    };
    Ok(eventually(LIMIT, "the line of a request", look).await?)
}

/// What the log calls the trace of a request with this `traceparent`.
async fn logged(server: &Server, request: Request) -> Result<Option<String>, BoxError> {
    let id = Namespace::new().queue("trace");
    server.ask(&request.header("X-Request-ID", &id)).await?;
    let line = line_of(server, &id).await?;
    Ok(line.get("trace_id").map(|trace| trace.as_str().unwrap_or_default().to_owned()))
}

async fn the_caller_s_trace_is_in_every_line_of_its_request(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let key = Namespace::new().key("list");
    crate::backends::redis::<i64>(suite.stack, redis::cmd("RPUSH").arg(&key).arg("x")).await?;
    let id = Namespace::new().queue("trace");
    // It fails, so that it has a line with the cause, too.
    let request = Request::get(format!("/examples/cache/{key}")).header("X-Request-ID", &id);
    server.expect(&request.header("traceparent", sampled(TRACE)), Problem::internal()).await?;
    line_of(&server, &id).await?;
    server.ask(&Request::delete(format!("/examples/cache/{key}"))).await?;
    let lines = server.output().lines();
    let lines: Vec<Value> = lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let lines: Vec<&Value> = lines.iter().filter(|line| line["request_id"] == id.as_str()).collect();
    if lines.len() < 2 || lines.iter().any(|line| line["trace_id"] != TRACE) {
        return Err(format!("{lines:?}").into());
    }
    Ok(())
}

async fn a_trace_that_is_not_well_formed_counts_as_none(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let health = || Request::get("/health/");
    for (value, trace) in [
        (sampled(TRACE), Some(TRACE)),
        (format!("00-{TRACE}-{CALLER}-00"), Some(TRACE)),
        (format!("cc-{TRACE}-{CALLER}-01-what-the-future-brings"), Some(TRACE)),
        ("nonsense".to_owned(), None),
        (format!("00-{TRACE}-{CALLER}"), None),
        (format!("00-{TRACE}-{CALLER}-01-more"), None),
        (format!("ff-{TRACE}-{CALLER}-01"), None),
        (format!("00-{}-{CALLER}-01", TRACE.to_uppercase()), None),
        (format!("00-{}-{CALLER}-01", "0".repeat(32)), None),
        (format!("00-{TRACE}-{}-01", "0".repeat(16)), None),
    ] {
        let found = logged(&server, health().header("traceparent", &value)).await?;
        if found.as_deref() != trace {
            return Err(format!("{value}: the log has the trace {found:?}").into());
        }
    }
    let twice = health().header("traceparent", sampled(TRACE)).header("traceparent", sampled(TRACE));
    let found = (logged(&server, twice).await?, logged(&server, health()).await?);
    if found == (None, None) { Ok(()) } else { Err(format!("twice and none: {found:?}").into()) }
}

/// A server that exports, with every cache off so that each request asks its backend.
async fn exporting(suite: &Suite, collector: &Collector) -> Result<Server, BoxError> {
    let launch = suite.launch().set("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint());
    launch.set("SECRET_CACHE_MS", "0").set("HEALTH_CACHE_MS", "0").ready().await
}

/// The spans of a trace, once the server has ended and so sent all of them: the server's own, and those of calls.
fn of_trace(collector: &Collector, trace: &str) -> Result<(Span, Vec<Span>), BoxError> {
    let spans = collector.spans()?;
    let (servers, calls): (Vec<_>, Vec<_>) = spans
        .iter()
        .filter(|span| span.trace_id == trace)
        .cloned()
        .partition(|span| span.kind == SpanKind::Server);
    match <[Span; 1]>::try_from(servers) {
        Ok([server]) => Ok((server, calls)),
        Err(servers) => Err(format!("the trace has {} spans of a request: {spans:#?}", servers.len()).into()),
    }
}

async fn a_request_is_a_span_of_its_caller_s_trace_and_its_calls_are_below(suite: Arc<Suite>) -> Outcome {
    let collector = Collector::start().await?;
    let server = exporting(&suite, &collector).await?;
    let request = Request::get("/examples/cache/telling").header("X-Request-ID", "r-1");
    let expected = Expected::json(r#"{"key":"telling","value":null,"exists":false,"ttl":null}"#);
    server.expect(&request.header("traceparent", sampled(TRACE)), expected).await?;
    server.stop().await?;
    let (span, calls) = of_trace(&collector, TRACE)?;
    let name = suite.target.name;
    let [call] = calls.as_slice() else { return Err(format!("its calls: {calls:#?}").into()) };
    let trace = format!("trace_id={TRACE}");
    let is_right = span.name == "GET /examples/cache/{key}"
        && span.parent_id == CALLER
        && !span.has_failed
        && span.attributes
            == [
                "http.request.method=GET",
                "http.response.status_code=200",
                "http.route=/examples/cache/{key}",
                "request_id=r-1",
                trace.as_str(),
            ]
        && span.resource
            == [format!("service.name={name}"), format!("service.version={}", suite.target.version)]
        && call.name == "redis get"
        && call.kind == SpanKind::Client
        && call.parent_id == span.id
        && !call.has_failed
        && call.attributes
            == ["backend=redis", "db.operation.name=get", "db.system.name=redis", "operation=get"];
    if is_right { Ok(()) } else { Err(format!("{span:#?}\n{call:#?}").into()) }
}

/// What a call to a backend is named after.
fn call_of(backend: &str) -> &'static str {
    match backend {
        "vault" => "vault read_secret",
        "postgres" => "postgres current_timestamp",
        "mysql" => "mysql now",
        "mongodb" => "mongodb collection_names",
        "redis" => "redis get",
        _ => "rabbitmq queue_info",
    }
}

async fn every_backend_has_a_span_in_each_request_that_asks_it(suite: Arc<Suite>) -> Outcome {
    let collector = Collector::start().await?;
    let server = exporting(&suite, &collector).await?;
    let trace = |number: usize| format!("{:032x}", 0xabc0 + number);
    for (number, backend) in BACKENDS.iter().enumerate() {
        let request = super::failures::requests(backend).swap_remove(0);
        let request = request.header("traceparent", sampled(&trace(number)));
        server.expect(&request, Expected::media(crate::expected::JSON)).await?;
    }
    let ready = Request::get("/health/ready").header("traceparent", sampled(TRACE));
    server.expect(&ready, Expected::media(crate::expected::JSON)).await?;
    server.stop().await?;
    for (number, backend) in BACKENDS.iter().enumerate() {
        let (span, calls) = of_trace(&collector, &trace(number))?;
        let names: Vec<&str> = calls.iter().map(|call| call.name.as_str()).collect();
        if names != [call_of(backend)] || calls.iter().any(|call| call.parent_id != span.id) {
            return Err(format!("{backend}: {span:#?}\n{calls:#?}").into());
        }
    }
    let (_, probes) = of_trace(&collector, TRACE)?;
    let mut names: Vec<String> = probes.into_iter().map(|probe| probe.name).collect();
    names.sort();
    let mut expected = BACKENDS.map(|backend| format!("{backend} probe"));
    expected.sort();
    if names == expected { Ok(()) } else { Err(format!("the calls of /health/ready: {names:?}").into()) }
}

async fn what_fails_is_marked_and_what_the_client_did_wrong_is_not(suite: Arc<Suite>) -> Outcome {
    let collector = Collector::start().await?;
    let proxies = Proxies::before(suite.stack).await?;
    let launch = suite.launch().set("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint());
    let server = launch.through(&proxies).ready().await?;
    proxies.cut("redis").await?;
    let (away, wrong, unknown) = ("a1".repeat(16), "a2".repeat(16), "a3".repeat(16));
    let ask = |request: Request, trace: &str| request.header("traceparent", sampled(trace));
    let request = ask(Request::get("/examples/cache/telling"), &away);
    server.expect(&request, Problem::unavailable("redis")).await?;
    server.ask(&ask(Request::get("/examples/cache/telling%20"), &wrong)).await?;
    server.ask(&ask(Request::new("BREW", "/nosuch/telling"), &unknown)).await?;
    proxies.restore("redis").await?;
    server.stop().await?;
    let (span, calls) = of_trace(&collector, &away)?;
    let [call] = calls.as_slice() else { return Err(format!("its calls: {calls:#?}").into()) };
    let has = |span: &Span, attribute: &str| span.attributes.iter().any(|known| known == attribute);
    if !(span.has_failed
        && has(&span, "http.response.status_code=503")
        && has(&span, "error.type=CacheConnectionError")
        && call.has_failed
        && has(call, "error.type=unreachable"))
    {
        return Err(format!("{span:#?}\n{call:#?}").into());
    }
    let (span, calls) = of_trace(&collector, &wrong)?;
    if span.has_failed || !calls.is_empty() || !has(&span, "http.response.status_code=422") {
        return Err(format!("{span:#?}\n{calls:#?}").into());
    }
    let (span, _) = of_trace(&collector, &unknown)?;
    let is_nameless = span.name == "HTTP" && has(&span, "http.request.method=_OTHER");
    if !is_nameless || span.attributes.iter().any(|attribute| attribute.starts_with("http.route=")) {
        return Err(format!("{span:#?}").into());
    }
    match collector.spans()?.into_iter().find(|span| format!("{span:?}").contains("telling")) {
        Some(span) => Err(format!("a span tells a value of its request: {span:#?}").into()),
        None => Ok(()),
    }
}

async fn a_request_without_a_trace_begins_one_and_an_unsampled_one_is_not_exported(
    suite: Arc<Suite>,
) -> Outcome {
    let collector = Collector::start().await?;
    let server = exporting(&suite, &collector).await?;
    let cache = || Request::get("/examples/cache/nosuch");
    let begun = logged(&server, cache()).await?.ok_or("a request without a trace has none in the log")?;
    let unsampled = cache().header("traceparent", format!("00-{TRACE}-{CALLER}-00"));
    if logged(&server, unsampled).await?.as_deref() != Some(TRACE) {
        return Err("an unsampled trace is not in the log".into());
    }
    server.stop().await?;
    let (span, calls) = of_trace(&collector, &begun)?;
    if !span.parent_id.is_empty() || calls.len() != 1 {
        return Err(format!("{span:#?}\n{calls:#?}").into());
    }
    match collector.spans()?.into_iter().find(|span| span.trace_id == TRACE) {
        Some(span) => Err(format!("its caller does not record it: {span:#?}").into()),
        None => Ok(()),
    }
}

async fn a_collector_that_is_away_or_hangs_costs_traces_alone(suite: Arc<Suite>) -> Outcome {
    // Nobody listens at the one; at the other the system accepts connections that nobody ever answers.
    let away = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let hanging = TcpListener::bind("127.0.0.1:0").await?;
    for (what, address) in [("away", away), ("hanging", hanging.local_addr()?)] {
        let endpoint = format!("http://{address}");
        let server = suite.launch().set("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint).ready().await?;
        let output = server.output().clone();
        server.expect(&Request::get("/health/"), Expected::json(r#"{"status":"ok"}"#)).await?;
        server.stop().await?;
        let is_told = |line: &Value| {
            let message = line["message"].as_str().unwrap_or_default();
            line["level"] == "WARN" && message.contains("traces could not be exported")
        };
        if output.find(is_told).is_none() {
            return Err(format!("{what}: not told in {}", output.text()).into());
        }
    }
    Ok(())
}
