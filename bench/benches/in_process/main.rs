//! Each of the five servers without a socket: a request goes into the application, and an answer comes out. The time is that
//! of routing, extraction, middleware, handler and backend, and of no HTTP.
//!
//! `cargo bench -p bench --bench in_process`; a name filters: `-- health`, `-- /api-axum`. With `-- --test`, and by
//! `cargo test`, each runs once and nothing is judged.
//!
//! All of one operation's servers follow each other, beginning with another one for each operation. They share the clients
//! of the backends, on the runtime that those live on; actix-web's applications are asked on a single thread of their own,
//! as its workers would. Nothing is logged: what that costs shows over loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service as _, ServiceResponse};
use actix_web::rt::{System, SystemRunner};
use actix_web::test::{TestRequest, init_service};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use bench::BoxError;
use bench::operation::{self, Operation};
use criterion::Criterion;
use http_body_util::{BodyExt as _, Either, Full};
use hyper::Request;
use hyper::body::Bytes;
use integrations::Integrations;
use launch::{Launch, ServerState};
use serde_json::Value;
use server::metrics::Metrics;
use server::{ServerIdentity, Settings};
use service::Services;
use tokio::runtime::{Handle, Runtime};
use tower::ServiceExt as _;

/// Who asks.
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn measure() -> Result<(), BoxError> {
    // That there is a provider already is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = Runtime::new()?;
    let system = System::new();
    let (launches, services) = runtime.block_on(launches())?;
    let callees = {
        let _upkeep_runs_there = runtime.enter();
        callees(&runtime, &system, launches)?
    };
    for callee in &callees {
        (callee.run)(&operation::SET_UP, 1);
    }
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for (turn, operation) in operation::ALL.iter().enumerate() {
        let mut group = criterion.benchmark_group(format!("in process {}", operation.name));
        for callee in callees.iter().cycle().skip(turn).take(callees.len()) {
            group.bench_function(callee.name, |bencher| {
                bencher.iter_custom(|times| (callee.run)(operation, times));
            });
        }
        group.finish();
    }
    criterion.final_summary();
    runtime.block_on(services.close());
    Ok(())
}

/// What each of the five is started with, in the order of [`callees`], and the use cases that they share.
async fn launches() -> Result<([Launch; 5], Services), BoxError> {
    let stack = testkit::stack().await?;
    let settings = |identity: &'static ServerIdentity| {
        let variables = stack.environment(identity.name);
        Settings::load(identity, &|name| match name {
            "RATE_LIMIT" => Some("off".to_owned()),
            _ => variables.get(name).cloned(),
        })
    };
    let metrics = Metrics::install(&ServerIdentity::AXUM)?;
    let first = settings(&ServerIdentity::AXUM)?;
    let services = Services::new(&first.service, Integrations::start(first.integrations, Handle::current()));
    let launch = |identity| -> Result<Launch, BoxError> {
        let (metrics, services) = (metrics.clone(), services.clone());
        Ok(Launch { identity, settings: settings(identity)?, metrics, services })
    };
    let launches = [
        launch(&ServerIdentity::AXUM)?,
        launch(&ServerIdentity::AXUM_SPEC)?,
        launch(&ServerIdentity::HYPER)?,
        launch(&ServerIdentity::ACTIX_SPEC)?,
        launch(&ServerIdentity::ACTIX)?,
    ];
    Ok((launches, services))
}

/// Asks so many times, and gives the time that the answers took.
type Run<'a> = Box<dyn Fn(&Operation, u64) -> Duration + 'a>;

/// A server, and how it is asked.
struct Callee<'a> {
    name: &'static str,
    run: Run<'a>,
}

fn callees<'a>(
    runtime: &'a Runtime,
    system: &'a SystemRunner,
    [axum, axum_spec, hyper, actix_spec, actix]: [Launch; 5],
) -> Result<Vec<Callee<'a>>, BoxError> {
    let router = api_axum::app::app(api_axum::state::AppState::new(axum.services.clone(), state(&axum)));
    let router_spec = api_axum_spec::app::app(api_axum_spec::state::AppState::new(
        axum_spec.services.clone(),
        state(&axum_spec),
    ));
    let app = api_hyper::app::App::new(&hyper)?;
    let worker = system.block_on(init_service(api_actix::app::app(api_actix::state::AppState {
        services: actix.services.clone(),
        server: Arc::new(state(&actix)),
    })));
    let worker_spec =
        system.block_on(init_service(api_actix_spec::app::app(api_actix_spec::state::AppState {
            services: actix_spec.services.clone(),
            server: Arc::new(state(&actix_spec)),
        })));
    let (here, there) = (Executor::Tokio(runtime), Executor::Actix(system));
    Ok(vec![
        callee(axum.identity.name, here, for_axum, move |request| answered(router.clone().oneshot(request))),
        callee(axum_spec.identity.name, here, for_axum, move |request| {
            answered(router_spec.clone().oneshot(request))
        }),
        callee(hyper.identity.name, here, for_hyper, move |request| {
            let answer = app.clone().answer(PEER, request);
            answered(async { Ok::<_, BoxError>(answer.await.map(Body::new)) })
        }),
        callee(
            actix_spec.identity.name,
            there,
            |operation| for_actix(operation).to_request(),
            move |request| answered_by_actix(worker_spec.call(request)),
        ),
        callee(
            actix.identity.name,
            there,
            |operation| for_actix(operation).to_request(),
            move |request| answered_by_actix(worker.call(request)),
        ),
    ])
}

