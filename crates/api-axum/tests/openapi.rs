//! What this server says of itself promises what the contract does, and is checked in as it is.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use server::{ServerIdentity, settings};
use spec::{Document, Exceptions};

type Outcome = Result<(), Box<dyn Error>>;

const IDENTITY: ServerIdentity = ServerIdentity::AXUM;

/// Set, the checked-in document is written instead of compared.
const UPDATE: &str = "UPDATE_OPENAPI";

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../openapi").join(path)
}

fn emitted() -> Result<serde_json::Value, serde_json::Error> {
    serde_json::to_value(api_axum::app::openapi(&IDENTITY))
}

#[test]
fn the_emitted_document_promises_what_the_contract_does() -> Outcome {
    let contract = Document::read(&file("openapi.yaml"))?;
    let differences = spec::diff(&contract, &Document::from_value(emitted()?)?)?;
    let exceptions = Exceptions::from_toml(&fs::read_to_string(file("exceptions.toml"))?)?;
    let judgement = exceptions.judge(IDENTITY.name, differences);
    let lines: Vec<String> =
        judgement.unexcused.iter().map(|difference| difference.line("contract", IDENTITY.name)).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    assert!(judgement.unused.is_empty(), "exceptions that excuse nothing: {:?}", judgement.unused);
    Ok(())
}

#[test]
fn the_checked_in_document_is_the_emitted_one() -> Outcome {
    let path = file(&format!("generated/{}.json", IDENTITY.name));
    let emitted = format!("{:#}\n", emitted()?);
    if settings::environment(UPDATE).is_some() {
        fs::create_dir_all(file("generated"))?;
        fs::write(&path, emitted)?;
        return Ok(());
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == emitted,
        "openapi/generated/{}.json is not what the server emits; see what changed with: \
         {UPDATE}=1 cargo test -p {} --test openapi && git diff openapi/generated",
        IDENTITY.name,
        IDENTITY.name
    );
    Ok(())
}
