//! A case: what is sent to all targets, in which order, and what is made of the answers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::expectation::Expectation;
use super::message::Message;
use crate::mask::Mask;

/// One case, whoever made it.
///
/// It is serialisable, so that a report can hold the cases that failed, and they can be sent again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique in a run, such as `cache::a_ttl_of_zero_is_refused`.
    pub id: String,
    /// What is said to be true, as a sentence.
    pub name: String,
    /// Names by which cases are chosen, such as `PARAM-3`.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Where it comes from.
    pub origin: Origin,
    /// Variables that all its messages can name.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// What is sent, in this order, to each target.
    pub steps: Vec<Step>,
    /// Whether a target might not survive it, so that it is asked again afterwards.
    #[serde(default)]
    pub hostile: bool,
    /// Whether nothing else may be sent meanwhile.
    #[serde(default)]
    pub alone: bool,
    /// Whether every target gets the same namespace, one after another: for what one writes and another reads.
    #[serde(default)]
    pub shared_namespace: bool,
}

/// Where a case comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Somebody wrote it.
    Written {
        /// The file, as it was given.
        file: String,
        /// The line where the case begins, from 1.
        line: u64,
    },
    /// It was made from the document.
    Generated {
        /// The seed that makes it again.
        seed: u64,
        /// The operation that it is made for; what it is a call of may be another, or none.
        operation: String,
        /// The constraint that it meets or breaks, such as `query.ttl/minimum/past`.
        constraint: String,
    },
    /// It is one of the built-in adversarial catalogue.
    Catalogue,
}

/// One step of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// A name by which other steps can refer to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is sent.
    pub send: Sending,
    /// What of the answers is compared between the targets.
    #[serde(default)]
    pub compare: Compare,
    /// What the answer is expected to be; of several messages, each of their answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expectation>,
    /// Values of the answer that later steps can name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub capture: BTreeMap<String, Capture>,
    /// Values that may differ, beside those of the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masks: Vec<Mask>,
    /// The only target that this step is sent to, by its place in the run's list, modulo their number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<usize>,
}

impl Step {
    /// A step that sends one message and compares all of its answer.
    pub fn new(message: impl Into<Message>) -> Self {
        Self {
            name: None,
            send: Sending::one(message),
            compare: Compare::All,
            expect: None,
            capture: BTreeMap::new(),
            masks: Vec::new(),
            only: None,
        }
    }
}

/// What one step sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sending {
    /// The messages, each on a connection of its own.
    pub messages: Vec<Message>,
    /// How often the whole list is sent.
    #[serde(default = "once")]
    pub repeat: u32,
    /// Whether all are sent at once; their answers are then compared without their order.
    #[serde(default)]
    pub concurrent: bool,
}

const fn once() -> u32 {
    1
}

impl Sending {
    /// One message, once.
    pub fn one(message: impl Into<Message>) -> Self {
        Self { messages: vec![message.into()], repeat: 1, concurrent: false }
    }
}

/// What of the answers to a step is compared between the targets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// Status, headers and body.
    #[default]
    All,
    /// The status alone.
    Status,
    /// Whether there is an error, or the connection is given up: for what is left to the libraries below a server.
    Error,
    /// By how much each sample of Prometheus text has grown since the step of this name; what has not is left out.
    Since(String),
    /// Nothing.
    Nothing,
}

/// Where a captured value is in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Capture {
    /// In the body, by JSON pointer; text without its quotes, all else as JSON.
    Body(String),
    /// The header of this name.
    Header(String),
}
