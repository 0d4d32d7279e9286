//! The engine on two servers of another language, which differ on purpose.
//!
//! Nothing of this project's servers is here: what passes and fails in this file holds for anybody's.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use parity::generate::{Generator, shrink};
use parity::model::{Agreement, Case, CaseResult, Outcome, RunResult};
use parity::selftest::{self, Options, Verdict};
use parity::{Config, Engine, Target, case_file, catalogue};
use spec::Document;

type BoxError = Box<dyn std::error::Error>;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../parity-tests/fixtures/shelf"))
}

/// A running server; it ends when it is dropped.
struct Shelf {
    process: Child,
    port: u16,
}

impl Shelf {
    fn start(is_new: bool) -> Result<Self, BoxError> {
        let mut command = Command::new("python3");
        command.arg(folder().join("shelf.py")).arg("0").args(is_new.then_some("--new"));
        let mut process = command
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("python3 cannot be started ({error}): install it, such as with `apt install python3` or `brew install python`"))?;
        let mut line = String::new();
        let printed = process.stdout.take().ok_or("its output was taken")?;
        BufReader::new(printed).read_line(&mut line)?;
        let port = line.trim().parse().map_err(|_| format!("shelf.py printed {line:?} and no port"))?;
        Ok(Self { process, port })
    }

    fn target(&self, name: &str) -> Result<Target, BoxError> {
        Ok(Target::parse(&format!("{name}=http://127.0.0.1:{}", self.port))?)
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn document() -> Result<Document, BoxError> {
    Ok(Document::read(&folder().join("openapi.yaml"))?)
}

fn config() -> Result<Config, BoxError> {
    Ok(Config::read(&folder().join("parity.toml"))?)
}

fn generated() -> Result<(Generator, Vec<Case>), BoxError> {
    let generator = Generator::new(&document()?, 1)?;
    let cases = generator.cases(1_000);
    Ok((generator, cases))
}

fn all_cases() -> Result<Vec<Case>, BoxError> {
    let mut cases = case_file::read(&folder().join("cases.yaml"), &[])?;
    cases.extend(generated()?.1);
    cases.extend(catalogue::cases(&document()?, &catalogue::entries().collect::<Vec<_>>())?);
    Ok(cases)
}

fn engine(targets: Vec<Target>) -> Result<Engine, BoxError> {
    Ok(Engine::new(targets, config()?)?.with_document(&document()?, "openapi.yaml")?)
}

/// Cases that did not go well, each with its differences.
fn failures(result: &RunResult) -> Vec<String> {
    result.cases.iter().filter(|case| !case.is_good()).map(parity::report::terminal::failure).collect()
}

fn differs(result: &CaseResult) -> bool {
    result.steps.iter().any(|step| matches!(step.agreement, Agreement::Split { .. }))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_the_same_server_agree_in_everything() -> Result<(), BoxError> {
    let (one, other) = (Shelf::start(false)?, Shelf::start(false)?);
    let engine = engine(vec![one.target("one")?, other.target("other")?])?;
    let cases = all_cases()?;
    assert!(cases.len() > 1_100, "{}", cases.len());
    let result = engine.run(&cases, true, &|_| {}).await;
    // What the document does not describe is between the server and its document.
    let split: Vec<String> =
        result.cases.iter().filter(|case| differs(case)).map(parity::report::terminal::failure).collect();
    assert!(split.is_empty(), "{}", split.join("\n"));
    assert!(result.targets.iter().all(|target| target.died_after.is_none()), "{:?}", result.targets);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_new_server_differs_where_it_is_said_to() -> Result<(), BoxError> {
    let (old, new) = (Shelf::start(false)?, Shelf::start(true)?);
    let engine = engine(vec![old.target("old")?, new.target("new")?])?;
    let result = engine.run(&all_cases()?, true, &|_| {}).await;
    let found = |id: &str| result.cases.iter().any(|case| case.case.id == id && differs(case));
    for id in [
        "generated::list_books::query.limit/maximum/past::0",
        "generated::check_book::body.pages/type/fraction::0",
        "catalogue::empty_segment::empty",
    ] {
        assert!(found(id), "{id} did not differ: {}", failures(&result).join("\n"));
    }
    let written = result.cases.iter().filter(|case| case.case.id.starts_with("cases::"));
    assert!(written.clone().count() > 8 && written.clone().all(|case| case.outcome == Outcome::Agreed));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_difference_shrinks_to_what_it_is_about() -> Result<(), BoxError> {
    let (old, new) = (Shelf::start(false)?, Shelf::start(true)?);
    let engine = engine(vec![old.target("old")?, new.target("new")?])?;
    let (generator, cases) = generated()?;
    let is_about_limit = |case: &&Case| {
        case.id.contains("query.limit/maximum/past")
            && case.steps[0].send.messages[0].target().contains("title")
    };
    let case = cases.iter().find(is_about_limit).ok_or("no request with both parameters")?;
    let shrunk = shrink(&engine, &generator, engine.run_case(case).await).await;
    assert!(differs(&shrunk));
    assert_eq!(shrunk.case.steps[0].send.messages[0].target(), "/books?limit=11");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_changed_answer_is_caught_and_no_other() -> Result<(), BoxError> {
    let (one, other) = (Shelf::start(false)?, Shelf::start(false)?);
    let targets = [one.target("one")?, other.target("other")?];
    let (document, cases) = (document()?, all_cases()?);
    let test = selftest::run(&targets, &config()?, Some(&document), &cases, Options::default()).await?;
    assert!(test.is_good(), "{}", test.text());
    assert!(test.count(&Verdict::Caught) >= 300, "{}", test.text());
    assert_eq!((test.operations.len(), test.clean_runs), (4, 50));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_of_nothing_is_no_test() -> Result<(), BoxError> {
    let shelf = Shelf::start(false)?;
    let mut cases = case_file::read(&folder().join("cases.yaml"), &[])?;
    for step in cases.iter_mut().flat_map(|case| &mut case.steps) {
        step.compare = parity::model::Compare::Status;
    }
    let (targets, config, document) = ([shelf.target("one")?], config()?, document()?);
    let test = selftest::run(&targets, &config, Some(&document), &cases, Options::default()).await;
    let error = test.err().ok_or("a test was made of cases that compare little")?;
    assert!(error.to_string().starts_with("none of the 11 cases agrees"), "{error}");
    Ok(())
}
