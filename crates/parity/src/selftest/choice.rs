//! Which cases a self-test is made with.

use std::collections::BTreeMap;

use super::lane::Lane;
use crate::model::{Agreement, Case, Compare, Outcome, Step, StepResult};

/// A case in which all agree, its last operation, and what came of its last step.
pub(super) struct Clean {
    pub(super) case: Case,
    pub(super) operation: String,
    pub(super) step: StepResult,
    /// Whether it is the first case of its operation.
    pub(super) is_first: bool,
}

/// Cases that agree, of all operations and statuses before several of one.
pub(super) async fn chosen(lane: &Lane<'_>, cases: &[Case], most: usize) -> Vec<Clean> {
    let mut by_answer: BTreeMap<(String, Vec<u16>), Vec<Clean>> = BTreeMap::new();
    let simple: Vec<Case> = cases.iter().filter(|case| is_simple(case)).cloned().collect();
    for (case, result) in simple.iter().zip(lane.run_all(&simple).await) {
        let Some(step) = result.steps.last().filter(|_| result.outcome == Outcome::Agreed).cloned() else {
            continue;
        };
        let (Some(operation), Agreement::Same) = (step.operation.clone(), &step.agreement) else { continue };
        let statuses = step.evidence.values().next().and_then(|evidence| evidence.last());
        let statuses = statuses.map(|evidence| evidence.statuses.clone()).unwrap_or_default();
        let clean = Clean { case: case.clone(), operation: operation.clone(), step, is_first: false };
        by_answer.entry((operation, statuses)).or_default().push(clean);
    }
    let mut chosen: Vec<Clean> = Vec::new();
    let mut lists: Vec<_> = by_answer.into_values().map(Vec::into_iter).collect();
    while chosen.len() < most && !lists.is_empty() {
        lists.retain_mut(|list| match list.next() {
            Some(clean) if chosen.len() < most => {
                let is_first = chosen.iter().all(|other| other.operation != clean.operation);
                chosen.push(Clean { is_first, ..clean });
                true
            }
            _ => false,
        });
    }
    chosen
}

fn is_simple(case: &Case) -> bool {
    let is_for_all = |step: &Step| !step.send.concurrent && step.only.is_none();
    // Of an answer that is not compared as a whole, most changes are not to be noticed.
    let compares_all = case.steps.last().is_some_and(|step| step.compare == Compare::All);
    !case.hostile
        && !case.alone
        && !case.shared_namespace
        && compares_all
        && case.steps.iter().all(is_for_all)
}
