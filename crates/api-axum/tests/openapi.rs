//! What the server says of itself is what the contract says, and lies checked in beside it.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use server::ServerIdentity;
use spec::{Document, Exceptions, diff};

type TestResult = Result<(), Box<dyn Error>>;

/// Set to write the checked-in document instead of comparing it.
const WRITE: &str = "WRITE_OPENAPI";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi")
}

fn served() -> Result<Value, serde_json::Error> {
    serde_json::to_value(api_axum::app::openapi(&ServerIdentity::AXUM))
}

#[test]
fn the_served_document_promises_what_the_contract_promises() -> TestResult {
    let name = ServerIdentity::AXUM.name;
    let contract = Document::read(&folder().join("openapi.yaml"))?;
    let differences = diff(&contract, &Document::from_value(served()?)?)?;
    let exceptions = Exceptions::from_toml(&fs::read_to_string(folder().join("exceptions.toml"))?)?;
    let judgement = exceptions.judge(name, differences);
    let lines: Vec<String> =
        judgement.unexcused.iter().map(|difference| difference.line("contract", name)).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    assert!(judgement.unused.is_empty(), "exceptions.toml: without a difference: {:?}", judgement.unused);
    Ok(())
}

#[test]
fn the_checked_in_document_is_the_served_one() -> TestResult {
    let path = folder().join("generated").join(format!("{}.json", ServerIdentity::AXUM.name));
    let served = serde_json::to_string_pretty(&served()?)? + "\n";
    if server::settings::environment(WRITE).is_some() {
        fs::write(&path, served)?;
        return Ok(());
    }
    let checked_in = fs::read_to_string(&path).unwrap_or_default();
    let hint = format!("write it anew: {WRITE}=1 cargo test -p api-axum --test openapi");
    assert!(checked_in == served, "{} is not what the server says; {hint}", path.display());
    Ok(())
}
