//! Whether the comparison of these servers is itself good: see [`parity::selftest`].

use std::sync::{Arc, Mutex, PoisonError};

use parity::model::{CaseResult, Origin};
use parity::selftest::{self, Options, Verdict};
use spec::Document;

use crate::Outcome;
use crate::cleaning::Leftovers;
use crate::fleet::{CONTRACT, Fleet, config};
use crate::written::{LIMITS, Main, say};

/// As many as are needed for a majority beside the changed one, and one of each framework.
const SERVERS: [&str; 3] = ["api-axum", "api-hyper", "api-actix"];

/// Every change of an answer of every operation is noticed and laid to the right server, and nothing else is.
///
/// On servers of its own, because its requests would be counted by what compares metrics.
pub(crate) async fn test(main: Arc<Main>) -> Outcome {
    let fleet = Fleet::ready(testkit::stack().await?, &[("RATE_LIMIT", LIMITS)], None).await?;
    let mut targets = fleet.targets()?;
    targets.retain(|target| SERVERS.contains(&target.name.as_str()));
    let document = Document::from_yaml(CONTRACT)?;
    // Some operations have no written case that compares its last answer as a whole.
    let is_used = |origin: &Origin| match origin {
        Origin::Written { .. } => true,
        Origin::Generated { constraint, .. } => constraint == "valid",
        Origin::Catalogue => false,
    };
    let cases: Vec<_> = main.cases().iter().filter(|case| is_used(&case.origin)).cloned().collect();
    let leftovers = Mutex::new(Leftovers::default());
    let ended = |result: &CaseResult| leftovers.lock().unwrap_or_else(PoisonError::into_inner).note(result);
    let options = Options::default();
    let test = selftest::run(&targets, &config()?, Some(&document), &cases, options, &ended).await;
    leftovers.into_inner().unwrap_or_else(PoisonError::into_inner).delete(&fleet).await?;
    let test = test?;
    for line in test.text().lines() {
        say(&format!("self-test: {line}"));
    }
    let operations = document.operations()?.into_iter().filter_map(|operation| operation.id);
    let unchanged: Vec<String> = operations.filter(|id| !test.operations.contains(id)).collect();
    if !unchanged.is_empty() {
        return Err(format!("no answer was changed of {}", unchanged.join(", ")).into());
    }
    if !test.is_good() || test.count(&Verdict::Caught) < options.mutations {
        return Err(test.text().into());
    }
    Ok(())
}
