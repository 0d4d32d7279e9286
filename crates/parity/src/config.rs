//! What a project declares about its servers: which values may differ, how bodies are read, how long things may take.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mask::Mask;

/// The configuration of a run: `parity.toml`.
///
/// Everything has a default, under which nothing may differ but what HTTP itself lets differ.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long things may take.
    pub limits: Limits,
    /// How JSON is compared.
    pub json: JsonMode,
    /// A path that every living target answers, whatever it answers: asked after each hostile case.
    pub alive: Option<String>,
    /// What was set apart from the defaults in the servers, in words; every report shows it.
    pub settings: Vec<String>,
    /// The rules of the project that allow a difference; when there are any, each mask is to name one of them.
    pub rules: Vec<String>,
    /// Values that each target has of its own, by the target's name.
    pub target: BTreeMap<String, BTreeMap<String, String>>,
    /// How headers are compared; those that are not named here are to be equal.
    pub header: Vec<HeaderRule>,
    /// How bodies of operations are read, where their media type does not say it.
    pub body: Vec<BodyRule>,
    /// Values that may differ within a form.
    pub mask: Vec<Mask>,
    /// Lists whose order says nothing.
    pub unordered: Vec<Unordered>,
}

/// How long things may take, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// To open a connection.
    pub connect_ms: u64,
    /// From the connection to the end of the answer.
    pub answer_ms: u64,
    /// A whole case.
    pub case_ms: u64,
    /// How many cases are under way at once.
    pub cases_at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect_ms: 2_000, answer_ms: 15_000, case_ms: 60_000, cases_at_once: 8 }
    }
}

impl Limits {
    /// See [`Limits::connect_ms`].
    pub const fn connect(&self) -> Duration {
        Duration::from_millis(self.connect_ms)
    }

    /// See [`Limits::answer_ms`].
    pub const fn answer(&self) -> Duration {
        Duration::from_millis(self.answer_ms)
    }

    /// See [`Limits::case_ms`].
    pub const fn case(&self) -> Duration {
        Duration::from_millis(self.case_ms)
    }
}

/// How JSON is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JsonMode {
    /// By what it means: `1.0` is `1`, the order of members and white space say nothing.
    #[default]
    ByValue,
    /// As it is written: the form of numbers, the escapes of text, the order of members and white space count.
    AsWritten,
}

/// How one header is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderRule {
    /// Its name.
    pub name: String,
    /// What is asked of it.
    pub policy: HeaderPolicy,
    /// Why.
    pub reason: String,
}

/// What is asked of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeaderPolicy {
    /// Its values are to be equal.
    Equal,
    /// It is to be there at all targets or at none.
    Present,
    /// Nothing.
    Ignored,
}

/// How the bodies of some operations are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodyRule {
    /// The operations.
    pub operations: Vec<String>,
    /// What their 200 bodies are.
    pub read_as: BodyKind,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BodyKind {
    /// JSON: compared value by value.
    Json,
    /// Text: compared line by line.
    Text,
    /// Prometheus text: names, types, help and labels are compared, and values.
    Prometheus,
    /// An OpenAPI document: what it promises is compared, and its prose is not.
    Openapi,
    /// Something whose contents are each server's own: only whether there is a body is compared.
    Opaque,
}

/// A list whose order says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unordered {
    /// Where the list is, as in [`Mask::at`].
    pub at: String,
    /// The operations whose answers it is about; all when there are none.
    #[serde(default)]
    pub operations: Vec<String>,
    /// Why.
    pub reason: String,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not TOML, or not of this form; the source names line and column.
    #[error("{} is no configuration of parity", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: Box<toml::de::Error>,
    },
}

impl Config {
    /// Reads `parity.toml`.
    ///
    /// # Errors
    /// [`ConfigError`] names the file and the place.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|source| ConfigError::Form { path: path.to_owned(), source: Box::new(source) })
    }

    /// Whether a mask may be used: where the project has rules, it is to name one.
    pub fn allows(&self, mask: &Mask) -> bool {
        self.rules.is_empty() || mask.rule.as_ref().is_some_and(|rule| self.rules.contains(rule))
    }

    /// How a header is compared.
    pub fn header_policy(&self, name: &str) -> HeaderPolicy {
        let rule = self.header.iter().find(|rule| rule.name.eq_ignore_ascii_case(name));
        rule.map_or(HeaderPolicy::Equal, |rule| rule.policy)
    }
}
