//! Which of the contract's answers the cases have seen.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use spec::{Document, Error};

/// The one operation whose failure can be had from outside: by a value of another type in Redis.
///
/// That any other answers 500 would be a mistake of ours that nobody knows of yet.
const CAN_FAIL: &str = "get_cache";

/// The documented answers, and those that were seen.
#[derive(Debug)]
pub(crate) struct Coverage {
    documented: BTreeSet<(String, u16)>,
    seen: Mutex<BTreeSet<(String, u16)>>,
}

impl Coverage {
    pub(crate) fn of(document: &Document) -> Result<Self, Error> {
        let operations = document.operations()?.into_iter();
        let documented = operations
            .flat_map(|operation| {
                let id = operation.id.unwrap_or(operation.path);
                operation.responses.into_keys().map(move |status| (id.clone(), status))
            })
            .filter(|(id, status)| *status != 500 || id == CAN_FAIL)
            .collect();
        Ok(Self { documented, seen: Mutex::default() })
    }

    /// Notes that an answer came and was as documented.
    pub(crate) fn saw(&self, operation: &str, status: u16) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert((operation.to_owned(), status));
    }

    /// The documented answers that no case has seen.
    pub(crate) fn unseen(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        self.documented.difference(&seen).map(|(operation, status)| format!("{operation} {status}")).collect()
    }
}
