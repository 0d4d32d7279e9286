//! Secrets of Vault, and that they stay secret.

use std::sync::Arc;

use serde_json::json;
use testkit::Namespace;

use crate::Outcome;
use crate::backends::Vault;
use crate::expected::Expected;
use crate::problem::{Fault, Problem, path};
use crate::rows::Rows;
use crate::suite::{Suite, cases};
use crate::wire::Request;

cases![
    what_a_telling_name_holds_is_masked_at_any_depth,
    one_member_follows_the_same_rule,
    the_stack_s_own_passwords_are_masked,
    an_unknown_secret_or_member_is_404_and_not_kept,
    a_secret_is_kept_for_a_while,
    every_fault_of_the_two_names_is_told,
];

const PATTERN: &str = "^[a-zA-Z0-9_-]+$";

fn secret(name: &str) -> Request {
    Request::get(format!("/examples/vault/secret/{name}"))
}

fn shown(name: &str, data: &str) -> Expected {
    Expected::json(format!(r#"{{"service":"{name}","data":{data},"note":"Sensitive values are masked"}}"#))
}

fn member(name: &str, key: &str, value: &str) -> Expected {
    Expected::json(format!(
        r#"{{"service":"{name}","key":"{key}","value":{value},"note":"Sensitive values are masked"}}"#
    ))
}

async fn what_a_telling_name_holds_is_masked_at_any_depth(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let vault = Vault::of(suite.stack)?;
    let name = Namespace::new().secret("mask");
    let data = json!({
        "zebra": "shown", "user": "app", "port": 5432, "on": true, "none": null, "ratio": 1.5,
        "password": "hidden-1", "PASSWORD": "hidden-2", "db_Password_old": "hidden-3",
        "Secret": 7, "secrets": ["hidden-4"], "apiToken": null, "tokens": {"a": "hidden-5"},
        "KEY": false, "monkey": "hidden-6", "keyboard": ["hidden-7"],
        "nested": {"b": {"password": "hidden-8", "a": "shown", "list": [{"key": "hidden-9", "x": 1}, "shown"]}},
        "pass": "shown", "pwd": "shown", "credential": "shown", "ｐａｓｓｗｏｒｄ": "shown",
        "empty": "", "text": "a \"b\" \\ \u{1d11e}",
    });
    vault.write_secret(&name, &data).await?;
    // Sorted by name, in the order of their code points.
    let expected = concat!(
        r#"{"KEY":"***","PASSWORD":"***","Secret":"***","apiToken":"***","credential":"shown","#,
        r#""db_Password_old":"***","empty":"","keyboard":"***","monkey":"***","#,
        r#""nested":{"b":{"a":"shown","list":[{"key":"***","x":1},"shown"],"password":"***"}},"#,
        r#""none":null,"on":true,"pass":"shown","password":"***","port":5432,"pwd":"shown","ratio":1.5,"#,
        r#""secrets":"***","text":"a \"b\" \\ 𝄞","tokens":"***","user":"app","zebra":"shown","#,
        r#""ｐａｓｓｗｏｒｄ":"shown"}"#,
    );
    server.expect(&secret(&name), shown(&name, expected)).await?;
    vault.forget_secret(&name).await
}

async fn one_member_follows_the_same_rule(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let vault = Vault::of(suite.stack)?;
    let name = Namespace::new().secret("member");
    let data = json!({
        "user": "app", "port": 5432, "none": null, "on": true, "list": [1, "a"],
        "nested": {"password": "hidden", "a": 1}, "password": "hidden", "api_KEY": {"a": "hidden"},
        "Tokens": 7, "secret-1": null,
    });
    vault.write_secret(&name, &data).await?;
    let mut rows = Rows::new(&server);
    for (key, value) in [
        ("user", r#""app""#),
        ("port", "5432"),
        ("none", "null"),
        ("on", "true"),
        ("list", r#"[1,"a"]"#),
        ("nested", r#"{"a":1,"password":"***"}"#),
        ("password", r#""***""#),
        ("api_KEY", r#""***""#),
        ("Tokens", r#""***""#),
        ("secret-1", r#""***""#),
    ] {
        rows.row(key, secret(&format!("{name}/{key}")), member(&name, key, value)).await;
    }
    for key in ["nosuch", "User", "password2", "PASSWORD"] {
        let problem = Problem::no_secret_key(&format!("{name}/{key}"));
        rows.row("a name is compared exactly", secret(&format!("{name}/{key}")), problem).await;
    }
    vault.forget_secret(&name).await?;
    rows.outcome()
}

async fn the_stack_s_own_passwords_are_masked(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let vault = Vault::of(suite.stack)?;
    let mut rows = Rows::new(&server);
    for name in ["postgres", "mysql", "mongodb", "redis-1", "redis-2", "redis-3", "rabbitmq"] {
        let real = vault.read_secret(name).await?;
        let members = real.as_object().ok_or_else(|| format!("{name} is no secret of the stack"))?;
        let mut names: Vec<&String> = members.keys().collect();
        names.sort();
        let masked: Vec<String> = names
            .iter()
            .map(|key| match key.as_str() {
                "password" => r#""password":"***""#.to_owned(),
                key => format!(r#""{key}":{}"#, members[key]),
            })
            .collect();
        rows.row(name, secret(name), shown(name, &format!("{{{}}}", masked.join(",")))).await;
        rows.row(name, secret(&format!("{name}/password")), member(name, "password", r#""***""#)).await;
        let user = members["user"].to_string();
        rows.row(name, secret(&format!("{name}/user")), member(name, "user", &user)).await;
    }
    rows.outcome()
}

async fn an_unknown_secret_or_member_is_404_and_not_kept(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let vault = Vault::of(suite.stack)?;
    let name = Namespace::new().secret("late");
    server.expect(&secret(&name), Problem::no_secret(&name)).await?;
    let key = format!("{name}/user");
    server.expect(&secret(&key), Problem::no_secret_key(&key)).await?;
    vault.write_secret(&name, &json!({"user": "a"})).await?;
    // It was not kept that there was none.
    server.expect(&secret(&key), member(&name, "user", r#""a""#)).await?;
    server.expect(&secret(&name), shown(&name, r#"{"user":"a"}"#)).await?;
    vault.forget_secret(&name).await
}

async fn a_secret_is_kept_for_a_while(suite: Arc<Suite>) -> Outcome {
    let vault = Vault::of(suite.stack)?;
    let name = Namespace::new().secret("kept");
    vault.write_secret(&name, &json!({"user": "old"})).await?;
    let keeping = suite.server().await?;
    let forgetting = suite.launch().set("SECRET_CACHE_MS", "0").ready().await?;
    for server in [&*keeping, &forgetting] {
        server.expect(&secret(&name), shown(&name, r#"{"user":"old"}"#)).await?;
    }
    vault.write_secret(&name, &json!({"user": "new"})).await?;
    keeping.expect(&secret(&name), shown(&name, r#"{"user":"old"}"#)).await?;
    forgetting.expect(&secret(&name), shown(&name, r#"{"user":"new"}"#)).await?;
    forgetting.stop().await?;
    vault.forget_secret(&name).await
}

async fn every_fault_of_the_two_names_is_told(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    let (name, key) = (path("service_name"), path("key"));
    let (longest, long) = ("n".repeat(50), "n".repeat(51));
    rows.row("50 characters are allowed", secret(&longest), Problem::no_secret(&longest)).await;
    for (why, segment, fault) in [
        ("51 characters are too many", long.as_str(), Fault::too_long(name, 50)),
        ("a dot is not in the set", "a.b", Fault::pattern(name, PATTERN)),
        ("an encoded slash is a slash of the value", "a%2Fb", Fault::pattern(name, PATTERN)),
        ("the way out of the folder", "..%2f..%2fsys%2fseal", Fault::pattern(name, PATTERN)),
        ("the way out of the folder, encoded twice", "%252e%252e", Fault::pattern(name, PATTERN)),
        ("a question mark", "a%3Fversion=1", Fault::pattern(name, PATTERN)),
        ("a number sign", "a%23", Fault::pattern(name, PATTERN)),
        ("a colon", "a:b", Fault::pattern(name, PATTERN)),
        ("a letter that looks like another", "p%D0%BEstgres", Fault::pattern(name, PATTERN)),
    ] {
        rows.row(why, secret(segment), Problem::invalid(std::slice::from_ref(&fault))).await;
        rows.row(why, secret(&format!("{segment}/user")), Problem::invalid(&[fault])).await;
    }
    let (longest, long) = ("k".repeat(100), "k".repeat(101));
    let at = format!("postgres/{longest}");
    rows.row("100 characters are allowed", secret(&at), Problem::no_secret_key(&at)).await;
    for (why, segment, fault) in [
        ("101 characters are too many", long.as_str(), Fault::too_long(key, 100)),
        ("a dot is not in the set", "a.b", Fault::pattern(key, PATTERN)),
        ("an encoded slash is a slash of the value", "a%2Fb", Fault::pattern(key, PATTERN)),
    ] {
        rows.row(why, secret(&format!("postgres/{segment}")), Problem::invalid(&[fault])).await;
    }
    rows.row(
        "both faults are told, in the path's order",
        secret("a.b/c.d"),
        Problem::invalid(&[Fault::pattern(name, PATTERN), Fault::pattern(key, PATTERN)]),
    )
    .await;
    for segment in ["%FF", "%", "%4", "%C0%AE", "%ED%A0%80", "a%zz"] {
        rows.row(segment, secret(segment), Problem::unreadable_path()).await;
        rows.row(segment, secret(&format!("a.b/{segment}")), Problem::unreadable_path()).await;
    }
    rows.outcome()
}
