//! How a file of cases is written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

use crate::mask::Mask;
use crate::model::{Body, Bytes, Compare, Expectation};

/// A file of cases.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileForm {
    /// Anything that is named by an anchor here and used by an alias below.
    #[serde(default)]
    pub(super) shared: Option<Value>,
    /// Tags that all its cases have.
    #[serde(default)]
    pub(super) tags: Vec<String>,
    /// The cases.
    #[schemars(with = "Vec<CaseForm>")]
    pub(super) cases: Vec<Spanned<CaseForm>>,
}

/// One case, or one for each of its rows.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseForm {
    /// What is said to be true, as a sentence.
    pub(super) name: String,
    /// Names by which cases are chosen, such as the rule that the case is about.
    #[serde(default)]
    pub(super) tags: Vec<String>,
    /// Variables of all its steps.
    #[serde(default)]
    pub(super) variables: BTreeMap<String, Scalar>,
    /// One case for each row, with the row's values as variables; the name is to differ by them.
    #[serde(default)]
    pub(super) rows: Vec<BTreeMap<String, Scalar>>,
    /// The only step.
    #[schemars(with = "Option<StepForm>")]
    #[serde(default)]
    pub(super) request: Option<Spanned<StepForm>>,
    /// The steps, in this order.
    #[schemars(with = "Vec<StepForm>")]
    #[serde(default)]
    pub(super) steps: Vec<Spanned<StepForm>>,
    /// Whether a target might not survive it, so that it is asked again afterwards.
    #[serde(default)]
    pub(super) hostile: bool,
    /// Whether nothing else may be sent meanwhile.
    #[serde(default)]
    pub(super) alone: bool,
    /// Whether all targets have the same namespace: for what one writes and another reads.
    #[serde(default)]
    pub(super) shared_namespace: bool,
}

/// A value of a variable.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Scalar {
    /// Text as it is.
    Text(String),
    /// A text again and again.
    Repeated(Repeated),
    /// A number or a truth value, as JSON writes it.
    Other(Value),
}

/// A text again and again: for values at the limits of what is allowed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Repeated {
    /// The text.
    pub(super) repeat: String,
    /// How often.
    pub(super) times: usize,
}

/// One step: a request, exact bytes, or several requests at once.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct StepForm {
    /// A name by which other steps can refer to it.
    pub(super) name: Option<String>,
    /// `GET` this target.
    pub(super) get: Option<String>,
    /// `HEAD` this target.
    pub(super) head: Option<String>,
    /// `POST` to this target.
    pub(super) post: Option<String>,
    /// `PUT` to this target.
    pub(super) put: Option<String>,
    /// `PATCH` this target.
    pub(super) patch: Option<String>,
    /// `DELETE` this target.
    pub(super) delete: Option<String>,
    /// `OPTIONS` of this target.
    pub(super) options: Option<String>,
    /// Any other method, with `target`.
    pub(super) method: Option<String>,
    /// The target of `method`.
    pub(super) target: Option<String>,
    /// The version in the request line, `HTTP/1.1` when there is none.
    pub(super) version: Option<String>,
    /// Whether `Host` is sent.
    pub(super) host: Option<bool>,
    /// Headers by name: a value, or a list of values for a header that is sent several times.
    pub(super) headers: Map<String, Value>,
    /// A body of JSON, with its media type unless the headers have one.
    pub(super) json: Option<Value>,
    /// A body of text, with its length.
    pub(super) text: Option<String>,
    /// Any other body.
    pub(super) body: Option<Body>,
    /// Exactly these bytes, in place of a request.
    pub(super) raw: Option<Bytes>,
    /// How many answers `raw` awaits, one when nothing is said.
    pub(super) answers: Option<u32>,
    /// Several requests in one step.
    pub(super) requests: Vec<Self>,
    /// How often all of it is sent.
    pub(super) repeat: Option<u32>,
    /// Whether all of it is sent at once.
    pub(super) concurrent: bool,
    /// What of the answers is compared.
    pub(super) compare: Compare,
    /// What the answer is expected to be.
    pub(super) expect: Option<Expectation>,
    /// Values of the answer by the names of variables: a JSON pointer into the body, or `header NAME`.
    pub(super) capture: BTreeMap<String, String>,
    /// Values that may differ.
    pub(super) masks: Vec<Mask>,
    /// The only target that this step is sent to, by its place in the run's list, modulo their number.
    pub(super) only: Option<usize>,
}
