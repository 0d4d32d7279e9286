//! `parity run`.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use spec::Document;

use super::arguments::{Access, Made, Rules, Run};
use super::{Failure, output};
use crate::config::Config;
use crate::coverage::Exceptions;
use crate::engine::Engine;
use crate::generate::{Generator, shrink};
use crate::model::{Case, CaseResult, Message, Origin, Outcome, RunResult, Target};
use crate::{case_file, catalogue, noise, report};

/// More findings than these are not made smaller: somebody is to look at the first of them.
const MOST_SHRUNK: usize = 25;

pub(super) fn run(arguments: &Run) -> Result<u8, Failure> {
    let Run { targets, access, rules, .. } = arguments;
    let config = config(rules.config.as_deref())?;
    let document = document(rules)?;
    let cases = chosen(arguments, &config, document.as_ref())?;
    allowed(targets, &cases, access)?;
    let mut engine = engine(targets, access, config, rules.spec.as_deref().zip(document.as_ref()))?;
    if let Some(path) = &arguments.uncovered {
        engine = engine.with_exceptions(Exceptions::read(path).map_err(Failure::usage)?);
    }
    if arguments.learn.is_some() {
        engine = engine.learning();
    }
    let generator = document.as_ref().filter(|_| arguments.made.generated > 0);
    let generator = generator.map(|document| Generator::new(document, arguments.made.seed));
    let generator = generator.transpose().map_err(Failure::usage)?;
    if let Some(generator) = &generator {
        engine = engine.with_constraints(generator.constraints());
    }
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::not_run)?;
    let mut result = runtime.block_on(watched(&engine, &cases, is_whole(arguments)));
    if let Some(generator) = &generator {
        runtime.block_on(shrunk(&engine, generator, &mut result));
    }
    output::line(&report::terminal::text(&result));
    write_all(arguments, &result)?;
    Ok(result.exit_code())
}

pub(super) fn config(file: Option<&Path>) -> Result<Config, Failure> {
    file.map_or_else(|| Ok(Config::default()), Config::read).map_err(Failure::usage)
}

pub(super) fn document(rules: &Rules) -> Result<Option<Document>, Failure> {
    rules.spec.as_deref().map(Document::read).transpose().map_err(Failure::usage)
}

/// The cases of files, and those that are made from the document.
pub(super) fn cases(
    paths: &[PathBuf],
    made: &Made,
    config: &Config,
    document: Option<&Document>,
) -> Result<Vec<Case>, Failure> {
    let known: Vec<String> = config.target.values().flat_map(|values| values.keys().cloned()).collect();
    let mut cases = Vec::new();
    for path in paths {
        cases.extend(case_file::read(path, &known).map_err(Failure::usage)?);
    }
    if made.generated == 0 && made.catalogue.is_empty() {
        return Ok(cases);
    }
    let document = document.ok_or_else(|| {
        Failure::usage("--generated and --catalogue make cases from a document: give --spec")
    })?;
    let generator = Generator::new(document, made.seed).map_err(Failure::usage)?;
    if made.generated > 0 {
        for unmade in generator.unmade() {
            output::note(&format!("no case can be made for {unmade}"));
        }
    }
    cases.extend(generator.cases(made.generated));
    let entries = catalogue::chosen(&made.catalogue).map_err(Failure::usage)?;
    cases.extend(catalogue::cases(document, &entries).map_err(Failure::usage)?);
    Ok(cases)
}

fn chosen(arguments: &Run, config: &Config, document: Option<&Document>) -> Result<Vec<Case>, Failure> {
    let mut cases = cases(&arguments.cases, &arguments.made, config, document)?;
    cases.retain(|case| {
        let is_named = arguments.filter.as_ref().is_none_or(|text| case.id.contains(text.as_str()));
        let is_tagged = arguments.tags.is_empty() || case.tags.iter().any(|tag| arguments.tags.contains(tag));
        is_named && is_tagged
    });
    if cases.is_empty() {
        return Err(Failure::usage(
            "there is no case to run: give --cases, --generated or --catalogue, and less of --filter and --tag",
        ));
    }
    Ok(cases)
}

