//! What the engine said of a changed answer, and whether it had to say something.

use std::collections::BTreeSet;

use crate::config::{Config, HeaderPolicy};
use crate::mask::{Mask, matches};
use crate::model::{CaseResult, StepResult};

/// What the engine said of a changed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It named the changed target, and no other.
    Caught,
    /// It said nothing, and something declared lets the place differ.
    Declared,
    /// It said nothing.
    Missed,
    /// It named these targets.
    Blamed(Vec<String>),
}

impl Verdict {
    /// Whether the engine said what it had to say.
    pub const fn is_good(&self) -> bool {
        matches!(self, Self::Caught | Self::Declared)
    }
}

/// The verdict on a case in which the answer of `changed` was changed at `place`; `clean` is its step as it came
/// without a change.
pub(super) fn verdict(
    result: &CaseResult,
    changed: &str,
    place: &str,
    clean: &StepResult,
    config: &Config,
) -> Verdict {
    let blamed: BTreeSet<&str> = result.steps.iter().flat_map(StepResult::apart).collect();
    if blamed.iter().copied().eq([changed]) {
        return Verdict::Caught;
    }
    if !blamed.is_empty() || !result.is_good() {
        return Verdict::Blamed(blamed.into_iter().map(str::to_owned).collect());
    }
    if is_declared(place, clean, config) { Verdict::Declared } else { Verdict::Missed }
}

/// Whether something declared lets the place of a step differ.
fn is_declared(place: &str, clean: &StepResult, config: &Config) -> bool {
    let operation = clean.operation.as_deref();
    let statuses: BTreeSet<u16> =
        clean.evidence.values().flatten().flat_map(|evidence| evidence.statuses.iter().copied()).collect();
    let is_its_own = |mask: &&Mask| statuses.iter().any(|status| mask.concerns(operation, *status));
    let covers = |at: &str| matches(at, place) || place.starts_with(&format!("{at}/"));
    let is_masked = clean.masked.iter().any(|masked| matches(&masked.place, place))
        || config.mask.iter().filter(is_its_own).any(|mask| covers(&mask.at));
    let name = place.strip_prefix("header ");
    let is_ignored = name.is_some_and(|name| config.header_policy(name) != HeaderPolicy::Equal);
    let is_unordered = config.unordered.iter().any(|list| matches(&list.at, place));
    let is_read_otherwise = place.starts_with("body")
        && config.body.iter().any(|rule| rule.operations.iter().any(|own| Some(own.as_str()) == operation));
    is_masked || is_ignored || is_unordered || is_read_otherwise
}
