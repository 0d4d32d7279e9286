//! Instruction counts: valgrind runs the parts of a request once each, and what changed against the stored figures is told.
//!
//! A count does not depend on what else the machine does, but on the processor's architecture and on the compiler, so that
//! the stored figures name both.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::process::Command;

use crate::BoxError;

/// Where the stored figures are, from the root of the repository.
pub(crate) const FILE: &str = "bench/instructions.json";
/// Changes of at most so much are not told.
const TOLD_FROM: f64 = 0.02;
/// What counts, and how to install it.
const TOOLS: [(&str, &str); 2] = [
    ("valgrind", "with the system's package manager (Linux only)"),
    ("gungraun-runner", "with `cargo install gungraun-runner --version 0.20.0`"),
];

/// Instructions of each part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// What they depend on.
    pub(crate) architecture: String,
    pub(crate) rustc: String,
    pub(crate) instructions: BTreeMap<String, u64>,
}

/// What is missing of the tools, with how to get it.
pub(crate) async fn missing() -> Option<String> {
    for (program, how) in TOOLS {
        let mut command = Command::new(program);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        let is_there = command.status().await.is_ok_and(|status| status.success());
        if !is_there {
            return Some(format!("{program} is not there; install it {how}"));
        }
    }
    None
}

/// Count.
///
/// # Errors
/// When the bench does not build or run, or says nothing that can be read.
pub(crate) async fn count(architecture: String, rustc: String) -> Result<Counts, BoxError> {
    let output = Command::from(devstack::cargo())
        .args(["bench", "--package", "bench-parts", "--bench", "instructions", "--", "--output-format=json"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .await?;
    if !output.status.success() {
        return Err(format!("counting failed: {}", output.status).into());
    }
    let mut instructions = BTreeMap::new();
    for line in String::from_utf8(output.stdout)?.lines().filter(|line| line.starts_with('{')) {
        let summary: Value = serde_json::from_str(line)?;
        let (name, count) = in_summary(&summary)
            .ok_or_else(|| format!("gungraun said something that is not understood: {line}"))?;
        instructions.insert(name, count);
    }
    if instructions.is_empty() {
        return Err("gungraun counted nothing".into());
    }
    Ok(Counts { architecture, rustc, instructions })
}

/// The name of a bench and its instructions, in what gungraun's runner says of it: the first figure under `Ir`, which is
/// that of this run.
fn in_summary(summary: &Value) -> Option<(String, u64)> {
    let function = summary["function_name"].as_str()?;
    let name = summary["id"].as_str().map_or_else(|| function.to_owned(), |id| format!("{function} {id}"));
    Some((name, first_number(member(summary, "Ir")?)?))
}

/// The first member of this name at any depth.
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) => {
            members.get(name).or_else(|| members.values().find_map(|inner| member(inner, name)))
        }
        Value::Array(items) => items.iter().find_map(|inner| member(inner, name)),
        _ => None,
    }
}

fn first_number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::Array(items) => items.iter().find_map(first_number),
        Value::Object(members) => members.values().find_map(first_number),
        _ => None,
    }
}

impl Counts {
    /// The stored figures; `None` when there are none.
    ///
    /// # Errors
    /// When the file holds something else.
    pub(crate) fn stored(file: &Path) -> Result<Option<Self>, BoxError> {
        if !file.exists() {
            return Ok(None);
        }
        let text = std::fs::read(file)?;
        let malformed = |error| format!("{} holds no counts: {error}", file.display());
        Ok(Some(serde_json::from_slice(&text).map_err(malformed)?))
    }

    /// Store them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn store(&self, file: &Path) -> Result<(), BoxError> {
        Ok(std::fs::write(file, format!("{}\n", serde_json::to_string_pretty(self)?))?)
    }

    /// What changed from the stored figures to these, a line each; empty when nothing did that is worth telling.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub(crate) fn changes_since(&self, stored: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        if (&self.architecture, &self.rustc) != (&stored.architecture, &stored.rustc) {
            lines.push(format!(
                "careful: the stored figures are of {}, {}, these of {}, {}",
                stored.architecture, stored.rustc, self.architecture, self.rustc
            ));
        }
        for (name, new) in &self.instructions {
            match stored.instructions.get(name) {
                None => lines.push(format!("{name}: {new} instructions, not stored yet")),
                Some(old) => {
                    let change = *new as f64 / (*old).max(1) as f64 - 1.0;
                    if change.abs() > TOLD_FROM {
                        lines.push(format!("{name}: {old} → {new} instructions ({:+.1} %)", change * 100.0));
                    }
                }
            }
        }
        let gone = stored.instructions.keys().filter(|name| !self.instructions.contains_key(*name));
        lines.extend(gone.map(|name| format!("{name}: stored, but not counted any more")));
        lines
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn counts(instructions: &[(&str, u64)]) -> Counts {
        Counts {
            architecture: "x86_64".to_owned(),
            rustc: "rustc 1.95.0".to_owned(),
            instructions: instructions.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        }
    }

    #[test]
    fn only_what_changed_by_more_than_two_per_cent_is_told() {
        let stored = counts(&[("same", 1000), ("more", 1000), ("less", 1000), ("gone", 1)]);
        let now = counts(&[("same", 1019), ("more", 1030), ("less", 900), ("new", 5)]);
        assert_eq!(
            now.changes_since(&stored),
            [
                "less: 1000 → 900 instructions (-10.0 %)",
                "more: 1000 → 1030 instructions (+3.0 %)",
                "new: 5 instructions, not stored yet",
                "gone: stored, but not counted any more",
            ]
        );
        assert!(stored.changes_since(&stored).is_empty());
    }

    #[test]
    fn another_compiler_is_pointed_out() {
        let stored = counts(&[("same", 1000)]);
        let now = Counts { rustc: "rustc 1.99.0".to_owned(), ..stored.clone() };
        assert!(now.changes_since(&stored)[0].starts_with("careful: the stored figures are of x86_64"));
    }

    #[test]
    fn the_count_of_this_run_is_found_in_what_the_runner_says() {
        let summary = json!({
            "function_name": "mask_secret", "id": "flat",
            "profiles": [{ "summaries": { "parts": [{ "metrics_summary": { "Callgrind": { "Ir": {
                "metrics": { "Both": [{ "Int": 4321 }, { "Int": 4000 }] }
            } } } }] } }]
        });
        assert_eq!(in_summary(&summary), Some(("mask_secret flat".to_owned(), 4321)));
        assert_eq!(in_summary(&json!({})), None);
    }

    #[test]
    fn what_is_stored_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("counts.json");
        assert_eq!(Counts::stored(&file).unwrap(), None);
        counts(&[("a", 1)]).store(&file).unwrap();
        assert_eq!(Counts::stored(&file).unwrap(), Some(counts(&[("a", 1)])));
        std::fs::write(&file, "[]").unwrap();
        assert!(Counts::stored(&file).unwrap_err().to_string().contains("holds no counts"));
    }
}
