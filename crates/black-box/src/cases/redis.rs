//! What the Redis Cluster says of itself.

use std::sync::Arc;

use serde_json::Value;
use testkit::Service;

use crate::expected::{Expected, JSON};
use crate::problem::Problem;
use crate::rows::Rows;
use crate::suite::{Suite, cases};
use crate::wire::Request;
use crate::{BoxError, Outcome};

cases![
    the_nodes_are_told_sorted_and_without_myself,
    the_slots_are_told_sorted_and_all_covered,
    the_state_of_the_cluster_is_told_in_numbers_and_text,
    each_node_tells_of_itself,
    any_other_node_is_404,
];

/// The ports of the stack's nodes, in order.
fn ports(suite: &Suite) -> [u16; 3] {
    Service::REDIS.map(|service| suite.stack.address(service).port())
}

fn same(what: &str, expected: &str, got: &str) -> Outcome {
    if expected == got { Ok(()) } else { Err(format!("{what}: expected\n{expected}\ngot\n{got}").into()) }
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, BoxError> {
    value[name].as_str().ok_or_else(|| format!("{name} is no text in {value}").into())
}

fn list<'a>(value: &'a Value, name: &str) -> Result<&'a Vec<Value>, BoxError> {
    value[name].as_array().ok_or_else(|| format!("{name} is no list in {value}").into())
}

async fn the_nodes_are_told_sorted_and_without_myself(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let answer = server.expect(&Request::get("/redis/cluster/nodes"), Expected::media(JSON)).await?;
    let body = answer.json()?;
    let mut nodes = Vec::new();
    for (node, port) in list(&body, "nodes")?.iter().zip(ports(&suite)) {
        // Ids are random and slots move; all else is known.
        let ranges: Vec<String> = list(node, "slot_ranges")?
            .iter()
            .map(|range| format!(r#"{{"start":{},"end":{}}}"#, range["start"], range["end"]))
            .collect();
        let count: u64 = list(node, "slot_ranges")?
            .iter()
            .filter_map(|range| Some(range["end"].as_u64()? - range["start"].as_u64()? + 1))
            .sum();
        nodes.push(format!(
            r#"{{"node_id":"{}","host":"127.0.0.1","port":{port},"role":"master","flags":["master"],"master_id":null,"ping_sent":{},"pong_recv":{},"config_epoch":{},"link_state":"connected","slots_count":{count},"slot_ranges":[{}]}}"#,
            text(node, "node_id")?,
            node["ping_sent"],
            node["pong_recv"],
            node["config_epoch"],
            ranges.join(",")
        ));
    }
    let expected = format!(r#"{{"status":"success","total_nodes":3,"nodes":[{}]}}"#, nodes.join(","));
    same("the nodes", &expected, &answer.text())
}

async fn the_slots_are_told_sorted_and_all_covered(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let answer = server.expect(&Request::get("/redis/cluster/slots"), Expected::media(JSON)).await?;
    let body = answer.json()?;
    let (mut ranges, mut next) = (Vec::new(), 0);
    for range in list(&body, "slot_distribution")? {
        let (start, end) =
            (range["start_slot"].as_u64().unwrap_or(u64::MAX), range["end_slot"].as_u64().unwrap_or(0));
        if start != next || end < start {
            return Err(format!("slot {next} is missing, or the ranges are not sorted: {body}").into());
        }
        next = end + 1;
        let master = &range["master"];
        if !ports(&suite).iter().any(|port| master["port"] == *port) {
            return Err(format!("{master} is no node of the stack").into());
        }
        ranges.push(format!(
            r#"{{"start_slot":{start},"end_slot":{end},"slots_count":{},"master":{{"host":"127.0.0.1","port":{},"node_id":"{}"}},"replicas":[]}}"#,
            end - start + 1,
            master["port"],
            text(master, "node_id")?
        ));
    }
    let expected = format!(
        r#"{{"status":"success","total_slots":{next},"max_slots":16384,"coverage_percentage":100.0,"slot_distribution":[{}]}}"#,
        ranges.join(",")
    );
    same("the slots", &expected, &answer.text())?;
    if next == 16_384 { Ok(()) } else { Err(format!("{next} slots are covered").into()) }
}

async fn the_state_of_the_cluster_is_told_in_numbers_and_text(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let answer = server.expect(&Request::get("/redis/cluster/info"), Expected::media(JSON)).await?;
    let start = r#"{"status":"success","cluster_info":{"cluster_state":"ok","cluster_slots_assigned":16384,"cluster_slots_ok":16384,"cluster_slots_pfail":0,"cluster_slots_fail":0,"cluster_known_nodes":3,"cluster_size":3,"cluster_current_epoch":"#;
    let got = answer.text();
    same("the beginning", start, got.get(..start.len()).unwrap_or(&got))?;
    let body = answer.json()?;
    let lines = body["cluster_info"].as_object().ok_or("no object")?;
    match lines.iter().find(|(name, value)| *name != "cluster_state" && !value.is_number()) {
        Some(line) => Err(format!("{line:?} is no number").into()),
        None => Ok(()),
    }
}

async fn each_node_tells_of_itself(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    for (name, port) in ["redis-1", "redis-2", "redis-3"].into_iter().zip(ports(&suite)) {
        let request = Request::get(format!("/redis/nodes/{name}/info"));
        let answer = server.expect(&request, Expected::media(JSON)).await?;
        let start = format!(r#"{{"status":"success","node":"{name}","info":{{"redis_version":""#);
        let got = answer.text();
        same("the beginning", &start, got.get(..start.len()).unwrap_or(&got))?;
        let body = answer.json()?;
        let info = &body["info"];
        let is_right = info["tcp_port"] == port
            && info["redis_mode"] == "cluster"
            && info["cluster_enabled"] == 1
            && info["redis_version"].is_string()
            // Eight zeros are no number of the contract's form.
            && (info["redis_git_sha1"].is_string() || info["redis_git_sha1"] == 0)
            && info["used_memory_human"].is_string()
            && info["mem_fragmentation_ratio"].is_number()
            && info["total_connections_received"].is_u64()
            && info["os"].is_string();
        if !is_right {
            return Err(format!("{name}: numbers are to be numbers, and text to be text: {info}").into());
        }
    }
    Ok(())
}

async fn any_other_node_is_404(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    let long = "r".repeat(10_000);
    for (segment, name) in [
        ("redis-4", "redis-4"),
        ("redis-0", "redis-0"),
        ("redis", "redis"),
        ("Redis-1", "Redis-1"),
        ("redis-1%20", "redis-1 "),
        ("redis-1%00", "redis-1\0"),
        ("redis-%D9%A1", "redis-١"),
        ("..%2f1", "../1"),
        ("a\"b", "a\"b"),
        ("127.0.0.1:6379", "127.0.0.1:6379"),
        (&long, &long),
    ] {
        let request = Request::get(format!("/redis/nodes/{segment}/info"));
        rows.row(name, request, Problem::no_redis_node(name)).await;
    }
    for segment in ["%FF", "%", "redis-1%"] {
        let request = Request::get(format!("/redis/nodes/{segment}/info"));
        rows.row(segment, request, Problem::unreadable_path()).await;
    }
    rows.outcome()
}
