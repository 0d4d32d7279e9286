//! For people: a table of operations and targets, and every difference as a readable diff.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::{Table, presets};
use similar::{ChangeTag, TextDiff};

use crate::model::{
    Agreement, CaseResult, ConstraintCoverage, Coverage, Difference, Group, Outcome, Reached, RunResult,
    StepResult,
};

/// The longest line of a value.
const SHOWN: usize = 200;
/// The most lines of a diff.
const DIFF_LINES: usize = 40;

/// The most constraints that are listed one by one.
const UNREACHED: usize = 20;

/// The whole report.
pub fn text(result: &RunResult) -> String {
    let mut text = String::new();
    for case in result.cases.iter().filter(|case| !case.is_good()) {
        text.push_str(&failure(case));
        text.push('\n');
    }
    let _ = writeln!(text, "{}\n", table(result));
    let unreached: Vec<&ConstraintCoverage> = unreached(&result.coverage.constraints).collect();
    for ConstraintCoverage { operation, constraint, exception, .. } in unreached.iter().take(UNREACHED) {
        let why = exception.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let _ = writeln!(text, "not reached: {operation} {constraint}{why}");
    }
    if unreached.len() > UNREACHED {
        let _ =
            writeln!(text, "not reached: {} more, which the other reports list", unreached.len() - UNREACHED);
    }
    for setting in &result.settings {
        let _ = writeln!(text, "set apart from the defaults: {setting}");
    }
    for fault in &result.faults {
        let _ = writeln!(text, "fault: {fault}");
    }
    let _ = writeln!(text, "{}", summary(result));
    text
}

fn unreached(constraints: &[ConstraintCoverage]) -> impl Iterator<Item = &ConstraintCoverage> {
    constraints.iter().filter(|constraint| constraint.reached() == Reached::Unreached)
}

/// The last line of the report.
pub fn summary(result: &RunResult) -> String {
    let tally = &result.tally;
    let masked: usize = result.cases.iter().flat_map(|case| &case.steps).map(|step| step.masked.len()).sum();
    let Coverage { answers, constraints } = &result.coverage;
    let mut text = format!(
        "{} agreed, {} differed, {} not run; {} requests to {} targets in {:.1} s; {masked} values masked",
        tally.agreed,
        tally.differed,
        tally.not_run,
        tally.requests,
        result.targets.len(),
        std::time::Duration::from_millis(result.elapsed_ms).as_secs_f64()
    );
    if !answers.is_empty() {
        let seen = answers.iter().filter(|answer| answer.reached != Reached::Unreached).count();
        let _ = write!(text, "; {seen} of {} documented answers seen", answers.len());
    }
    if !constraints.is_empty() {
        let seen = constraints.len() - unreached(constraints).count();
        let _ = write!(text, "; {seen} of {} constraints reached", constraints.len());
    }
    text
}

/// Everything about a case that did not go well; empty for one that did.
pub fn failure(case: &CaseResult) -> String {
    let mut text = match &case.outcome {
        Outcome::Agreed => return String::new(),
        Outcome::Differed => format!("✗ {}\n", case.case.id),
        Outcome::NotRun(reason) => format!("? {}: not run: {reason}\n", case.case.id),
    };
    if let crate::model::Origin::Written { file, line } = &case.case.origin {
        let _ = writeln!(text, "    {file}:{line}");
    }
    for died in &case.died {
        let _ = writeln!(text, "    {died} no longer answers");
    }
    for step in case.steps.iter().filter(|step| !step.is_good()) {
        text.push_str(&failed_step(step));
    }
    text
}

fn failed_step(step: &StepResult) -> String {
    let mut text = format!("  step {}", step.index + 1);
    if let Some(operation) = &step.operation {
        let _ = write!(text, " ({operation})");
    }
    text.push('\n');
    for fault in &step.contract {
        let _ = writeln!(text, "    contract: {}: {}", fault.target, fault.fault);
    }
    for fault in &step.expectation {
        let _ = writeln!(
            text,
            "    expected: {}: {}: expected {}, got {}",
            fault.target,
            fault.place,
            cut(&fault.expected),
            cut(&fault.found)
        );
    }
    if let Agreement::Split { groups, has_majority, differences } = &step.agreement {
        let _ = writeln!(text, "    agreement: {}", sentence(groups, *has_majority));
        for difference in differences {
            text.push_str(&shown(difference));
        }
    }
    for (target, evidence) in &step.evidence {
        for evidence in evidence.iter().take(1) {
            let _ = writeln!(text, "    {target}: {}", evidence.curl);
        }
    }
    text
}