/// Whether all written cases ran: only then must each mask meet a value, and each documented answer be seen.
const fn is_whole(arguments: &Run) -> bool {
    !arguments.cases.is_empty() && arguments.filter.is_none() && arguments.tags.is_empty()
}

/// Puts the smallest request that still differs in place of the first generated one for each constraint.
async fn shrunk(engine: &Engine, generator: &Generator, result: &mut RunResult) {
    let mut known = BTreeSet::new();
    let is_to_shrink = |case: &&mut CaseResult| {
        case.outcome == Outcome::Differed && matches!(case.case.origin, Origin::Generated { .. })
    };
    for case in result.cases.iter_mut().filter(is_to_shrink) {
        let constraint = case.case.id.rsplit_once("::").map(|(constraint, _round)| constraint.to_owned());
        if known.len() < MOST_SHRUNK && known.insert(constraint) {
            *case = shrink(engine, generator, case.clone()).await;
        }
    }
}

/// Nothing is sent to other machines unless that was asked for, and nothing is changed there.
pub(super) fn allowed(targets: &[Target], cases: &[Case], access: &Access) -> Result<(), Failure> {
    let Some(remote) = targets.iter().find(|target| !target.is_loopback()) else { return Ok(()) };
    if !access.allow_remote {
        return Err(Failure::usage(format!(
            "{} is not this machine; say --allow-remote if it is to be asked",
            remote.name
        )));
    }
    let writes = |case: &&Case| case.steps.iter().flat_map(|step| &step.send.messages).any(Message::is_write);
    match cases.iter().find(writes) {
        Some(case) if !access.allow_writes => Err(Failure::usage(format!(
            "{} may change something at {}; say --allow-writes if it may",
            case.id, remote.name
        ))),
        _ => Ok(()),
    }
}

/// The engine for these targets, which holds their answers to the document at a path.
pub(super) fn engine(
    targets: &[Target],
    access: &Access,
    config: Config,
    document: Option<(&Path, &Document)>,
) -> Result<Engine, Failure> {
    let targets = targets.iter().map(|target| Target { ca: access.ca.clone(), ..target.clone() });
    let engine = Engine::new(targets.collect(), config).map_err(Failure::usage)?;
    match document {
        Some((path, document)) => {
            engine.with_document(document, &path.display().to_string()).map_err(Failure::usage)
        }
        None => Ok(engine),
    }
}

/// Runs the cases behind a bar on a terminal, and else with a line for each case that did not go well.
async fn watched(engine: &Engine, cases: &[Case], is_whole: bool) -> RunResult {
    if !std::io::stderr().is_terminal() {
        let ended = |result: &CaseResult| {
            if !result.is_good() {
                output::note(&format!("{}: {:?}", result.case.id, result.outcome));
            }
        };
        return engine.run(cases, is_whole, &ended).await;
    }
    let bar = ProgressBar::new(cases.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {wide_msg}") {
        bar.set_style(style);
    }
    let result = engine
        .run(cases, is_whole, &|result| {
            bar.set_message(result.case.name.clone());
            bar.inc(1);
        })
        .await;
    bar.finish_and_clear();
    result
}

/// Writes every file that was asked for.
fn write_all(arguments: &Run, result: &RunResult) -> Result<(), Failure> {
    if let Some(file) = &arguments.json {
        write(file, &report::json::text(result).map_err(Failure::not_run)?)?;
    }
    if let Some(file) = &arguments.html {
        write(file, &report::html::text(result).map_err(Failure::not_run)?)?;
    }
    if let Some(file) = &arguments.junit {
        write(file, &report::junit::text(result).map_err(Failure::not_run)?)?;
    }
    if let Some(file) = &arguments.learn {
        write(file, &noise::review(&result.noise))?;
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|error| Failure::not_run(format!("{}: {error}", file.display())))
}
