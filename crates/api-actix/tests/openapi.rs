//! What this server says of itself promises what the contract does, and is checked in as it is.

use black_box::{Outcome, document};
use server::ServerIdentity;

const IDENTITY: ServerIdentity = ServerIdentity::ACTIX;

fn emitted() -> Result<serde_json::Value, serde_json::Error> {
    serde_json::to_value(api_actix::app::openapi(&IDENTITY))
}

#[test]
fn the_emitted_document_promises_what_the_contract_does() -> Outcome {
    document::promises_what_the_contract_does(IDENTITY.name, emitted()?)
}

#[test]
fn the_checked_in_document_is_the_emitted_one() -> Outcome {
    document::is_the_checked_in_one(IDENTITY.name, &emitted()?)
}
