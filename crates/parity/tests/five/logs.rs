//! The same requests are logged with the same members, levels and messages.

use std::collections::BTreeMap;

use parity::model::{Message, Request};
use parity::wire::Client;
use serde_json::Value;
use testkit::eventually;

use crate::fleet::{Fleet, LIMIT, Server, config};
use crate::{Outcome, told};

/// What is sent, each with an id by which its lines are found.
const REQUESTS: [(&str, &str); 7] = [
    ("GET", "/health/"),
    ("GET", "/nosuch"),
    ("DELETE", "/health/"),
    ("GET", "/examples/cache/a%20b"),
    ("GET", "/examples/cache/t-none"),
    ("GET", "/redis/nodes/none/info"),
    ("HEAD", "/redis/cluster/slots"),
];

/// Values that are each server's or each moment's own.
const OWN: [&str; 3] = ["timestamp", "service", "duration_ms"];

pub(crate) async fn test() -> Outcome {
    let fleet = Fleet::ready(testkit::stack().await?, &[], None).await?;
    let mut logged: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (server, target) in fleet.servers.iter().zip(fleet.targets()?) {
        let client = Client::new(&target, config()?.limits)?;
        for (index, (method, path)) in REQUESTS.into_iter().enumerate() {
            let id = format!("parity-log-{index}");
            let message = Message::from(Request::new(method, path).header("X-Request-ID", id.as_str()));
            client.exchange(&message, false).await;
            logged.entry(server.name).or_default().extend(lines(server, &id).await?);
        }
    }
    told::alike(&logged)
}

/// The lines of one request, once they are written, without what is the server's own.
async fn lines(server: &Server, id: &str) -> Result<Vec<String>, crate::BoxError> {
    // The line of a request is written after its answer.
    let found = eventually(LIMIT, "the log line of a request", async || {
        let lines = server.log(&format!("\"{id}\""));
        if lines.is_empty() { Err("no line yet") } else { Ok(lines) }
    });
    Ok(found.await?.iter().map(without_own).collect())
}

fn without_own(line: &Value) -> String {
    let Some(members) = line.as_object() else { return line.to_string() };
    let members = members.iter().map(|(name, value)| {
        if OWN.contains(&name.as_str()) { format!("{name}=…") } else { format!("{name}={value}") }
    });
    let mut members: Vec<String> = members.collect();
    members.sort();
    members.join(" ")
}
