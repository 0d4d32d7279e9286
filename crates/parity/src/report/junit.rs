//! `JUnit` XML, for what shows the results of a build.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::terminal;
use crate::model::{CaseResult, Outcome, RunResult};

/// The result as `JUnit` XML.
///
/// A case that differed is a failure, one that could not run is an error, and what is wrong with the run itself is a
/// failed case of a suite of its own, `run`.
///
/// # Errors
/// [`SerializeError`] when the XML cannot be written, which no result is known to cause.
pub fn text(result: &RunResult) -> Result<String, SerializeError> {
    let mut report = Report::new("parity");
    report.set_time(Duration::from_millis(result.elapsed_ms));
    // A report counts what a suite holds at the moment at which it is added.
    let mut suites: Vec<TestSuite> = Vec::new();
    for case in &result.cases {
        let name = case.case.id.split("::").next().unwrap_or_default();
        if let Some(suite) = suites.iter_mut().find(|suite| suite.name.as_str() == name) {
            suite.add_test_case(test_case(case));
        } else {
            let mut suite = TestSuite::new(name);
            suite.add_test_case(test_case(case));
            suites.push(suite);
        }
    }
    report.add_test_suites(suites);
    if !result.faults.is_empty() {
        let mut suite = TestSuite::new("run");
        suite.add_test_cases(result.faults.iter().map(|fault| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(fault.as_str());
            TestCase::new(fault.as_str(), status)
        }));
        report.add_test_suite(suite);
    }
    report.to_string()
}

fn test_case(result: &CaseResult) -> TestCase {
    let failed = |kind: NonSuccessKind, message: String| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(message).set_description(terminal::failure(result));
        status
    };
    let status = match &result.outcome {
        Outcome::Agreed => TestCaseStatus::success(),
        Outcome::Differed => {
            failed(NonSuccessKind::Failure, "the targets differ, or one is not what was promised".to_owned())
        }
        Outcome::NotRun(reason) => failed(NonSuccessKind::Error, reason.clone()),
    };
    let mut case = TestCase::new(result.case.id.as_str(), status);
    case.set_time(Duration::from_millis(result.elapsed_ms));
    case
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example::result;

    #[test]
    fn failures_errors_and_faults_are_told_apart() {
        let xml = text(&result()).unwrap();
        assert!(
            xml.contains(r#"<testsuites name="parity" tests="4" skipped="0" failures="2" errors="1""#),
            "{xml}"
        );
        assert!(xml.contains(r#"<error message="no target could be reached""#), "{xml}");
        assert!(xml.contains(r#"<testsuite name="run" tests="1""#), "{xml}");
    }

    #[test]
    fn what_a_server_answers_is_escaped() {
        let mut result = result();
        result.cases[1].case.id = "things::a<b>\u{0}&".to_owned();
        let xml = text(&result).unwrap();
        assert!(xml.contains("things::a&lt;b&gt;&amp;"), "{xml}");
    }
}
