//! Backends that work, and answer what none of them should: each operation that asks one then answers 500.
//!
//! The servers get the addresses of the shared stack, but their secrets from a Vault of their own. In it stand logins
//! that lead to somewhere else on the real backends: to a database and a vhost that are not there, to a user of Redis
//! who may do nothing, and to no database at all.

use std::sync::Arc;

use parity::model::{Body, Case, Expectation, Request, Step};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use testkit::{Namespace, PrivateStack, Service, Stack};

use crate::failures::operator::Vault;
use crate::fleet::{Fleet, config};
use crate::redis_node::RedisNode;
use crate::written::{LIMITS, Main};
use crate::{Outcome, cases};

/// More often than opens a breaker, which such answers do not concern.
const TIMES: usize = 6;

/// All answer 500 wherever a backend is asked, say nothing of the cause, and take the backend for alive.
pub(crate) async fn test(main: Arc<Main>) -> Outcome {
    let (shared, namespace) = (testkit::stack().await?, Namespace::new());
    let private = testkit::private_stack(&[Service::Vault]).await?;
    let user = namespace.key("nobody");
    let password = format!(">{namespace}");
    for service in Service::REDIS {
        let mut node = RedisNode::of(shared, service).await?;
        match node.ask(&["ACL", "SETUSER", &user, "on", &password, "-@all"]).await?.as_str() {
            "+OK" => {}
            answer => return Err(format!("{service} makes no user: {answer}").into()),
        }
    }
    let outcome = compared(&main, shared, &private, &namespace, &user).await;
    for service in Service::REDIS {
        RedisNode::of(shared, service).await?.ask(&["ACL", "DELUSER", &user]).await?;
    }
    private.close().await?;
    outcome
}

async fn compared(
    main: &Main,
    shared: &Stack,
    private: &PrivateStack,
    namespace: &Namespace,
    user: &str,
) -> Outcome {
    fill(private, shared, namespace, user).await?;
    let login = private.stack().environment("api-actix");
    let mut settings = vec![("RATE_LIMIT", LIMITS)];
    for name in ["VAULT_ADDR", "VAULT_ROLE_ID_FILE", "VAULT_SECRET_ID_FILE"] {
        settings.push((name, login.get(name).ok_or("the stack does not say where its Vault is")?));
    }
    let fleet = Fleet::start(shared, &settings, None).await?;
    // Until its login has been read, a backend's routes answer that Vault is away.
    for path in [
        "/examples/database/postgres/query",
        "/examples/database/mysql/query",
        "/examples/database/mongodb/query",
        "/examples/cache/a",
        "/examples/messaging/queue/a/info",
    ] {
        fleet.until(path, 500).await?;
    }
    main.keep(fleet.engine(config()?)?.run_case(&case()).await)
}

/// Fills the Vault of the private stack.
///
/// The servers read version 2 of the KV engine. Version 1 at the same path holds whatever is written to it: the very
/// answers of version 2, and one that version 2 cannot give.
async fn fill(private: &PrivateStack, shared: &Stack, namespace: &Namespace, user: &str) -> Outcome {
    let vault = Vault::of(private.stack())?;
    vault.send("DELETE", "sys/mounts/secret", None).await?;
    let first_version = json!({ "type": "kv", "options": { "version": "1" } });
    vault.send("POST", "sys/mounts/secret", Some(first_version)).await?;
    let none = namespace.table("none");
    for service in [Service::Postgres, Service::Mysql, Service::Mongodb, Service::Rabbitmq] {
        let login = shared.credentials(service).await?;
        let mut secret = json!({ "user": login.user, "password": login.password.expose_secret() });
        match service {
            Service::Postgres => secret["database"] = json!(none),
            Service::Rabbitmq => secret["vhost"] = json!(none),
            // These refuse their user at any other database, which is another answer: here none is named.
            _ => {}
        }
        write(&vault, service.name(), json!({ "data": secret })).await?;
    }
    for node in Service::REDIS {
        let secret = json!({ "user": user, "password": namespace.to_string() });
        write(&vault, node.name(), json!({ "data": secret })).await?;
    }
    write(&vault, "odd", json!({ "data": "a text and no members" })).await
}

async fn write(vault: &Vault, secret: &str, members: Value) -> Outcome {
    vault.send("POST", &format!("secret/data/{secret}"), Some(members)).await.map(drop)
}

fn case() -> Case {
    let get = |path: &str| Request::new("GET", path);
    let message = Request::new("POST", "/examples/messaging/publish?queue_name={{ns}}")
        .header("Content-Type", "application/json")
        .body(Body::Whole(r#"{"a":1}"#.into()));
    let requests = [
        get("/examples/vault/secret/odd"),
        get("/examples/vault/secret/odd/user"),
        get("/examples/database/postgres/query"),
        get("/examples/database/mysql/query"),
        get("/examples/database/mongodb/query"),
        get("/examples/cache/{{ns}}"),
        Request::new("POST", "/examples/cache/{{ns}}?value=a"),
        Request::new("DELETE", "/examples/cache/{{ns}}"),
        message,
        get("/examples/messaging/queue/{{ns}}/info"),
        get("/redis/cluster/nodes"),
        get("/redis/cluster/slots"),
        get("/redis/cluster/info"),
        get("/redis/nodes/redis-1/info"),
    ];
    let fault = Expectation {
        status: Some(500),
        has: Some(json!({ "error": "InternalServerError" })),
        ..Expectation::default()
    };
    let steps = (0..TIMES).flat_map(|_| requests.clone());
    cases::case(
        "odd_answers::what_no_backend_should_answer_is_500",
        "ANSWER-8",
        steps.map(|request| Step { expect: Some(fault.clone()), ..Step::new(request) }).collect(),
    )
}
