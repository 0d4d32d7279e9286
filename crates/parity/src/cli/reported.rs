//! `parity replay` and `parity export`: one case of a report again.

use super::arguments::{Export, Replay, Reported};
use super::{Failure, output, run as running};
use crate::model::{Case, RunResult, Target};
use crate::{export as lines, report};

pub(super) fn replay(arguments: &Replay) -> Result<u8, Failure> {
    let (report, case) = find(&arguments.reported)?;
    let Replay { access, rules, .. } = arguments;
    let targets = if arguments.targets.is_empty() { targets(&report)? } else { arguments.targets.clone() };
    let cases = [case];
    running::allowed(&targets, &cases, access)?;
    let (config, document) = (running::config(rules.config.as_deref())?, running::document(rules)?);
    let engine = running::engine(&targets, access, config, rules.spec.as_deref().zip(document.as_ref()))?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::not_run)?;
    let [case] = &cases;
    let result = runtime.block_on(engine.run_case(case));
    // One case is no whole run, so that masks which it did not need are no fault.
    let result = engine.conclude(vec![result], false);
    output::line(&report::terminal::text(&result));
    Ok(result.exit_code())
}

pub(super) fn export(arguments: &Export) -> Result<u8, Failure> {
    let (report, case) = find(&arguments.reported)?;
    let target = match &arguments.target {
        Some(target) => target.clone(),
        None => {
            targets(&report)?.into_iter().next().ok_or_else(|| Failure::usage("the report has no target"))?
        }
    };
    let text = if arguments.hurl { lines::hurl(&case, &target) } else { lines::curl(&case, &target) };
    output::line(text.trim_end());
    Ok(0)
}

fn find(reported: &Reported) -> Result<(RunResult, Case), Failure> {
    let file = reported.from.display();
    let text = std::fs::read_to_string(&reported.from).map_err(|error| {
        Failure::usage(format!("{file}: {error}; write it with `parity run --json {file}`"))
    })?;
    let report: RunResult = serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{file} is no JSON report of parity: {error}")))?;
    let case = report.cases.iter().find(|result| result.case.id == reported.id);
    let case = case.map(|result| result.case.clone()).ok_or_else(|| {
        let near: Vec<&str> = report
            .cases
            .iter()
            .map(|result| result.case.id.as_str())
            .filter(|id| id.contains(&reported.id))
            .take(5)
            .collect();
        let near = if near.is_empty() { String::new() } else { format!("; there are {}", near.join(", ")) };
        Failure::usage(format!("{file} has no case {}{near}", reported.id))
    })?;
    Ok((report, case))
}

fn targets(report: &RunResult) -> Result<Vec<Target>, Failure> {
    let named = report.targets.iter().map(|target| Target::parse(&format!("{}={}", target.name, target.url)));
    named.collect::<Result<_, _>>().map_err(Failure::usage)
}
