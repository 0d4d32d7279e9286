//! A code-first server's own document, held to the contract and to what is checked in. Needs no stack.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use spec::{Document, Exceptions};

use crate::Outcome;

/// Set, the checked-in document is written instead of compared.
const UPDATE: &str = "UPDATE_OPENAPI";

/// Compares what the server `name` emits with `openapi/openapi.yaml`, after normalising.
///
/// # Errors
/// Every difference that `openapi/exceptions.toml` does not excuse, and every exception that excuses nothing.
pub fn promises_what_the_contract_does(name: &str, emitted: Value) -> Outcome {
    let contract = Document::read(&file("openapi.yaml"))?;
    let differences = spec::diff(&contract, &Document::from_value(emitted)?)?;
    let exceptions = Exceptions::from_toml(&fs::read_to_string(file("exceptions.toml"))?)?;
    let judgement = exceptions.judge(name, differences);
    let differences = judgement.unexcused.iter().map(|difference| difference.line("contract", name));
    let unused = judgement
        .unused
        .iter()
        .map(|exception| format!("an exception that excuses nothing: {}", exception.place));
    let lines: Vec<String> = differences.chain(unused).collect();
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n").into()) }
}

/// Compares what the server `name` emits with `openapi/generated/<name>.json`, or writes that file when
/// `UPDATE_OPENAPI` is set.
///
/// # Errors
/// With the command that writes it, when the file is not what the server emits.
pub fn is_the_checked_in_one(name: &str, emitted: &Value) -> Outcome {
    let path = file(&format!("generated/{name}.json"));
    let emitted = format!("{emitted:#}\n");
    if testkit::environment_variable(UPDATE).is_some() {
        fs::create_dir_all(file("generated"))?;
        fs::write(&path, emitted)?;
        return Ok(());
    }
    if fs::read_to_string(&path).unwrap_or_default() == emitted {
        return Ok(());
    }
    Err(format!(
        "openapi/generated/{name}.json is not what the server emits; see what changed with: \
         {UPDATE}=1 cargo test -p {name} --test openapi && git diff openapi/generated"
    )
    .into())
}

fn file(path: &str) -> PathBuf {
    PathBuf::from("../../openapi").join(path)
}
