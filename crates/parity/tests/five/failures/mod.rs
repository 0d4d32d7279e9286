//! Backends that fail: every operation is answered alike, breakers open and close alike, all recover alike.
//!
//! The servers stand behind one proxy for each backend, so that all meet the same fault at the same time. Time limits
//! and breakers are short, and no answer is kept.
//!
//! What the network can do is tried on the shared stack ([`network`]). What only a backend itself can do is done to a
//! stack of these tests' own ([`harmed`]): it is stopped ([`stopped`]), gets another password ([`passwords`]), and Vault
//! is sealed and forgets its tokens ([`vault`]). Both have servers of their own, so that one test of each kind can run
//! at a time.

pub(crate) mod harmed;
pub(crate) mod network;
pub(crate) mod operator;
mod passwords;
mod stopped;
mod vault;

use parity::Engine;
use parity::model::{Body, CaseResult, Compare, Expectation, Request, Step};
use serde_json::json;
use tokio::time::timeout;

use crate::cases::case;
use crate::fleet::{Fleet, LIMIT, config};
use crate::limits::operations;
use crate::{BoxError, Outcome, Test};
use testkit::{BACKENDS, Proxies, Stack};

/// Failures in a row after which a breaker opens: few, so that it is open while the other operations are asked.
const FAILURES: usize = 3;

/// An operation that takes longer than this, in milliseconds, is not answered within its time limit: many times what
/// the servers are set to wait for a backend, because the machine may be busy.
const ANSWER_MS: u64 = 10_000;

/// All tests of this module, those of the two kinds in turns, so that neither kind waits for the end of the other.
pub(crate) fn tests() -> Vec<(String, Test)> {
    let mut on_the_wire: Vec<(String, Test)> = Vec::new();
    let mut at_the_backend: Vec<(String, Test)> = Vec::new();
    for backend in BACKENDS {
        for fault in network::Fault::ALL {
            let test: Test = Box::new(move |main| Box::pin(network::test(main, backend, fault)));
            on_the_wire.push((format!("{backend}_{}", fault.name()), test));
        }
        let test: Test = Box::new(move |main| Box::pin(stopped::test(main, backend)));
        at_the_backend.push((format!("{backend}_is_stopped"), test));
        if backend == "vault" {
            at_the_backend
                .push(("vault_is_sealed".to_owned(), Box::new(|main| Box::pin(vault::sealed(main)))));
            let test: Test = Box::new(|main| Box::pin(vault::tokens_revoked(main)));
            at_the_backend.push(("vault_revokes_the_tokens".to_owned(), test));
        } else {
            let test: Test = Box::new(move |main| Box::pin(passwords::rotated(main, backend)));
            at_the_backend.push((format!("{backend}_has_a_new_password"), test));
            let test: Test = Box::new(move |main| Box::pin(passwords::unknown(main, backend)));
            at_the_backend.push((format!("{backend}_has_a_password_that_vault_does_not_know"), test));
        }
    }
    let mut tests = Vec::new();
    let (mut on_the_wire, mut at_the_backend) = (on_the_wire.into_iter(), at_the_backend.into_iter());
    loop {
        let pair = [on_the_wire.next(), at_the_backend.next()];
        if pair.iter().all(Option::is_none) {
            return tests;
        }
        tests.extend(pair.into_iter().flatten().map(|(name, test)| (format!("failures::{name}"), test)));
    }
}

/// Servers that reach their backends through proxies.
pub(crate) struct Behind {
    fleet: Fleet,
    proxies: Proxies,
}

impl Behind {
    async fn of(stack: &Stack, settings: &[(&str, &str)]) -> Result<Self, BoxError> {
        let proxies = Proxies::before(stack).await?;
        let fleet = Fleet::ready(stack, settings, Some(&proxies)).await?;
        Ok(Self { fleet, proxies })
    }

    fn engine(&self) -> Result<Engine, BoxError> {
        let mut config = config()?;
        config.limits.answer_ms = ANSWER_MS;
        self.fleet.engine(config)
    }

    /// Runs a case that has these steps.
    async fn run(&self, id: &str, steps: Vec<Step>) -> Result<CaseResult, BoxError> {
        let case = case(&format!("failures::{id}"), "failures", steps);
        Ok(self.engine()?.run_case(&case).await)
    }

    /// Waits until all backends are well for all servers, and the breaker of one is closed.
    async fn until_well(&self, backend: &str) -> Outcome {
        self.fleet.until_ready().await?;
        let closed = timeout(LIMIT, self.fleet.until(&probe(backend), 200)).await;
        closed.map_err(|_| format!("the breaker of {backend} did not close within {LIMIT:?}"))?
    }
}

/// The path of an operation that needs this backend and no other.
fn probe(backend: &str) -> String {
    match backend {
        "vault" => "/examples/vault/secret/postgres".to_owned(),
        "redis" => "/examples/cache/t-away".to_owned(),
        "rabbitmq" => "/examples/messaging/queue/t-away/info".to_owned(),
        database => format!("/examples/database/{database}/query"),
    }
}

/// The error that names an unavailable backend.
fn error_of(backend: &str) -> &'static str {
    match backend {
        "vault" => "VaultUnavailableError",
        "redis" => "CacheConnectionError",
        "rabbitmq" => "MessageQueueError",
        _ => "DatabaseConnectionError",
    }
}

/// The backend is asked as often as given, and each time refused with this error.
fn refused(backend: &str, error: &str, times: usize) -> Vec<Step> {
    let expect = Expectation {
        status: Some(503),
        has: Some(json!({ "error": error, "details": { "service": backend } })),
        ..Expectation::default()
    };
    let step = Step { expect: Some(expect), ..Step::new(Request::new("GET", probe(backend))) };
    vec![step; times]
}

/// The backend is asked until its breaker opens, and then everything else.
fn broken(backend: &str) -> Result<Vec<Step>, BoxError> {
    let mut steps = refused(backend, error_of(backend), FAILURES);
    steps.extend(refused(backend, "CircuitBreakerError", 1));
    steps.extend(everything(&Expectation::default())?);
    Ok(steps)
}

/// Every operation of the contract, whose answer is expected in time at least.
fn everything(expect: &Expectation) -> Result<Vec<Step>, BoxError> {
    let step = |(method, path): (String, String)| {
        // What these say depends on the moment: whether a backend's own counters went on, and what was counted.
        let compare = if path == "/metrics" { Compare::Status } else { Compare::All };
        Step { compare, expect: Some(expect.clone()), ..Step::new(whole(&method, &path)) }
    };
    Ok(operations()?.into_iter().map(step).collect())
}

/// The backend and its health page, with nothing wrong.
fn fine(backend: &str) -> Vec<Step> {
    let paths = [probe(backend), format!("/health/{backend}")];
    paths.map(|path| Step { expect: Some(ok()), ..Step::new(Request::new("GET", path)) }).into()
}

fn ok() -> Expectation {
    Expectation { status: Some(200), ..Expectation::default() }
}

/// A request that passes all checks, so that it gets to its backend.
pub(crate) fn whole(method: &str, path: &str) -> Request {
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
