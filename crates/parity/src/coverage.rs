//! Which documented answers were seen, and the list of those that no case can get.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use spec::Document;

use crate::model::{CaseResult, Cell, Coverage, Origin, Reached, StepResult};

/// Answers that no case can get, each with its reason.
///
/// One line each: `OPERATION STATUS: REASON`. Empty lines and those that begin with `#` do not count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exceptions(BTreeMap<(String, u16), String>);

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
    #[error("line {line}: {text:?} is not OPERATION STATUS: REASON")]
    Form {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
}

impl Exceptions {
    /// Reads a list.
    ///
    /// # Errors
    /// [`ExceptionsError::Form`] names the line.
    pub fn parse(text: &str) -> Result<Self, ExceptionsError> {
        let lines = text.lines().enumerate();
        let lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let entry = |(index, line): (usize, &str)| {
            let entry = line.split_once(':').and_then(|(answer, reason)| {
                let (operation, status) = answer.trim().split_once(' ')?;
                let reason = reason.trim();
                let is_given = !reason.is_empty();
                is_given.then_some(((operation.to_owned(), status.trim().parse().ok()?), reason.to_owned()))
            });
            entry.ok_or_else(|| ExceptionsError::Form { line: index + 1, text: line.to_owned() })
        };
        lines.map(entry).collect::<Result<_, _>>().map(Self)
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
}

/// Every documented status of every operation, in the order of the document.
///
/// # Errors
/// As [`Document::operations`].
pub(crate) fn cells(document: &Document) -> Result<Vec<(String, u16)>, spec::Error> {
    let operations = document.operations()?.into_iter();
    Ok(operations
        .flat_map(|operation| {
            let by_route = format!("{} {}", operation.method, operation.path);
            let name = operation.id.unwrap_or(by_route);
            operation.responses.into_keys().map(move |status| (name.clone(), status)).collect::<Vec<_>>()
        })
        .collect())
}

/// What of the documented answers was seen, and by which constraints.
pub(crate) fn of(cells: &[(String, u16)], cases: &[CaseResult], exceptions: Option<&Exceptions>) -> Coverage {
    let mut reached: BTreeMap<(String, u16, Option<String>), Reached> = BTreeMap::new();
    for case in cases {
        let constraint = match &case.case.origin {
            Origin::Generated { constraint, .. } => constraint.clone(),
            Origin::Written { .. } | Origin::Catalogue => None,
        };
        for step in &case.steps {
            let how = if step.is_good() { Reached::Agreed } else { Reached::Differed };
            for (operation, status) in answers(step) {
                let mut see = |constraint| {
                    let cell = reached.entry((operation.clone(), status, constraint)).or_insert(how);
                    *cell = how.max(*cell);
                };
                see(None);
                if constraint.is_some() {
                    see(constraint.clone());
                }
            }
        }
    }
    let documented = cells.iter().map(|(operation, status)| Cell {
        operation: operation.clone(),
        status: *status,
        constraint: None,
        reached: reached.get(&(operation.clone(), *status, None)).copied().unwrap_or(Reached::Unreached),
        exception: exceptions.and_then(|list| list.0.get(&(operation.clone(), *status)).cloned()),
    });
    let constraints = reached.iter().filter(|((_, _, constraint), _)| constraint.is_some());
    let constraints = constraints.map(|((operation, status, constraint), reached)| Cell {
        operation: operation.clone(),
        status: *status,
        constraint: constraint.clone(),
        reached: *reached,
        exception: None,
    });
    Coverage { cells: documented.chain(constraints).collect() }
}

fn answers(step: &StepResult) -> impl Iterator<Item = (String, u16)> {
    let statuses = step.evidence.values().flatten().flat_map(|evidence| evidence.statuses.iter().copied());
    let mut statuses: Vec<u16> = statuses.collect();
    statuses.sort_unstable();
    statuses.dedup();
    statuses.into_iter().filter_map(|status| Some((step.operation.clone()?, status)))
}

/// What is wrong with the coverage of a whole run: answers that nobody saw, and exceptions that are none.
pub(crate) fn faults(coverage: &Coverage, exceptions: &Exceptions) -> Vec<String> {
    let cells = || coverage.cells.iter().filter(|cell| cell.constraint.is_none());
    let unseen = cells()
        .filter(|cell| cell.reached == Reached::Unreached && cell.exception.is_none())
        .map(|cell| format!("no case gets {} from {}", cell.status, cell.operation));
    let needless = cells()
        .filter(|cell| cell.reached != Reached::Unreached && cell.exception.is_some())
        .map(|cell| format!("the exception for {} {} is stale: a case gets it", cell.operation, cell.status));
    let unknown = exceptions.0.keys().filter(|(operation, status)| {
        !cells().any(|cell| cell.operation == *operation && cell.status == *status)
    });
    let unknown = unknown.map(|(operation, status)| {
        format!("the exception for {operation} {status} is stale: not documented")
    });
    unseen.chain(needless).chain(unknown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_is_an_operation_a_status_and_a_reason() {
        let list = Exceptions::parse("# Why.\n\nget_root 500: nothing in it can fail\n").unwrap();
        assert_eq!(list.0[&("get_root".to_owned(), 500)], "nothing in it can fail");
        for text in ["get_root: x", "get_root 500:", "get_root five: x", "get_root 500"] {
            let error = Exceptions::parse(text).unwrap_err().to_string();
            assert_eq!(error, format!("line 1: {text:?} is not OPERATION STATUS: REASON"));
        }
    }

    #[test]
    fn unseen_answers_and_stale_exceptions_are_faults() {
        let cell = |status, reached, exception: Option<&str>| Cell {
            operation: "get_a".to_owned(),
            status,
            constraint: None,
            reached,
            exception: exception.map(str::to_owned),
        };
        let coverage = Coverage {
            cells: vec![
                cell(200, Reached::Agreed, Some("x")),
                cell(404, Reached::Unreached, None),
                cell(500, Reached::Unreached, Some("x")),
            ],
        };
        let exceptions = Exceptions::parse("get_a 200: x\nget_a 500: x\nget_b 500: x").unwrap();
        assert_eq!(
            faults(&coverage, &exceptions),
            [
                "no case gets 404 from get_a",
                "the exception for get_a 200 is stale: a case gets it",
                "the exception for get_b 500 is stale: not documented"
            ]
        );
    }
}
