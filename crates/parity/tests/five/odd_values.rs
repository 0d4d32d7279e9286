//! A value that the API did not write: a key of the cache that is a list.

use std::sync::Arc;

use parity::model::{Expectation, Request, Step};
use serde_json::json;
use testkit::{Namespace, Service};

use crate::Outcome;
use crate::cases::case;
use crate::redis_node::RedisNode;
use crate::written::Main;

/// All answer 500, and say nothing of the cause.
pub(crate) async fn test(main: Arc<Main>) -> Outcome {
    let key = Namespace::new().key("list");
    push(&key).await?;
    let read = Step::new(Request::new("GET", format!("/examples/cache/{key}")));
    let expect = Expectation {
        status: Some(500),
        has: Some(json!({ "error": "InternalServerError" })),
        ..Expectation::default()
    };
    let deleted = Step::new(Request::new("DELETE", format!("/examples/cache/{key}")));
    let steps = vec![Step { expect: Some(expect), ..read }, Step { only: Some(0), ..deleted }];
    let case = case("odd_values::a_list_is_no_value_of_the_cache", "ANSWER-8", steps);
    let (_, engine) = main.shared().await?;
    main.keep(engine.run_case(&case).await)
}

/// Makes the key a list, at the node that holds it: the others answer `MOVED`.
async fn push(key: &str) -> Outcome {
    let stack = testkit::stack().await?;
    for service in Service::REDIS {
        if RedisNode::of(stack, service).await?.ask(&["RPUSH", key, "a"]).await?.starts_with(':') {
            return Ok(());
        }
    }
    Err("no node of the cluster has the key's slot".into())
}
