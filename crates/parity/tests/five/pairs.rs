//! What one server writes every other reads alike: the cache on each of the three Redis masters, and a queue.

use std::sync::Arc;

use parity::model::{Body, Case, Expectation, Request, Step};
use serde_json::json;
use testkit::Namespace;

use crate::cases::case;
use crate::written::Main;
use crate::{Outcome, SERVERS};

/// The slots of a Redis Cluster.
const SLOTS: u16 = 16_384;

/// One server writes, and all read; with each of the servers as the writer these are all pairs.
pub(crate) async fn test(main: Arc<Main>, writer: usize) -> Outcome {
    let namespace = Namespace::new();
    let mut steps = Vec::new();
    for third in 0..3 {
        let key = key_of_third(&namespace, third);
        let written = Step::new(Request::new("POST", format!("/examples/cache/{key}?value=by-{writer}")));
        steps.push(Step { only: Some(writer), ..written });
        let read = Step::new(Request::new("GET", format!("/examples/cache/{key}")));
        let body =
            json!({ "key": key, "value": format!("by-{writer}"), "exists": true, "ttl": "no expiration" });
        steps.push(Step { expect: Some(Expectation { json: Some(body), ..status(200) }), ..read });
        let deleted = Step::new(Request::new("DELETE", format!("/examples/cache/{key}")));
        steps.push(Step { only: Some(writer), ..deleted });
    }
    let queue = namespace.queue("pairs");
    let message = Request::new("POST", format!("/examples/messaging/publish?queue_name={queue}"))
        .header("Content-Type", "application/json")
        .body(Body::Whole(r#"{"a":1}"#.into()));
    steps.push(Step { only: Some(writer), ..Step::new(message) });
    let looked_at = Step::new(Request::new("GET", format!("/examples/messaging/queue/{queue}/info")));
    let body = json!({ "queue": queue, "exists": true, "message_count": 1, "consumer_count": 0 });
    steps.push(Step { expect: Some(Expectation { json: Some(body), ..status(200) }), ..looked_at });
    let id = format!("pairs::what_{}_writes_all_read", SERVERS[writer]);
    let case = Case { shared_namespace: true, ..case(&id, "pairs", steps) };
    let (_, engine) = main.shared().await?;
    let result = engine.run_case(&case).await;
    main.keep(result)
}

fn status(status: u16) -> Expectation {
    Expectation { status: Some(status), ..Expectation::default() }
}

/// A key whose slot lies in that third of all slots, as the three masters of the stack share them.
fn key_of_third(namespace: &Namespace, third: u16) -> String {
    let keys = (0..).map(|number: u32| namespace.key(&number.to_string()));
    let is_there =
        |key: &String| u32::from(crc16(key.as_bytes()) % SLOTS) * 3 / u32::from(SLOTS) == u32::from(third);
    // One of three numbers is there, so that the search ends.
    keys.into_iter().find(is_there).unwrap_or_default()
}

/// CRC-16/XMODEM, by which Redis finds the slot of a key.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc: u16, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}
