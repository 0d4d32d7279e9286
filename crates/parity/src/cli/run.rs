//! `parity run`.

use std::io::IsTerminal as _;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use spec::Document;

use super::arguments::Run;
use super::{Failure, output};
use crate::config::Config;
use crate::coverage::Exceptions;
use crate::engine::Engine;
use crate::model::{Case, CaseResult, Message, RunResult, Target};
use crate::{case_file, noise, report};

pub(super) fn run(arguments: Run) -> Result<u8, Failure> {
    let config = arguments.config.as_deref().map_or_else(|| Ok(Config::default()), Config::read);
    let config = config.map_err(Failure::usage)?;
    let cases = cases(&arguments, &config)?;
    allowed(&arguments, &cases)?;
    let engine = engine(&arguments, config)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::not_run)?;
    let result = runtime.block_on(watched(&engine, &cases));
    output::line(&report::terminal::text(&result));
    if let Some(file) = &arguments.json {
        write(file, &report::json::text(&result).map_err(Failure::not_run)?)?;
    }
    if let Some(file) = &arguments.learn {
        write(file, &noise::review(&result.noise))?;
    }
    Ok(result.exit_code())
}

fn cases(arguments: &Run, config: &Config) -> Result<Vec<Case>, Failure> {
    let known: Vec<String> = config.target.values().flat_map(|values| values.keys().cloned()).collect();
    let mut cases = Vec::new();
    for path in &arguments.cases {
        cases.extend(case_file::read(path, &known).map_err(Failure::usage)?);
    }
    cases.retain(|case| {
        let is_named = arguments.filter.as_ref().is_none_or(|text| case.id.contains(text.as_str()));
        let is_tagged = arguments.tags.is_empty() || case.tags.iter().any(|tag| arguments.tags.contains(tag));
        is_named && is_tagged
    });
    if cases.is_empty() {
        return Err(Failure::usage("there is no case to run: give --cases, and less of --filter and --tag"));
    }
    Ok(cases)
}

/// Nothing is sent to other machines unless that was asked for, and nothing is changed there.
fn allowed(arguments: &Run, cases: &[Case]) -> Result<(), Failure> {
    let Some(remote) = arguments.targets.iter().find(|target| !target.is_loopback()) else { return Ok(()) };
    if !arguments.allow_remote {
        return Err(Failure::usage(format!(
            "{} is not this machine; say --allow-remote if it is to be asked",
            remote.name
        )));
    }
    let writes = |case: &&Case| case.steps.iter().flat_map(|step| &step.send.messages).any(Message::is_write);
    match cases.iter().find(writes) {
        Some(case) if !arguments.allow_writes => Err(Failure::usage(format!(
            "{} may change something at {}; say --allow-writes if it may",
            case.id, remote.name
        ))),
        _ => Ok(()),
    }
}

fn engine(arguments: &Run, config: Config) -> Result<Engine, Failure> {
    let targets =
        arguments.targets.iter().map(|target| Target { ca: arguments.ca.clone(), ..target.clone() });
    let mut engine = Engine::new(targets.collect(), config).map_err(Failure::usage)?;
    if let Some(path) = &arguments.spec {
        let document = Document::read(path).map_err(Failure::usage)?;
        engine = engine.with_document(&document, &path.display().to_string()).map_err(Failure::usage)?;
    }
    if let Some(path) = &arguments.uncovered {
        engine = engine.with_exceptions(Exceptions::read(path).map_err(Failure::usage)?);
    }
    Ok(if arguments.learn.is_some() { engine.learning() } else { engine })
}

/// Runs the cases behind a bar on a terminal, and else with a line for each case that did not go well.
async fn watched(engine: &Engine, cases: &[Case]) -> RunResult {
    if !std::io::stderr().is_terminal() {
        let ended = |result: &CaseResult| {
            if !result.is_good() {
                output::note(&format!("{}: {:?}", result.case.id, result.outcome));
            }
        };
        return engine.run(cases, &ended).await;
    }
    let bar = ProgressBar::new(cases.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {wide_msg}") {
        bar.set_style(style);
    }
    let result = engine
        .run(cases, &|result| {
            bar.set_message(result.case.name.clone());
            bar.inc(1);
        })
        .await;
    bar.finish_and_clear();
    result
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|error| Failure::not_run(format!("{}: {error}", file.display())))
}
