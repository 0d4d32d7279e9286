//! A result that has something of everything, for the tests of the reports.

use std::collections::BTreeMap;

use crate::model::{
    Agreement, AnswerCoverage, Case, CaseResult, ConstraintCoverage, Coverage, Difference, Evidence, Group,
    Origin, Outcome, Reached, Request, RunResult, Step, StepResult, Tally, TargetInfo,
};

const TARGETS: [&str; 3] = ["old", "new", "newest"];

fn evidence(answer: &str) -> BTreeMap<String, Vec<Evidence>> {
    let one = |target: &str| Evidence {
        curl: format!("curl -i 'http://{target}/things'"),
        answers: vec![format!("HTTP/1.1 200\n\n{answer}")],
        statuses: vec![200],
        ending: "the connection stayed open".to_owned(),
        elapsed_ms: 3,
    };
    TARGETS.iter().map(|target| ((*target).to_owned(), vec![one(target)])).collect()
}

fn case(id: &str, outcome: Outcome, agreement: Option<Agreement>) -> CaseResult {
    let step = agreement.map(|agreement| StepResult {
        index: 0,
        operation: Some("list_things".to_owned()),
        contract: Vec::new(),
        agreement,
        expectation: Vec::new(),
        masked: Vec::new(),
        evidence: evidence("</script><b>"),
    });
    CaseResult {
        case: Case {
            id: id.to_owned(),
            name: "things are listed".to_owned(),
            tags: Vec::new(),
            origin: Origin::Catalogue,
            variables: BTreeMap::new(),
            steps: vec![Step::new(Request::new("GET", "/things/{{ns}}"))],
            hostile: false,
            alone: false,
            shared_namespace: false,
        },
        outcome,
        steps: step.into_iter().collect(),
        died: Vec::new(),
        elapsed_ms: 5,
    }
}

/// One case that agreed, one that differed, one that could not run, and a fault of the run.
pub(crate) fn result() -> RunResult {
    let group = |targets: &[&str], summary: &str| Group {
        targets: targets.iter().map(|target| (*target).to_owned()).collect(),
        summary: summary.to_owned(),
    };
    let values = [("old", "3"), ("new", "3"), ("newest", "<b>4</b>")];
    let split = Agreement::Split {
        groups: vec![group(&["old", "new"], "200"), group(&["newest"], "200")],
        has_majority: true,
        differences: vec![Difference {
            place: "body /count".to_owned(),
            values: values.map(|(target, value)| (target.to_owned(), Some(value.to_owned()))).into(),
        }],
    };
    let answer = |status, reached| AnswerCoverage {
        operation: "list_things".to_owned(),
        status,
        reached,
        exception: None,
    };
    let constraint = |name: &str, answers: &[(u16, Reached)]| ConstraintCoverage {
        operation: "list_things".to_owned(),
        constraint: name.to_owned(),
        answers: answers.iter().copied().collect(),
        exception: None,
    };
    RunResult {
        version: 1,
        started: "2026-01-01T00:00:00Z".to_owned(),
        elapsed_ms: 1_234,
        targets: TARGETS
            .iter()
            .map(|name| TargetInfo {
                name: (*name).to_owned(),
                url: "http://127.0.0.1:1/".to_owned(),
                died_after: None,
            })
            .collect(),
        document: Some("openapi.yaml".to_owned()),
        settings: vec!["CACHE_SECONDS=1".to_owned()],
        cases: vec![
            case("things::agree", Outcome::Agreed, Some(Agreement::Same)),
            case("things::differ", Outcome::Differed, Some(split)),
            case("catalogue::gone", Outcome::NotRun("no target could be reached".to_owned()), None),
        ],
        tally: Tally { agreed: 1, differed: 1, not_run: 1, requests: 9 },
        coverage: Coverage {
            answers: vec![answer(200, Reached::Differed), answer(404, Reached::Unreached)],
            constraints: vec![
                constraint("query.limit/maximum/past", &[(200, Reached::Agreed), (422, Reached::Differed)]),
                constraint("query.limit/minimum/past", &[]),
            ],
        },
        faults: vec!["the mask at \"header Date\" never met a value".to_owned()],
        noise: Vec::new(),
    }
}