/// Such as `4 of 5 answer 422; api-hyper answers 400`.
pub fn sentence(groups: &[Group], has_majority: bool) -> String {
    let all: usize = groups.iter().map(|group| group.targets.len()).sum();
    let answered = |group: &Group| {
        let verb = if group.targets.len() == 1 { "answers" } else { "answer" };
        format!("{} {verb} {}", group.targets.join(", "), group.summary)
    };
    match groups {
        [majority, others @ ..] if has_majority => {
            let others = others.iter().map(answered).collect::<Vec<_>>().join("; ");
            format!("{} of {all} answer {}; {others}", majority.targets.len(), majority.summary)
        }
        groups => format!("a tie: {}", groups.iter().map(answered).collect::<Vec<_>>().join("; ")),
    }
}

/// A difference: short values by target, long ones as a diff against the first.
fn shown(difference: &Difference) -> String {
    let mut text = format!("      {}\n", difference.place);
    let mut groups: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
    for (target, value) in &difference.values {
        groups.entry(value.as_deref()).or_default().push(target);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, targets)| std::cmp::Reverse(targets.len()));
    let is_long = |value: Option<&str>| value.is_some_and(|value| value.lines().count() > 1);
    match groups.split_first() {
        Some(((Some(first), targets), others)) if others.iter().all(|(value, _)| is_long(*value)) => {
            for (other, other_targets) in others {
                let _ = writeln!(
                    text,
                    "        - {}\n        + {}",
                    targets.join(", "),
                    other_targets.join(", ")
                );
                text.push_str(&diff(first, other.unwrap_or_default()));
            }
        }
        _ => {
            for (value, targets) in groups {
                let _ = writeln!(
                    text,
                    "        {}: {}",
                    targets.join(", "),
                    value.map_or_else(|| "nothing".to_owned(), cut)
                );
            }
        }
    }
    text
}

fn diff(first: &str, second: &str) -> String {
    let diff = TextDiff::from_lines(first, second);
    let changes = diff.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal);
    changes.take(DIFF_LINES).fold(String::new(), |mut text, change| {
        let _ = writeln!(text, "        {} {}", change.tag(), cut(change.value().trim_end_matches('\n')));
        text
    })
}

fn cut(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() { format!("{shown}…") } else { shown }
}

/// How often each target was asked for each operation, and in how many steps it stood apart.
fn table(result: &RunResult) -> Table {
    let mut rows: BTreeMap<&str, (usize, BTreeMap<&str, usize>)> = BTreeMap::new();
    for step in result.cases.iter().flat_map(|case| &case.steps) {
        let (steps, apart) = rows.entry(step.operation.as_deref().unwrap_or("(no operation)")).or_default();
        *steps += 1;
        for target in step.apart() {
            *apart.entry(target).or_default() += 1;
        }
    }
    let mut table = Table::new();
    table.load_style(presets::ASCII_BORDERS_ONLY_CONDENSED);
    let names = result.targets.iter().map(|target| target.name.clone());
    table.set_header(["operation", "steps"].map(str::to_owned).into_iter().chain(names));
    for (operation, (steps, apart)) in rows {
        let marks = result.targets.iter().map(|target| match apart.get(target.name.as_str()) {
            None => "ok".to_owned(),
            Some(times) => format!("{times} ✗"),
        });
        table.add_row([operation.to_owned(), steps.to_string()].into_iter().chain(marks));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example::result;

    fn group(targets: &[&str], summary: &str) -> Group {
        let targets = targets.iter().map(|target| (*target).to_owned()).collect();
        Group { targets, summary: summary.to_owned() }
    }

    #[test]
    fn a_split_is_told_in_one_sentence() {
        assert_eq!(
            sentence(&[group(&["a", "b", "c"], "422"), group(&["d"], "400")], true),
            "3 of 4 answer 422; d answers 400"
        );
        assert_eq!(
            sentence(&[group(&["a"], "422"), group(&["d"], "no answer in time")], false),
            "a tie: a answers 422; d answers no answer in time"
        );
    }

    #[test]
    fn what_was_not_reached_is_listed_and_counted() {
        let text = text(&result());
        assert!(text.contains("\nnot reached: list_things query.limit/minimum/past\n"), "{text}");
        assert!(text.ends_with("; 1 of 2 documented answers seen; 1 of 2 constraints reached\n"), "{text}");
    }

    #[test]
    fn long_values_are_shown_as_a_diff() {
        let values = [("a", "1\n2\n3"), ("b", "1\nx\n3")];
        let values = values.map(|(target, value)| (target.to_owned(), Some(value.to_owned())));
        let text = shown(&Difference { place: "body".to_owned(), values: values.into() });
        assert_eq!(text, "      body\n        - a\n        + b\n        - 2\n        + x\n");
    }
}
