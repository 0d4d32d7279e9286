//! Reading, writing and deleting cache entries.

use std::sync::Arc;

use testkit::Namespace;

use crate::Outcome;
use crate::backends;
use crate::expected::Expected;
use crate::problem::{Fault, Problem, path, query};
use crate::rows::Rows;
use crate::suite::{Suite, cases};
use crate::wire::{Request, percent_encoded};

cases![
    a_key_is_written_read_and_deleted,
    keys_on_every_master_are_found,
    a_life_is_whole_seconds_and_runs_out,
    a_value_is_any_text_of_up_to_5000_characters,
    a_value_that_is_not_text_is_500,
    every_fault_of_a_key_is_told,
    every_fault_of_a_value_and_a_life_is_told,
    a_query_is_read_as_a_form,
];

const PATTERN: &str = "^[a-zA-Z0-9_:.-]+$";

fn target(key: &str) -> String {
    format!("/examples/cache/{key}")
}

fn absent(key: &str) -> Expected {
    Expected::json(format!(r#"{{"key":"{key}","value":null,"exists":false,"ttl":null}}"#))
}

/// `value` and `ttl` as JSON text, `ttl` perhaps as a form.
fn present(key: &str, value: &str, ttl: &str) -> Expected {
    Expected::json(format!(r#"{{"key":"{key}","value":{value},"exists":true,"ttl":{ttl}}}"#))
}

fn written(key: &str, value: &str, ttl: &str) -> Expected {
    Expected::json(format!(r#"{{"key":"{key}","value":{value},"ttl":{ttl},"action":"set"}}"#))
}

fn deleted(key: &str, deleted: bool) -> Expected {
    Expected::json(format!(r#"{{"key":"{key}","deleted":{deleted},"action":"delete"}}"#))
}

async fn a_key_is_written_read_and_deleted(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let key = Namespace::new().key("a");
    let at = target(&key);
    server.expect(&Request::get(&at), absent(&key)).await?;
    server.expect(&Request::delete(&at), deleted(&key, false)).await?;
    server.expect(&Request::post(format!("{at}?value=x")), written(&key, r#""x""#, "null")).await?;
    server.expect(&Request::get(&at), present(&key, r#""x""#, r#""no expiration""#)).await?;
    server.expect(&Request::post(format!("{at}?value=y&ttl=300")), written(&key, r#""y""#, "300")).await?;
    server.expect(&Request::get(&at), present(&key, r#""y""#, "<within:2:300>")).await?;
    // A value written without a life has none, whatever the one before had.
    server.expect(&Request::post(format!("{at}?value=")), written(&key, r#""""#, "null")).await?;
    server.expect(&Request::get(&at), present(&key, r#""""#, r#""no expiration""#)).await?;
    server.expect(&Request::delete(&at), deleted(&key, true)).await?;
    server.expect(&Request::get(&at), absent(&key)).await.map(drop)
}

async fn keys_on_every_master_are_found(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let namespace = Namespace::new();
    let mut seen = [false; 3];
    let mut keys = Vec::new();
    // Each key has its slot by chance; that 64 of them leave a master out has a chance of 2^-37.
    for number in 0..64 {
        let key = namespace.key(&number.to_string());
        server
            .expect(
                &Request::post(format!("{}?value={number}&ttl=60", target(&key))),
                written(&key, &format!("\"{number}\""), "60"),
            )
            .await?;
        let (master, value): (usize, String) =
            backends::redis(suite.stack, redis::cmd("GET").arg(&key)).await?;
        if value != number.to_string() {
            return Err(format!("{key} holds {value:?} on node {master}").into());
        }
        seen[master] = true;
        keys.push(key);
        if seen == [true; 3] {
            break;
        }
    }
    if seen != [true; 3] {
        return Err(format!("the keys went to these masters only: {seen:?}").into());
    }
    for (number, key) in keys.iter().enumerate() {
        let found = present(key, &format!("\"{number}\""), "<within:10:60>");
        server.expect(&Request::get(target(key)), found).await?;
        server.expect(&Request::delete(target(key)), deleted(key, true)).await?;
    }
    Ok(())
}

async fn a_life_is_whole_seconds_and_runs_out(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let key = Namespace::new().key("a");
    for ttl in ["1", "86400"] {
        let request = Request::post(format!("{}?value=x&ttl={ttl}", target(&key)));
        server.expect(&request, written(&key, r#""x""#, ttl)).await?;
    }
    server.expect(&Request::get(target(&key)), present(&key, r#""x""#, "<within:2:86400>")).await?;
    let request = Request::post(format!("{}?value=x&ttl=1", target(&key)));
    server.expect(&request, written(&key, r#""x""#, "1")).await?;
    testkit::eventually(crate::LIMIT, "the end of the key's life", async || {
        server.expect(&Request::get(target(&key)), absent(&key)).await
    })
    .await?;
    Ok(())
}

async fn a_value_is_any_text_of_up_to_5000_characters(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let key = Namespace::new().key("a");
    let mut rows = Rows::new(&server);
    let longest = "x".repeat(5000);
    let widest = "𝄞".repeat(5000);
    for (why, value) in [
        ("quotes and backslashes are escaped", r#"a"b\c"#),
        ("a NUL is text", "a\0b"),
        ("line ends and other controls are text", "a\r\nb\tc\u{1b}d\u{7f}"),
        ("line separators of JavaScript are text", "a\u{2028}b\u{2029}c"),
        ("four-byte characters are text", "𝄞💶"),
        ("5,000 characters are allowed", longest.as_str()),
        ("5,000 characters of four bytes each are 5,000 characters", widest.as_str()),
    ] {
        let query = percent_encoded(value);
        let json = serde_json::to_string(value)?;
        rows.row(why, Request::post(format!("{}?value={query}", target(&key))), written(&key, &json, "null"))
            .await;
        rows.row(why, Request::get(target(&key)), present(&key, &json, r#""no expiration""#)).await;
    }
    rows.row("a key may be deleted", Request::delete(target(&key)), deleted(&key, true)).await;
    rows.outcome()
}

async fn a_value_that_is_not_text_is_500(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let namespace = Namespace::new();
    let (list, bytes) = (namespace.key("list"), namespace.key("bytes"));
    backends::redis::<i64>(suite.stack, redis::cmd("RPUSH").arg(&list).arg("x")).await?;
    backends::redis::<()>(suite.stack, redis::cmd("SET").arg(&bytes).arg(&[0xff_u8, 0xfe][..])).await?;
    for key in [&list, &bytes] {
        server.expect(&Request::get(target(key)), Problem::internal()).await?;
        // It can be deleted like any other, and the server lives on.
        server.expect(&Request::delete(target(key)), deleted(key, true)).await?;
    }
    Ok(())
}

async fn every_fault_of_a_key_is_told(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    let key = path("key");
    let long = "k".repeat(201);
    let longest = "k".repeat(200);
    for (why, segment, fault) in [
        ("a space is not in the set", "a%20b", Fault::pattern(key, PATTERN)),
        ("a plus sign of the path is a plus sign", "a+b", Fault::pattern(key, PATTERN)),
        ("an encoded slash is a slash of the value", "a%2Fb", Fault::pattern(key, PATTERN)),
        ("a NUL is not in the set", "a%00b", Fault::pattern(key, PATTERN)),
        ("a line end after a good key is not in the set", "a%0A", Fault::pattern(key, PATTERN)),
        ("letters beyond ASCII are not in the set", "%D0%B0", Fault::pattern(key, PATTERN)),
        ("digits beyond ASCII are not in the set", "%EF%BC%91", Fault::pattern(key, PATTERN)),
        ("a brace would choose the slot", "%7Ba%7D", Fault::pattern(key, PATTERN)),
        ("a percent sign, encoded once, is decoded once", "a%252Fb", Fault::pattern(key, PATTERN)),
        ("201 characters are too many", long.as_str(), Fault::too_long(key, 200)),
    ] {
        rows.row(why, Request::get(target(segment)), Problem::invalid(std::slice::from_ref(&fault))).await;
        rows.row(why, Request::delete(target(segment)), Problem::invalid(std::slice::from_ref(&fault))).await;
        rows.row(why, Request::post(format!("{}?value=x", target(segment))), Problem::invalid(&[fault]))
            .await;
    }
    rows.row(
        "length comes before pattern, and is counted in characters",
        Request::get(target(&"%F0%9D%84%9E".repeat(201))),
        Problem::invalid(&[Fault::too_long(key, 200)]),
    )
    .await;
    rows.row(
        "200 characters of four bytes each are not too many, but not in the set",
        Request::get(target(&"%F0%9D%84%9E".repeat(200))),
        Problem::invalid(&[Fault::pattern(key, PATTERN)]),
    )
    .await;
    rows.row("200 characters are allowed", Request::get(target(&longest)), absent(&longest)).await;
    for dots in [".a", "a..b", "...", "a:b_c.d-e"] {
        rows.row("any of the set is allowed anywhere", Request::get(target(dots)), absent(dots)).await;
    }
    rows.outcome()
}

async fn every_fault_of_a_value_and_a_life_is_told(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    let (key, value, ttl) = (path("key"), query("value"), query("ttl"));
    let spelled = Namespace::new().key("a");
    let with = |query: &str| Request::post(format!("{}{query}", target(&spelled)));
    rows.row("a value is required", with(""), Problem::invalid(&[Fault::missing(value)])).await;
    rows.row(
        "a value is required, whatever else is there",
        with("?ttl=5"),
        Problem::invalid(&[Fault::missing(value)]),
    )
    .await;
    rows.row("names are compared exactly", with("?Value=x"), Problem::invalid(&[Fault::missing(value)]))
        .await;
    let over = "x".repeat(5001);
    rows.row(
        "5,001 characters are too many",
        with(&format!("?value={over}")),
        Problem::invalid(&[Fault::too_long(value, 5000)]),
    )
    .await;
    rows.row(
        "5,001 characters of four bytes each are too many",
        with(&format!("?value={}", "%F0%9D%84%9E".repeat(5001))),
        Problem::invalid(&[Fault::too_long(value, 5000)]),
    )
    .await;

    for text in concat!(
        // A name alone, and forms that other parsers of numbers take.
        "|abc|1.0|1e3|007|00|%2B5|+5|-|--1|-01|5%20|%205|0x10|1_000|1%00|",
        // Digits of other scripts.
        "%D9%A3|%EF%BC%91"
    )
    .split('|')
    {
        let why = format!("{text:?} is no integer of the contract's form");
        rows.row(
            &why,
            with(&format!("?value=x&ttl={text}")),
            Problem::invalid(&[Fault::not_an_integer(ttl)]),
        )
        .await;
    }
    let huge = format!("-{}", "9".repeat(100));
    for text in ["0", "-0", "-1", "-9223372036854775808", "-9223372036854775809", &huge] {
        let why = format!("{text} is below the least");
        rows.row(&why, with(&format!("?value=x&ttl={text}")), Problem::invalid(&[Fault::too_small(ttl, 1)]))
            .await;
    }
    for text in ["86401", "4294967297", "9223372036854775808", "18446744073709551617", &huge[1..]] {
        let why = format!("{text} is above the greatest");
        rows.row(
            &why,
            with(&format!("?value=x&ttl={text}")),
            Problem::invalid(&[Fault::too_large(ttl, 86_400)]),
        )
        .await;
    }

    rows.row(
        "all faults are told at once, path before query, in the document's order",
        Request::post(format!("{}?ttl=x&value={over}", target("a%20b"))),
        Problem::invalid(&[
            Fault::pattern(key, PATTERN),
            Fault::too_long(value, 5000),
            Fault::not_an_integer(ttl),
        ]),
    )
    .await;
    rows.row("nothing of it was written", Request::get(target(&spelled)), absent(&spelled)).await;
    rows.outcome()
}

async fn a_query_is_read_as_a_form(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let key = Namespace::new().key("a");
    let mut rows = Rows::new(&server);
    for (why, query, value, ttl) in [
        ("a plus sign is a space", "value=a+b", "a b", "null"),
        ("%20 is a space, %2B a plus sign", "value=a%20b%2Bc", "a b+c", "null"),
        ("the last of a repeated name counts", "value=a&value=b&ttl=5&ttl=6", "b", "6"),
        ("a name alone has an empty value", "value", "", "null"),
        ("a name alone counts as the last, too", "value=a&value", "", "null"),
        ("only the first equals sign divides", "value=a=b=c", "a=b=c", "null"),
        ("names are decoded too", "v%61lue=x", "x", "null"),
        ("unknown names are ignored", "a=1&value=x&b", "x", "null"),
        ("empty pairs are ignored", "&&value=x&", "x", "null"),
        ("a semicolon divides nothing", "value=a;ttl=5", "a;ttl=5", "null"),
        ("a question mark is part of the value", "value=a?b", "a?b", "null"),
    ] {
        let json = serde_json::to_string(value)?;
        let request = Request::post(format!("{}?{query}", target(&key)));
        rows.row(why, request, written(&key, &json, ttl)).await;
    }
    for (why, query) in [
        ("a percent sign without digits", "value=%"),
        ("a percent sign with one digit", "value=%4"),
        ("a percent sign with other letters", "value=%zz"),
        ("bytes that are not UTF-8", "value=%FF"),
        ("a surrogate in UTF-8", "value=%ED%A0%80"),
        ("an overlong form", "value=%C0%AF"),
        ("a broken name that nobody asked for", "value=x&%zz=1"),
        ("a broken value that nobody asked for", "value=x&other=%FF"),
        ("unreadable comes before invalid", "ttl=x&value=%FF"),
    ] {
        let request = Request::post(format!("{}?{query}", target(&key)));
        rows.row(why, request, Problem::unreadable_query()).await;
    }
    let request = Request::get(format!("{}?value=%FF&%zz", target("nosuch")));
    rows.row("an operation without a query does not look at it", request, absent("nosuch")).await;
    let request = Request::post(format!("{}?value=%FF", target("%FF")));
    rows.row("an unreadable path comes before an unreadable query", request, Problem::unreadable_path())
        .await;
    for request in [Request::get(target("%FF")), Request::delete(target("%zz"))] {
        rows.row("an unreadable path", request, Problem::unreadable_path()).await;
    }
    let request = Request::post(format!("{}?value=%FF", target("a%20b")));
    rows.row("an unreadable query comes before an invalid path", request, Problem::unreadable_query()).await;
    rows.row("a key may be deleted", Request::delete(target(&key)), deleted(&key, true)).await;
    rows.outcome()
}
