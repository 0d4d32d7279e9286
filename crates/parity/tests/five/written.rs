//! The written cases, those made from the contract, and the adversarial catalogue: each is a test, and all are sent to
//! servers that they share.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::Trial;
use parity::coverage::Exceptions;
use parity::generate::{Constraint, Generator};
use parity::model::{Case, CaseResult, Compare};
use parity::{Engine, case_file, catalogue, report};
use spec::Document;
use tokio::runtime::Handle;
use tokio::sync::OnceCell;

use crate::cleaning::Leftovers;
use crate::failures::harmed::Place;
use crate::failures::network::Breakable;
use crate::fleet::{CONTRACT, Fleet, config};
use crate::{BoxError, Outcome};

/// The rate limits in per cent of the contract's figures: so far away that no number of cases gets there.
pub(crate) const LIMITS: &str = "100000";

/// How many cases are made from the contract, and the seed that makes them again.
const GENERATED: (usize, u64) = (1000, 1);

/// The cases of the catalogue that are left to the HTTP libraries, by the entry of `openapi/exceptions.toml` that says so.
const LEFT: [(&str, &str, Compare); 6] = [
    ("catalogue::long_target::100_kb", "target-over-65534-bytes", Compare::Error),
    ("catalogue::host::twice", "two-hosts", Compare::Error),
    ("catalogue::many_headers::200", "over-96-header-fields", Compare::Error),
    ("catalogue::lengths::length_and_chunks", "length-and-chunked", Compare::Nothing),
    ("catalogue::lengths::chunked_twice", "contradicting-length", Compare::Nothing),
    // Some libraries mend it, which RFC 9112 (6.3) allows as it does the refusal.
    ("catalogue::lengths::same_length_twice", "contradicting-length", Compare::Nothing),
];

/// Where the cases and what belongs to them are.
fn folder() -> &'static Path {
    Path::new("../../parity-tests")
}

/// What the cases share, and what came of them.
pub(crate) struct Main {
    cases: Vec<Case>,
    /// What the generated cases are about.
    constraints: Vec<Constraint>,
    shared: OnceCell<(Fleet, Engine)>,
    results: Mutex<Vec<CaseResult>>,
    /// What only the tests of failures use; here, because the servers end with it.
    pub(crate) breakable: Breakable,
    /// And their own stack.
    pub(crate) harmed: Place,
}

impl Main {
    /// Reads the cases; no server is started before one is needed.
    pub(crate) fn new() -> Result<Self, BoxError> {
        let known: Vec<String> = config()?.target.into_values().flat_map(BTreeMap::into_keys).collect();
        let mut cases = case_file::read(&folder().join("cases"), &known)?;
        let document = Document::from_yaml(CONTRACT)?;
        let (count, seed) = GENERATED;
        let generator = Generator::new(&document, seed)?;
        cases.extend(generator.cases(count));
        let entries: Vec<_> = catalogue::entries().collect();
        cases.extend(catalogue::cases(&document, &entries)?.into_iter().map(left_to_libraries));
        let constraints = generator.constraints().collect();
        // While one waits to be alone, no other begins: at first there is nothing to wait for.
        cases.sort_by_key(|case| !case.alone);
        Ok(Self {
            cases,
            constraints,
            shared: OnceCell::new(),
            results: Mutex::default(),
            breakable: Breakable::new(),
            harmed: Place::default(),
        })
    }

    /// All cases that are sent to the shared servers.
    pub(crate) fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The servers that need no settings of their own, and the engine that compares them.
    pub(crate) async fn shared(&self) -> Result<&(Fleet, Engine), BoxError> {
        self.shared
            .get_or_try_init(async || {
                let fleet = Fleet::ready(testkit::stack().await?, &[("RATE_LIMIT", LIMITS)], None).await?;
                let mut config = config()?;
                config.settings.push(format!("RATE_LIMIT={LIMITS}"));
                let engine = fleet.engine(config)?;
                let exceptions = Exceptions::read(&folder().join("uncovered.txt"))?;
                let engine = engine.with_constraints(self.constraints.clone());
                Ok((fleet, engine.with_exceptions(exceptions)))
            })
            .await
    }

    /// Keeps what came of a case, for the report and the coverage; fails with all that is wrong with it.
    pub(crate) fn keep(&self, result: CaseResult) -> Outcome {
        let failure = report::terminal::failure(&result);
        self.results.lock().unwrap_or_else(PoisonError::into_inner).push(result);
        if failure.is_empty() { Ok(()) } else { Err(failure.into()) }
    }

    /// Draws the conclusion; `is_whole` says that all tests ran and passed.
    pub(crate) async fn close(&self, is_whole: bool) -> Outcome {
        if let Some(harmed) = self.harmed.lock().await.take() {
            harmed.close().await?;
        }
        let Some((fleet, engine)) = self.shared.get() else { return Ok(()) };
        let results = std::mem::take(&mut *self.results.lock().unwrap_or_else(PoisonError::into_inner));
        let mut leftovers = Leftovers::default();
        for result in &results {
            leftovers.note(result);
        }
        leftovers.delete(fleet).await?;
        let mut result = engine.conclude(results, is_whole);
        result.cases.sort_by(|one, other| one.case.id.cmp(&other.case.id));
        say(&report::terminal::summary(&result));
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parity.json");
        std::fs::write(&file, report::json::text(&result)?)?;
        say(&format!("the whole report: {}", file.display()));
        if result.faults.is_empty() { Ok(()) } else { Err(result.faults.join("\n").into()) }
    }
}

/// The case as it is compared here: what is left to the libraries is compared as far as `openapi/exceptions.toml` says,
/// and the servers live on.
fn left_to_libraries(mut case: Case) -> Case {
    if let Some((_, exception, compare)) = LEFT.iter().find(|(id, _, _)| *id == case.id) {
        case.tags.push((*exception).to_owned());
        case.hostile = true;
        for step in &mut case.steps {
            step.compare = compare.clone();
        }
    }
    case
}

/// A test for each case.
pub(crate) fn trials(main: &Arc<Main>, runtime: &Handle) -> Vec<Trial> {
    let trial = |case: &Case| {
        let (main, runtime, case) = (Arc::clone(main), runtime.clone(), case.clone());
        Trial::test(case.id.clone(), move || {
            runtime.block_on(async {
                let (_, engine) =
                    main.shared().await.map_err(|error| causes::Chain(error.as_ref()).to_string())?;
                Ok(main.keep(engine.run_case(&case).await)?)
            })
        })
    };
    main.cases.iter().map(trial).collect()
}

#[expect(clippy::print_stdout, reason = "the last lines of the harness's own report")]
pub(crate) fn say(line: &str) {
    println!("parity: {line}");
}
