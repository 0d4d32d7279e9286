//! The servers of this repository, held against each other on the real stack.
//!
//! `cargo test -p parity` brings the shared test stack up, starts the servers and sends every case to all of them.
//! Each case is a test of its own, so that names filter: `cargo test -p parity cache`.
//!
//! How the servers are built: this binary depends on their crates and starts *itself* once for each, as
//! `five serve api-axum`, which does what the server's own `main` does. So there is one link in place of five, and no
//! cargo inside of cargo. That their own binaries work is what their black-box suites are for.
//!
//! The main run sets the rate limits out of the way and keeps all other defaults; what shortens time-outs, breakers
//! and caches are the tests in [`failures`], and the default of each switch has a test in [`defaults`].

mod cases;
mod cleaning;
mod defaults;
mod failures;
mod fleet;
mod gateway;
mod limits;
mod logs;
mod metrics;
mod odd_answers;
mod odd_values;
mod pairs;
mod protocols;
mod redis_node;
mod self_test;
mod shutdown;
mod told;
mod traces;
mod written;

use std::process::ExitCode;
use std::sync::Arc;

use causes::Chain;
use libtest_mimic::{Arguments, Trial};
use server::ServerIdentity;

use written::Main;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Outcome = Result<(), BoxError>;

/// Most cases wait for servers most of the time, so that more of them run at once than there are cores.
const AT_ONCE: usize = 8;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", name] => serve(name),
        _ => test(),
    }
}

/// What the `main` of the server of this name does.
fn serve(name: &str) -> ExitCode {
    match name {
        "api-axum" => launch::main(&ServerIdentity::AXUM, api_axum::start),
        "api-axum-spec" => launch::main(&ServerIdentity::AXUM_SPEC, api_axum_spec::start),
        "api-hyper" => launch::main(&ServerIdentity::HYPER, api_hyper::start),
        "api-actix-spec" => launch::main(&ServerIdentity::ACTIX_SPEC, api_actix_spec::start),
        "api-actix" => launch::main(&ServerIdentity::ACTIX, api_actix::start),
        _ => fail(&format!("there is no server {name}")),
    }
}

/// The servers that [`serve`] can start.
const SERVERS: [&str; 5] = ["api-axum", "api-axum-spec", "api-hyper", "api-actix-spec", "api-actix"];

fn test() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    let main = match Main::new() {
        Ok(main) => Arc::new(main),
        Err(error) => return fail(&error.to_string()),
    };
    let mut trials = written::trials(&main, runtime.handle());
    trials.extend(tests().into_iter().map(|(name, test)| {
        let (runtime, main) = (runtime.handle().clone(), Arc::clone(&main));
        Trial::test(name, move || {
            runtime.block_on(test(main)).map_err(|error| Chain(error.as_ref()).to_string().into())
        })
    }));
    let conclusion = libtest_mimic::run(&arguments, trials);
    let is_whole =
        arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list && !arguments.exact;
    match runtime.block_on(main.close(is_whole && !conclusion.has_failed())) {
        Err(error) => fail(&error.to_string()),
        Ok(()) => conclusion.exit_code(),
    }
}

type Test = Box<dyn Fn(Arc<Main>) -> std::pin::Pin<Box<dyn Future<Output = Outcome>>> + Send>;

/// The tests that need servers of their own.
fn tests() -> Vec<(String, Test)> {
    let mut tests: Vec<(String, Test)> = Vec::new();
    let mut add = |name: String, test: Test| tests.push((name, test));
    for (writer, server) in SERVERS.into_iter().enumerate() {
        let name = format!("pairs::what_{}_writes_all_read", server.replace('-', "_"));
        add(name, Box::new(move |main| Box::pin(pairs::test(main, writer))));
    }
    add(
        "odd_values::a_list_is_no_value_of_the_cache".to_owned(),
        Box::new(|main| Box::pin(odd_values::test(main))),
    );
    add(
        "odd_answers::what_no_backend_should_answer_is_500".to_owned(),
        Box::new(|main| Box::pin(odd_answers::test(main))),
    );
    add("self_test::every_change_is_noticed".to_owned(), Box::new(|main| Box::pin(self_test::test(main))));
    add("limits::every_operation_can_be_refused".to_owned(), Box::new(|main| Box::pin(limits::test(main))));
    add("logs::the_same_requests_are_logged_alike".to_owned(), Box::new(|_| Box::pin(logs::test())));
    add("metrics::the_same_requests_are_counted_alike".to_owned(), Box::new(|_| Box::pin(metrics::test())));
    add("traces::the_same_requests_leave_the_same_spans".to_owned(), Box::new(|_| Box::pin(traces::test())));
    add(
        "protocols::the_same_is_answered_over_tls_and_h2".to_owned(),
        Box::new(|main| Box::pin(protocols::test(main))),
    );
    add("shutdown::all_end_well_when_they_are_told_to".to_owned(), Box::new(|_| Box::pin(shutdown::test())));
    for (name, test) in defaults::tests() {
        add(format!("defaults::{name}"), test);
    }
    tests.extend(failures::tests());
    tests
}

#[expect(
    clippy::print_stderr,
    reason = "it says why the harness failed, beside what the harness itself prints"
)]
fn fail(error: &str) -> ExitCode {
    eprintln!("five: {error}");
    ExitCode::FAILURE
}