/// A server's own parts; nobody asks it for its document.
fn state(Launch { identity, settings, metrics, .. }: &Launch) -> ServerState {
    ServerState::new(identity, settings, metrics.clone(), || Value::Null)
}

/// Where a server's futures run.
#[derive(Clone, Copy)]
enum Executor<'a> {
    Tokio(&'a Runtime),
    Actix(&'a SystemRunner),
}

impl Executor<'_> {
    fn block_on<F: Future>(self, future: F) -> F::Output {
        match self {
            Self::Tokio(runtime) => runtime.block_on(future),
            Self::Actix(system) => system.block_on(future),
        }
    }
}

/// `make` makes a request, outside of what is measured; `ask` gives the status of its answer when the body is there.
fn callee<'a, R, F>(
    name: &'static str,
    executor: Executor<'a>,
    make: impl Fn(&Operation) -> R + 'a,
    ask: impl Fn(R) -> F + 'a,
) -> Callee<'a>
where
    F: Future<Output = Result<u16, BoxError>>,
{
    let run = move |operation: &Operation, times: u64| {
        executor.block_on(async {
            let mut spent = Duration::ZERO;
            for _ in 0..times {
                let request = make(operation);
                let begun = Instant::now();
                let status = ask(request).await;
                spent += begun.elapsed();
                check(name, operation, status);
            }
            spent
        })
    };
    Callee { name, run: Box::new(run) }
}

#[expect(
    clippy::panic,
    reason = "the time of a request that was refused says nothing, and Criterion takes no errors"
)]
fn check(name: &str, operation: &Operation, status: Result<u16, BoxError>) {
    match status {
        Ok(status) if status == operation.status => {}
        other => panic!("{name} answers {} with {other:?}", operation.name),
    }
}

fn for_axum(operation: &Operation) -> Request<Body> {
    let mut request = request(operation).map(Body::from);
    request.extensions_mut().insert(ConnectInfo(PEER));
    request
}

fn for_hyper(operation: &Operation) -> Request<api_hyper::RequestBody> {
    request(operation).map(|body| Either::Right(Full::new(body)))
}

#[expect(clippy::expect_used, reason = "the operations are constants of this crate")]
fn request(operation: &Operation) -> Request<Bytes> {
    let mut request =
        Request::builder().method(operation.method).uri(operation.target(0)).header("host", "bench");
    if !operation.body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    request.body(Bytes::from_static(operation.body.as_bytes())).expect("a request")
}

#[expect(clippy::expect_used, reason = "the operations are constants of this crate")]
fn for_actix(operation: &Operation) -> TestRequest {
    let request = TestRequest::with_uri(&operation.target(0))
        .method(operation.method.parse().expect("a method"))
        .peer_addr(PEER)
        .insert_header(("host", "bench"));
    if operation.body.is_empty() {
        return request;
    }
    request.insert_header(("content-type", "application/json")).set_payload(operation.body)
}

async fn answered<E>(answer: impl Future<Output = Result<Response, E>>) -> Result<u16, BoxError>
where
    E: Into<BoxError>,
{
    let answer = answer.await.map_err(Into::into)?;
    let status = answer.status().as_u16();
    answer.into_body().collect().await?;
    Ok(status)
}

async fn answered_by_actix(
    answer: impl Future<Output = Result<ServiceResponse<BoxBody>, actix_web::Error>>,
) -> Result<u16, BoxError> {
    let answer = answer.await.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    // Answers of the contract are whole.
    answer.into_body().try_into_bytes().map_err(|_| "a body in pieces")?;
    Ok(status)
}

#[expect(
    clippy::print_stderr,
    reason = "it says why nothing was measured, beside what Criterion itself prints"
)]
fn fail(error: &str) -> ExitCode {
    eprintln!("in_process: {error}");
    ExitCode::FAILURE
}
