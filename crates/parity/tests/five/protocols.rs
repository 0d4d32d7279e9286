//! What is asked over TLS, in HTTP/1.1 and in h2, is answered as it is over plain HTTP/1.1, by all servers.

use std::sync::Arc;

use parity::model::{Body, Case, Expectation, Request, Step};
use parity::{Engine, Target, report};
use spec::Document;

use crate::Outcome;
use crate::cases::case;
use crate::cleaning::Leftovers;
use crate::fleet::{CONTRACT, config};
use crate::gateway::Gateway;
use crate::written::Main;

/// Each server counts three times: as it is, and once for each way to its TLS port.
pub(crate) async fn test(main: Arc<Main>) -> Outcome {
    let authority = testkit::stack().await?.home().join("vault/ca/ca.pem");
    let (fleet, _) = main.shared().await?;
    let config = config()?;
    let mut targets = Vec::new();
    let mut gateways = Vec::new();
    for server in &fleet.servers {
        let gateway = Gateway::to(server.https, &authority).await?;
        for target in [
            format!("{}=http://{}", server.name, server.address),
            format!("{}-tls=https://localhost:{}", server.name, server.https.port()),
            format!("{}-h2=http://{}", server.name, gateway.address),
        ] {
            let mut target = Target::parse(&target)?;
            target.ca = target.is_https().then(|| authority.clone());
            target.values = config.target.get(server.name).cloned().unwrap_or_default();
            targets.push(target);
        }
        gateways.push(gateway);
    }
    let document = Document::from_yaml(CONTRACT)?;
    let engine = Engine::new(targets, config)?.with_document(&document, "openapi/openapi.yaml")?;
    let case = case("protocols::the_same_is_answered_over_tls_and_h2", "protocols", steps());
    let case = Case { hostile: true, ..case };
    let result = engine.run_case(&case).await;
    let failure = report::terminal::failure(&result);
    let mut leftovers = Leftovers::default();
    leftovers.note(&result);
    leftovers.delete(fleet).await?;
    if failure.is_empty() { Ok(()) } else { Err(failure.into()) }
}

/// A request of each kind, with the status that it is answered with.
fn steps() -> Vec<Step> {
    let request = |method: &str, target: &str| Request::new(method, target);
    let publish = |queue: &str, body: Body| {
        request("POST", &format!("/examples/messaging/publish?queue_name={queue}"))
            .header("Content-Type", "application/json")
            .body(body)
    };
    let large = |times| Body::Fill { before: "\"".into(), text: "x".into(), times, after: "\"".into() };
    let pieces = || Body::Chunked { pieces: vec![r#"{"a""#.into(), ":1}".into()], complete: true };
    let preflight = request("OPTIONS", "/examples/cache/a")
        .header("Origin", "http://localhost:3000")
        .header("Access-Control-Request-Method", "POST");
    [
        (200, request("GET", "/")),
        (200, request("GET", "/health/").header("X-Request-ID", "over-h2")),
        (200, request("GET", "/health").header("Origin", "http://localhost:8000")),
        (200, request("HEAD", "/health/")),
        (200, request("GET", "/openapi.yaml")),
        (200, request("GET", "/examples/vault/secret/postgres")),
        (404, request("GET", "/examples/vault/secret/nosuch")),
        (200, request("GET", "/examples/database/postgres/query")),
        (200, request("POST", "/examples/cache/{{ns}}:a?value=a%2Fb+c&ttl=60")),
        (200, request("GET", "/examples/cache/{{ns}}:a")),
        (200, request("DELETE", "/examples/cache/{{ns}}:a")),
        (422, request("POST", "/examples/cache/{{ns}}%20?ttl=0")),
        (400, request("GET", "/examples/cache/%FF")),
        (200, publish("{{ns}}-over", Body::Whole(r#"{"a":1}"#.into()))),
        (200, publish("{{ns}}-over", pieces())),
        (200, request("GET", "/examples/messaging/queue/{{ns}}-over/info")),
        (400, publish("{{ns}}-over", Body::Whole("{".into()))),
        (415, request("POST", "/examples/messaging/publish?queue_name=a").body(Body::Whole("{}".into()))),
        (413, publish("{{ns}}-over", large(1024 * 1024))),
        (200, request("GET", "/health/").body(large(100_000))),
        (404, request("GET", "/nosuch")),
        (404, request("GET", "/health//")),
        (405, request("DELETE", "/health/")),
        (204, preflight),
    ]
    .map(|(status, request)| {
        let expect = Expectation { status: Some(status), ..Expectation::default() };
        Step { expect: Some(expect), ..Step::new(request) }
    })
    .into()
}
