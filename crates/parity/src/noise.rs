//! Learned noise: places where one target answers the same request in two ways.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A place that differed between two answers of the same target to the same request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// The operation of the document, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Where, as in [`crate::model::Difference`].
    pub place: String,
    /// The case in which it was seen.
    pub case: String,
    /// The target that was asked twice.
    pub target: String,
    /// What it said first.
    pub first: String,
    /// What it said then.
    pub second: String,
}
