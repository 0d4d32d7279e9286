//! What a case expects of one answer.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an answer is to be; what is not named here may be anything, as far as this case is concerned.
///
/// A text of the form `<…>` is a form that the value must have, such as `<integer>`; see [`crate::form`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers by name: a value or a form that the one header of this name must have, or null for a header that must
    /// not be there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Option<String>>,
    /// The body: JSON, the whole of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// The body: JSON that has at least these members, at any depth; lists are to be whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has: Option<Value>,
    /// The body: text, all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The body: text that holds this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// Whether there is no body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty: Option<bool>,
    /// Whether the server closes the connection after its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<bool>,
}
