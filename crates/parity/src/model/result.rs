//! What came of a run: the one thing that all reports are written from.
//!
//! Everything in here may be shown: what must stay secret was taken out before it got here.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::Case;
use crate::noise::Noise;

/// A whole run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunResult {
    /// The version of this form, which grows when its meaning changes.
    pub version: u32,
    /// When the run began, RFC 3339 in UTC.
    pub started: String,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// The servers, in the order in which they were given.
    pub targets: Vec<TargetInfo>,
    /// The document that the answers were held to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// What was set apart from the defaults, as the user of the run is to know it: shortened time-outs and the like.
    pub settings: Vec<String>,
    /// The cases, in the order in which they were given.
    pub cases: Vec<CaseResult>,
    /// How many cases ended how.
    pub tally: Tally,
    /// What of the document was seen.
    pub coverage: Coverage,
    /// What fails the run beside its cases: masks that never matched, stale exceptions, targets that died.
    pub faults: Vec<String>,
    /// Where the same target answered the same request in two ways.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noise: Vec<Noise>,
}

/// A server, as reports name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetInfo {
    /// The name.
    pub name: String,
    /// Where it was.
    pub url: String,
    /// The case after which it no longer answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub died_after: Option<String>,
}

/// How many cases ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// See [`Outcome::Agreed`].
    pub agreed: u64,
    /// See [`Outcome::Differed`].
    pub differed: u64,
    /// See [`Outcome::NotRun`].
    pub not_run: u64,
    /// Requests sent, over all targets.
    pub requests: u64,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every verdict of every step is good.
    Agreed,
    /// The targets differ, or one of them is not what the document or the case says.
    Differed,
    /// Nothing can be said; with the reason.
    NotRun(String),
}

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseResult {
    /// The case itself, so that it can be shown and sent again.
    pub case: Case,
    /// How it ended.
    pub outcome: Outcome,
    /// What came of its steps, as far as it got.
    pub steps: Vec<StepResult>,
    /// The targets that no longer answered when they were asked again after the case.
    pub died: Vec<String>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

impl CaseResult {
    /// Whether every verdict is good.
    pub fn is_good(&self) -> bool {
        self.outcome == Outcome::Agreed
    }
}

/// What came of one step: three verdicts and what they rest on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepResult {
    /// The step's place in its case, from 0.
    pub index: usize,
    /// The operation of the document that it calls: its id, or method and path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// First verdict: where answers are not what the document promises.
    pub contract: Vec<ContractFault>,
    /// Second verdict: who answered like whom.
    pub agreement: Agreement,
    /// Third verdict: where answers are not what the case expects.
    pub expectation: Vec<ExpectationFault>,
    /// What was hidden from the comparison, after its form was checked.
    pub masked: Vec<Masked>,
    /// What was sent and what came, by target.
    pub evidence: BTreeMap<String, Vec<Evidence>>,
}

impl StepResult {
    /// Whether all three verdicts are good.
    pub fn is_good(&self) -> bool {
        self.contract.is_empty()
            && self.expectation.is_empty()
            && !matches!(self.agreement, Agreement::Split { .. })
    }

    /// The targets that it is to be laid to: the outliers, all of a tie, and those with a fault of their own.
    pub fn apart(&self) -> BTreeSet<&str> {
        let contract = self.contract.iter().map(|fault| fault.target.as_str());
        let expectation = self.expectation.iter().map(|fault| fault.target.as_str());
        let own = contract.chain(expectation).filter(|target| *target != ExpectationFault::ALL);
        match &self.agreement {
            Agreement::Split { groups, has_majority: false, .. } => {
                own.chain(groups.iter().flat_map(|group| &group.targets).map(String::as_str)).collect()
            }
            agreement => own.chain(agreement.outliers()).collect(),
        }
    }
}

/// An answer that the document does not allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractFault {
    /// The target.
    pub target: String,
    /// What is wrong.
    pub fault: String,
}

/// An answer that the case does not expect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectationFault {
    /// The target; [`ExpectationFault::ALL`] when it is the fault of none alone.
    pub target: String,
    /// Where, such as `status` or `body /ttl`.
    pub place: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub found: String,
}

impl ExpectationFault {
    /// Stands for the target of a fault that is the fault of none alone, such as a mask that met no value.
    pub const ALL: &str = "all";
}

/// Who answered like whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// All answered alike.
    Same,
    /// They did not.
    Split {
        /// Those that answered alike, the largest group first, then in the order of the targets.
        groups: Vec<Group>,
        /// Whether the first group is larger than every other; if not, it is a tie, and nobody is an outlier.
        has_majority: bool,
        /// Every place where they differ.
        differences: Vec<Difference>,
    },
    /// The case does not compare this step, or sends it to one target only.
    NotCompared,
}

impl Agreement {
    /// The targets outside the majority; none when they agree, and none in a tie.
    pub fn outliers(&self) -> Vec<&str> {
        match self {
            Self::Split { groups, has_majority: true, .. } => {
                groups.iter().skip(1).flat_map(|group| &group.targets).map(String::as_str).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Targets that answered alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Their names, in the order of the run.
    pub targets: Vec<String>,
    /// What they answered, in a few words: `200`, `400, closed`, `no answer in time`.
    pub summary: String,
}

/// One place where targets differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// Where: `status`, `header vary`, `body /nodes/0/host`, `connection`.
    pub place: String,
    /// What each target has there, in the order of the run; null for one that has nothing there.
    pub values: BTreeMap<String, Option<String>>,
}

/// A value that was hidden from the comparison.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Masked {
    /// Where, as in [`Difference`].
    pub place: String,
    /// The form that every target's value has.
    pub form: String,
    /// The rule that allows it, or else the reason.
    pub why: String,
}

/// What was sent to one target, and what came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The message as a line for a shell, or as near to it as curl can come.
    pub curl: String,
    /// The final answers: status line, headers and body as text, which may be cut short.
    pub answers: Vec<String>,
    /// The statuses of the answers.
    pub statuses: Vec<u16>,
    /// How it ended.
    pub ending: String,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

/// What of the document was seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Every documented status of every operation, in the order of the document.
    pub answers: Vec<AnswerCoverage>,
    /// Every constraint of every operation, in the order of the document; none when no case was generated.
    pub constraints: Vec<ConstraintCoverage>,
}

/// What is known of one documented status of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerCoverage {
    /// The operation's id, or method and path.
    pub operation: String,
    /// The documented status.
    pub status: u16,
    /// What is known.
    pub reached: Reached,
    /// Why nothing reaches it, from the list of exceptions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
}

/// What is known of one constraint of an operation, which generated cases meet at its bound or break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConstraintCoverage {
    /// The operation's id, or method and path.
    pub operation: String,
    /// The constraint, as in [`super::Origin::Generated`].
    pub constraint: String,
    /// The statuses that were answered to its cases, and whether the targets agreed in them.
    pub answers: BTreeMap<u16, Reached>,
    /// Why nothing reaches it, from the list of exceptions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
}

impl ConstraintCoverage {
    /// What is known of it: whether it was reached at all, and whether the targets agreed each time.
    pub fn reached(&self) -> Reached {
        self.answers.values().copied().max().unwrap_or(Reached::Unreached)
    }
}

/// What is known of an answer or a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// No case got there.
    Unreached,
    /// Every case in which a target got there agreed.
    Agreed,
    /// In some case a target got there, and the targets differed.
    Differed,
}
