//! Learned noise: places where one target answers the same request in two ways.

use std::fmt::Write as _;

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

/// The noise as masks to be reviewed: each is a comment until somebody has given its form and reason.
pub fn review(noise: &[Noise]) -> String {
    let mut text = "# Places where one target answered the same request in two ways.\n\
                    # Uncomment what may differ, with a form that is as narrow as it can be and the reason.\n"
        .to_owned();
    for noise in noise {
        let quoted = |text: &str| format!("{text:?}");
        let operations = noise.operation.as_deref().map(quoted).unwrap_or_default();
        let _ = write!(
            text,
            "\n# seen at {} in {}: {} and then {}\n#[[mask]]\n#at = {}\n#form = \"<any>\"\n#operations = [{operations}]\n#reason = \"\"\n",
            noise.target,
            noise.case,
            one_line(&noise.first),
            one_line(&noise.second),
            quoted(&noise.place),
        );
    }
    text
}

/// At most so much of a value as a comment may hold.
fn one_line(text: &str) -> String {
    text.chars().take(100).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
