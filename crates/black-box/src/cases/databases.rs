//! One query on each database.

use std::sync::Arc;

use crate::expected::{Expected, JSON};
use crate::suite::{Suite, cases};
use crate::wire::Request;
use crate::{BoxError, Outcome};

cases![
    postgres_gives_its_clock,
    postgres_gives_its_clock_through_pgbouncer,
    mysql_gives_its_clock,
    mongodb_gives_its_collections,
];

const POSTGRES: &str = r#"{"database":"PostgreSQL","query":"SELECT current_timestamp","result":"<time>"}"#;

async fn postgres_gives_its_clock(suite: Arc<Suite>) -> Outcome {
    let request = Request::get("/examples/database/postgres/query");
    suite.server().await?.expect(&request, Expected::json(POSTGRES)).await.map(drop)
}

async fn postgres_gives_its_clock_through_pgbouncer(suite: Arc<Suite>) -> Outcome {
    let server = suite.launch().set("POSTGRES_VIA", "pgbouncer").ready().await?;
    let request = Request::get("/examples/database/postgres/query");
    // More than one, because a pooler in transaction mode may give each to another connection.
    for _ in 0..20 {
        server.expect(&request, Expected::json(POSTGRES)).await?;
    }
    server.stop().await
}

async fn mysql_gives_its_clock(suite: Arc<Suite>) -> Outcome {
    let body = r#"{"database":"MySQL","query":"SELECT NOW()","result":"<time>"}"#;
    let request = Request::get("/examples/database/mysql/query");
    suite.server().await?.expect(&request, Expected::json(body)).await.map(drop)
}

async fn mongodb_gives_its_collections(suite: Arc<Suite>) -> Outcome {
    let request = Request::get("/examples/database/mongodb/query");
    let answer = suite.server().await?.expect(&request, Expected::media(JSON)).await?;
    // Others use the same database, so that the names are not known.
    let body = answer.json()?;
    let names: Vec<&str> =
        body["collections"].as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
    let expected =
        format!(r#"{{"database":"MongoDB","collections":{},"count":{}}}"#, body["collections"], names.len());
    if answer.text() == expected && names.is_sorted() {
        return Ok(());
    }
    Err(BoxError::from(format!("expected sorted names and their count, got {answer}")))
}
