//! What of the document was seen: its answers and its constraints, and the list of those that no case can get.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use spec::Document;

use crate::generate::Constraint;
use crate::model::{AnswerCoverage, CaseResult, ConstraintCoverage, Coverage, Origin, Reached, StepResult};

/// Answers and constraints that no case can get, each with its reason.
///
/// One line each: `OPERATION STATUS: REASON` or `OPERATION CONSTRAINT: REASON`. Empty lines and those that begin with
/// `#` do not count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exceptions(BTreeMap<String, String>);

/// A list of exceptions that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExceptionsError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line is not of the form.
    #[error("line {line}: {text:?} is neither OPERATION STATUS: REASON nor OPERATION CONSTRAINT: REASON")]
    Form {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// Two lines are about the same.
    #[error("line {line}: {subject} is listed twice")]
    Twice {
        /// The second line, from 1.
        line: usize,
        /// What both are about.
        subject: String,
    },
}

impl Exceptions {
    /// Reads a list.
    ///
    /// # Errors
    /// [`ExceptionsError`] names the line.
    ///
    /// ```
    /// use parity::coverage::Exceptions;
    ///
    /// Exceptions::parse("list_items 500: a fault that no request provokes")?;
    /// assert!(Exceptions::parse("list_items 500").is_err());
    /// # Ok::<(), parity::coverage::ExceptionsError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, ExceptionsError> {
        let mut list = BTreeMap::new();
        for (index, text) in text.lines().enumerate() {
            let line = index + 1;
            if text.trim().is_empty() || text.starts_with('#') {
                continue;
            }
            let (subject, reason) =
                entry(text).ok_or_else(|| ExceptionsError::Form { line, text: text.to_owned() })?;
            if list.insert(subject.to_owned(), reason.to_owned()).is_some() {
                return Err(ExceptionsError::Twice { line, subject: subject.to_owned() });
            }
        }
        Ok(Self(list))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ExceptionsError`] names the file or the line.
    pub fn read(path: &Path) -> Result<Self, ExceptionsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ExceptionsError::Read { path: path.to_owned(), source })?;
        Self::parse(&text)
    }

    fn reason(&self, subject: &str) -> Option<String> {
        self.0.get(subject).cloned()
    }
}

/// What a line is about, and why. An operation without an id has a blank and perhaps a colon in its name.
fn entry(line: &str) -> Option<(&str, &str)> {
    let (subject, reason) = line.split_once(": ")?;
    let (subject, reason) = (subject.trim(), reason.trim());
    (subject.contains(' ') && !reason.is_empty()).then_some((subject, reason))
}

/// Every documented status of every operation, in the order of the document.
///
/// # Errors
/// As [`Document::operations`].
pub(crate) fn documented(document: &Document) -> Result<Vec<(String, u16)>, spec::Error> {
    let operations = document.operations()?.into_iter();
    Ok(operations
        .flat_map(|operation| {
            let by_route = format!("{} {}", operation.method, operation.path);
            let name = operation.id.unwrap_or(by_route);
            operation.responses.into_keys().map(move |status| (name.clone(), status)).collect::<Vec<_>>()
        })
        .collect())
}

/// What the cases saw of these answers and constraints.
pub(crate) fn of(
    documented: &[(String, u16)],
    constraints: &[Constraint],
    cases: &[CaseResult],
    exceptions: Option<&Exceptions>,
) -> Coverage {
    let mut answers: BTreeMap<(&str, u16), Reached> = BTreeMap::new();
    let mut of_constraints: BTreeMap<(&str, &str), BTreeMap<u16, Reached>> = BTreeMap::new();
    for case in cases {
        for step in &case.steps {
            let how = if step.is_good() { Reached::Agreed } else { Reached::Differed };
            for status in statuses(step) {
                if let Some(operation) = &step.operation {
                    see(answers.entry((operation.as_str(), status)).or_insert(how), how);
                }
                if let Origin::Generated { operation, constraint, .. } = &case.case.origin {
                    let seen = of_constraints.entry((operation.as_str(), constraint.as_str())).or_default();
                    see(seen.entry(status).or_insert(how), how);
                }
            }
        }
    }
    let reason = |subject: String| exceptions.and_then(|list| list.reason(&subject));
    let answers = documented.iter().map(|(operation, status)| AnswerCoverage {
        operation: operation.clone(),
        status: *status,
        reached: answers.get(&(operation.as_str(), *status)).copied().unwrap_or(Reached::Unreached),
        exception: reason(format!("{operation} {status}")),
    });
    let constraints = constraints.iter().map(|constraint| ConstraintCoverage {
        operation: constraint.operation.clone(),
        constraint: constraint.name.clone(),
        answers: of_constraints
            .remove(&(constraint.operation.as_str(), constraint.name.as_str()))
            .unwrap_or_default(),
        exception: reason(constraint.to_string()),
    });
    Coverage { answers: answers.collect(), constraints: constraints.collect() }
}

fn see(seen: &mut Reached, how: Reached) {
    *seen = how.max(*seen);
}

fn statuses(step: &StepResult) -> Vec<u16> {
    let statuses = step.evidence.values().flatten().flat_map(|evidence| evidence.statuses.iter().copied());
    let mut statuses: Vec<u16> = statuses.collect();
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

/// What is wrong with the coverage of a whole run: what nobody saw, and exceptions that are none.
pub(crate) fn faults(coverage: &Coverage, exceptions: &Exceptions) -> Vec<String> {
    let answers = coverage.answers.iter().map(|answer| Subject {
        exception: format!("{} {}", answer.operation, answer.status),
        unseen: format!("no case gets {} from {}", answer.status, answer.operation),
        is_reached: answer.reached != Reached::Unreached,
        is_excepted: answer.exception.is_some(),
    });
    let constraints = coverage.constraints.iter().map(|constraint| Subject {
        exception: format!("{} {}", constraint.operation, constraint.constraint),
        unseen: format!("no case is about {} of {}", constraint.constraint, constraint.operation),
        is_reached: constraint.reached() != Reached::Unreached,
        is_excepted: constraint.exception.is_some(),
    });
    let subjects: Vec<Subject> = answers.chain(constraints).collect();
    let wrong = subjects.iter().filter(|subject| subject.is_reached == subject.is_excepted);
    let wrong = wrong.map(|subject| {
        if subject.is_reached {
            format!("the exception for {} is stale: a case gets it", subject.exception)
        } else {
            subject.unseen.clone()
        }
    });
    let is_known = |exception: &&String| subjects.iter().any(|subject| subject.exception == **exception);
    let unknown = exceptions.0.keys().filter(|exception| !is_known(exception));
    let unknown = unknown.map(|exception| format!("the exception for {exception} is stale: not documented"));
    wrong.chain(unknown).collect()
}

/// What is to be reached or excepted.
struct Subject {
    /// As the list of exceptions names it.
    exception: String,
    /// What to say when neither is so.
    unseen: String,
    is_reached: bool,
    is_excepted: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_is_an_answer_or_a_constraint_and_a_reason() {
        let text = "# Why.\n\nget_root 500: nothing in it can fail\nGET /a:b query.n/maximum/past: no\n";
        let list = Exceptions::parse(text).unwrap();
        assert_eq!(list.reason("get_root 500").as_deref(), Some("nothing in it can fail"));
        assert_eq!(list.reason("GET /a:b query.n/maximum/past").as_deref(), Some("no"));
        for text in ["get_root: x", "get_root 500: ", "get_root 500"] {
            let error = Exceptions::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("line 1: {text:?} is neither OPERATION STATUS")), "{error}");
        }
        let error = Exceptions::parse("a 500: x\na 500: y").unwrap_err().to_string();
        assert_eq!(error, "line 2: a 500 is listed twice");
    }

    #[test]
    fn what_nobody_saw_and_stale_exceptions_are_faults() {
        let answer = |status, reached, exception: Option<&str>| AnswerCoverage {
            operation: "get_a".to_owned(),
            status,
            reached,
            exception: exception.map(str::to_owned),
        };
        let constraint =
            |name: &str, answers: &[(u16, Reached)], exception: Option<&str>| ConstraintCoverage {
                operation: "get_a".to_owned(),
                constraint: name.to_owned(),
                answers: answers.iter().copied().collect(),
                exception: exception.map(str::to_owned),
            };
        let coverage = Coverage {
            answers: vec![
                answer(200, Reached::Agreed, Some("x")),
                answer(404, Reached::Unreached, None),
                answer(500, Reached::Unreached, Some("x")),
            ],
            constraints: vec![
                constraint("query.n/minimum/at", &[(200, Reached::Differed)], None),
                constraint("query.n/minimum/past", &[], None),
                constraint("query.n/pattern/broken", &[], Some("x")),
                constraint("query.n/enum/other", &[(422, Reached::Agreed)], Some("x")),
            ],
        };
        let lines = [
            "get_a 200",
            "get_a 500",
            "get_b 500",
            "get_a query.n/pattern/broken",
            "get_a query.n/enum/other",
        ];
        let exceptions = Exceptions::parse(&lines.map(|line| format!("{line}: x")).join("\n")).unwrap();
        assert_eq!(
            faults(&coverage, &exceptions),
            [
                "the exception for get_a 200 is stale: a case gets it",
                "no case gets 404 from get_a",
                "no case is about query.n/minimum/past of get_a",
                "the exception for get_a query.n/enum/other is stale: a case gets it",
                "the exception for get_b 500 is stale: not documented",
            ]
        );
    }
}
