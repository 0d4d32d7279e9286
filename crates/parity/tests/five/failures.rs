//! Backends that refuse or hang: every operation is answered alike, breakers open and close alike, all recover alike.
//!
//! The servers stand behind one proxy for each backend, so that all meet the same fault at the same time. Time limits
//! and breakers are short, and no answer is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use parity::model::{Body, Case, Compare, Expectation, Origin, Request, Step};
use tokio::sync::{Mutex, OnceCell};

use crate::fleet::{Fleet, LIMIT, Proxies, config};
use crate::limits::operations;
use crate::written::Main;
use crate::{BoxError, Outcome};

/// The backends as the API names them.
pub(crate) const BACKENDS: [&str; 6] = ["vault", "postgres", "mysql", "mongodb", "redis", "rabbitmq"];

/// Failures in a row after which a breaker opens: few, so that it is open while the other operations are asked.
const FAILURES: u32 = 3;

const SETTINGS: [(&str, &str); 6] = [
    ("RATE_LIMIT", "100000"),
    ("BACKEND_TIMEOUT_MS", "500"),
    ("BREAKER_FAILURES", "3"),
    ("BREAKER_OPEN_MS", "8000"),
    ("HEALTH_CACHE_MS", "0"),
    ("SECRET_CACHE_MS", "0"),
];

/// How a backend fails.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// It refuses connections and has closed those there were.
    Refuses,
    /// It accepts everything and answers nothing.
    Hangs,
}

impl Fault {
    pub(crate) const ALL: [Self; 2] = [Self::Refuses, Self::Hangs];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Refuses => "refuses",
            Self::Hangs => "hangs",
        }
    }
}

/// The servers that all these tests break the network of, one after another.
pub(crate) type Breakable = OnceCell<Mutex<(Fleet, Proxies)>>;

pub(crate) async fn test(main: Arc<Main>, backend: &'static str, fault: Fault) -> Outcome {
    let breakable = main
        .breakable
        .get_or_try_init(async || {
            let proxies = Proxies::before(testkit::stack().await?).await?;
            let fleet = Fleet::ready(&SETTINGS, Some(&proxies)).await?;
            Ok::<_, BoxError>(Mutex::new((fleet, proxies)))
        })
        .await?;
    let breakable = breakable.lock().await;
    let (fleet, proxies) = &*breakable;
    let engine = fleet.engine(config()?)?;
    let id = format!("failures::{backend}_{}", fault.name());
    for proxy in proxies.of(backend) {
        match fault {
            Fault::Refuses => proxy.cut().await?,
            Fault::Hangs => proxy.stall(),
        }
    }
    let broken = engine.run_case(&case(&id, broken(backend)?)).await;
    for proxy in proxies.of(backend) {
        proxy.restore().await?;
    }
    // Whatever came of it, the next test finds servers that are well.
    fleet.until_ready().await?;
    let (_, probe) = probe(backend);
    tokio::time::timeout(LIMIT, fleet.until(&probe, 200)).await.map_err(|_| "a breaker did not close")??;
    main.keep(broken)?;
    main.keep(engine.run_case(&case(&format!("{id}_and_recovers"), recovered(backend))).await)
}

/// What is asked of the backend first, until its breaker opens.
fn probe(backend: &str) -> (&'static str, String) {
    let path = match backend {
        "vault" => "/examples/vault/secret/postgres".to_owned(),
        "redis" => "/examples/cache/t-away".to_owned(),
        "rabbitmq" => "/examples/messaging/queue/t-away/info".to_owned(),
        database => format!("/examples/database/{database}/query"),
    };
    ("GET", path)
}

fn broken(backend: &str) -> Result<Vec<Step>, BoxError> {
    let (method, path) = probe(backend);
    let asked = || Step::new(Request::new(method, path.clone()));
    let unavailable = |error: &str| Expectation {
        status: Some(503),
        has: Some(serde_json::json!({ "error": error, "details": { "service": backend } })),
        ..Expectation::default()
    };
    let error = match backend {
        "vault" => "VaultUnavailableError",
        "redis" => "CacheConnectionError",
        "rabbitmq" => "MessageQueueError",
        _ => "DatabaseConnectionError",
    };
    let mut steps: Vec<Step> =
        (0..FAILURES).map(|_| Step { expect: Some(unavailable(error)), ..asked() }).collect();
    steps.push(Step { expect: Some(unavailable("CircuitBreakerError")), ..asked() });
    for (method, path) in operations()? {
        // What these say depends on the moment: whether a backend's own counters went on, and what was counted.
        let compare = if path == "/metrics" { Compare::Status } else { Compare::All };
        steps.push(Step { compare, ..Step::new(whole(&method, &path)) });
    }
    Ok(steps)
}

fn recovered(backend: &str) -> Vec<Step> {
    let (method, path) = probe(backend);
    let fine = Expectation { status: Some(200), ..Expectation::default() };
    let health = Request::new("GET", format!("/health/{backend}"));
    vec![
        Step { expect: Some(fine.clone()), ..Step::new(Request::new(method, path)) },
        Step { expect: Some(fine), ..Step::new(health) },
    ]
}

/// A request that passes all checks, so that it gets to its backend.
fn whole(method: &str, path: &str) -> Request {
    match (method, path) {
        ("POST", "/examples/messaging/publish") => {
            Request::new(method, "/examples/messaging/publish?queue_name=t-{{ns}}-away")
                .header("Content-Type", "application/json")
                .body(Body::Whole(r#"{"a":1}"#.into()))
        }
        ("POST", "/examples/cache/none") => Request::new(method, "/examples/cache/{{ns}}?value=v&ttl=60"),
        ("GET", "/redis/nodes/none/info") => Request::new(method, "/redis/nodes/redis-1/info"),
        ("GET", "/examples/vault/secret/none") => Request::new(method, "/examples/vault/secret/mysql"),
        ("GET", "/examples/vault/secret/none/none") => {
            Request::new(method, "/examples/vault/secret/mysql/user")
        }
        _ => Request::new(method, path),
    }
}

fn case(id: &str, steps: Vec<Step>) -> Case {
    Case {
        id: id.to_owned(),
        name: id.replace(['_', ':'], " "),
        tags: vec!["failures".to_owned()],
        origin: Origin::Catalogue,
        variables: BTreeMap::new(),
        steps,
        hostile: false,
        alone: false,
        shared_namespace: false,
    }
}
