//! The front page.

use std::sync::Arc;

use crate::Outcome;
use crate::expected::Expected;
use crate::suite::{Suite, cases};
use crate::wire::Request;

cases![says_who_answers_and_where_everything_is];

async fn says_who_answers_and_where_everything_is(suite: Arc<Suite>) -> Outcome {
    let target = suite.target;
    let body = format!(
        concat!(
            r#"{{"name":"{}","version":"{}","#,
            r#""description":"One API contract, answered alike by five Rust servers","#,
            r#""docs":{{"swagger":"/docs","redoc":"/redoc","openapi":"/openapi.json"}},"#,
            r#""health":"/health/","metrics":"/metrics","#,
            r#""security":{{"cors":"listed origins only, without credentials","#,
            r#""rate_limiting":"per client address and kind of route, told in the X-RateLimit headers","#,
            r#""request_validation":"every parameter and body is checked before a backend is asked","#,
            r#""circuit_breakers":"one for each backend; while it is open, its routes answer 503 at once"}},"#,
            r#""redis_cluster":{{"nodes":"/redis/cluster/nodes","slots":"/redis/cluster/slots","#,
            r#""info":"/redis/cluster/info","node_info":"/redis/nodes/{{node_name}}/info"}},"#,
            r#""examples":{{"vault":{{"secret":"/examples/vault/secret/{{service_name}}","#,
            r#""secret_key":"/examples/vault/secret/{{service_name}}/{{key}}"}},"#,
            r#""databases":{{"postgres":"/examples/database/postgres/query","#,
            r#""mysql":"/examples/database/mysql/query","mongodb":"/examples/database/mongodb/query"}},"#,
            r#""cache":"/examples/cache/{{key}}","#,
            r#""messaging":{{"publish":"/examples/messaging/publish","#,
            r#""queue_info":"/examples/messaging/queue/{{queue_name}}/info"}}}},"#,
            r#""framework":"{}","approach":"{}","#,
            r#""note":"A reference implementation for development machines, not for production"}}"#,
        ),
        target.name, target.version, target.framework, target.approach
    );
    suite.server().await?.expect(&Request::get("/"), Expected::json(body)).await.map(drop)
}
