//! The same requests leave the same spans: names, kinds, attributes, and what is below what.

use std::collections::BTreeMap;

use parity::model::{Message, Request};
use parity::wire::Client;
use testkit::{Collector, Namespace, Span};

use crate::cases::one_of_each;
use crate::fleet::{Fleet, config};
use crate::{Outcome, SERVERS, cleaning, told};

/// The span of the caller, below which those of the servers are.
const CALLER: &str = "00f067aa0ba902b7";

/// The traces begin with this, so that they are told from those of what was asked before.
const TRACES: &str = "9a7e11ad";

pub(crate) async fn test() -> Outcome {
    let stack = testkit::stack().await?;
    let collector = Collector::start().await?;
    let endpoint = collector.endpoint();
    // Nothing is kept, so that each request asks its backend.
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("HEALTH_CACHE_MS", "0"),
        ("SECRET_CACHE_MS", "0"),
    ];
    let mut fleet = Fleet::ready(stack, &settings, None).await?;
    let namespace = Namespace::new();
    let requests = one_of_each(&namespace)?;
    for target in fleet.targets()? {
        let client = Client::new(&target, config()?.limits)?;
        for (number, request) in requests.iter().enumerate() {
            let exchange = client.exchange(&traced(request.clone(), number), false).await;
            if exchange.answer().is_none() {
                return Err(format!("{} and {request:?}: {}", target.name, exchange.ending).into());
            }
        }
    }
    // What a server has not sent yet it sends when it ends.
    for server in &mut fleet.servers {
        server.terminate()?;
        server.end().await?;
    }
    cleaning::delete_queues(stack, [namespace.queue("away")].into()).await?;
    let spans = collector.spans()?;
    let told: BTreeMap<&str, Vec<String>> =
        SERVERS.into_iter().map(|server| (server, lines(&spans, server))).collect();
    for (server, lines) in &told {
        let of_requests = lines.iter().filter(|line| line.contains("(Server)")).count();
        if of_requests != requests.len() {
            return Err(format!("{server} left {of_requests} spans of {} requests", requests.len()).into());
        }
    }
    told::alike(&told)
}

/// The request within a trace of its number.
fn traced(request: Request, number: usize) -> Message {
    let trace = format!("00-{TRACES}{number:024x}-{CALLER}-01");
    request.header("traceparent", trace).header("X-Request-ID", format!("traced-{number}")).into()
}

/// The spans of a server within the traces of this test, each as a line that holds no id of its own: its trace, the
/// names of those that it is below and its own name, its kind, whether it failed, its attributes, and the process's.
fn lines(spans: &[Span], server: &str) -> Vec<String> {
    let service = format!("service.name={server}");
    let spans = spans
        .iter()
        .filter(|span| span.trace_id.starts_with(TRACES) && span.resource.contains(&service))
        .collect::<Vec<_>>();
    let line = |span: &&Span| {
        let resource = span.resource.iter().filter(|attribute| **attribute != service);
        format!(
            "{} {} ({:?}{}) {} of {}",
            span.trace_id,
            path(span, &spans),
            span.kind,
            if span.has_failed { ", failed" } else { "" },
            span.attributes.join(" "),
            resource.cloned().collect::<Vec<_>>().join(" ")
        )
    };
    let mut lines: Vec<String> = spans.iter().map(line).collect();
    lines.sort();
    lines
}

/// The names of the spans from the caller's down to this one.
fn path(span: &Span, spans: &[&Span]) -> String {
    let mut names = vec![span.name.as_str()];
    let mut parent = span.parent_id.as_str();
    // No span is below itself, so that a chain is no longer than there are spans.
    for _ in spans {
        let Some(above) = spans.iter().find(|other| other.id == parent && other.trace_id == span.trace_id)
        else {
            break;
        };
        names.push(&above.name);
        parent = &above.parent_id;
    }
    names.push(if parent == CALLER { "caller" } else { "nobody" });
    names.reverse();
    names.join(" > ")
}
