//! What may be written in each variable, and what comes of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const REQUIRED: [(&str, &str); 2] =
    [("VAULT_ROLE_ID_FILE", "/run/role-id"), ("VAULT_SECRET_ID_FILE", "/run/secret-id")];

/// Loads with the required variables and these, of which later ones win.
fn load(given: &[(&str, &str)]) -> Result<Settings, SettingsErrors> {
    let given: BTreeMap<&str, &str> = REQUIRED.iter().chain(given).copied().collect();
    Settings::load(&ServerIdentity::ACTIX, &|name| given.get(name).map(|&value| value.to_owned()))
}

fn names_of_faults(result: Result<Settings, SettingsErrors>) -> Vec<&'static str> {
    result.map(|_| ()).expect_err("faults").faults().iter().map(|fault| fault.variable().name).collect()
}

#[test]
fn each_variable_that_is_read_is_in_the_table_and_each_of_the_table_is_read() {
    let read = RefCell::new(BTreeSet::new());
    let _ = Settings::load(&ServerIdentity::ACTIX, &|name| {
        read.borrow_mut().insert(name.to_owned());
        None
    });
    let documented: BTreeSet<String> = VARIABLES.iter().map(|variable| variable.name.to_owned()).collect();
    assert_eq!(read.into_inner(), documented);
    assert_eq!(documented.len(), VARIABLES.len(), "no name stands twice in the table");
}

#[test]
fn the_documented_defaults_are_the_ones_in_force() {
    let unset = load(&[]).expect("defaults");
    let defaults: Vec<(&str, &str)> = VARIABLES
        .iter()
        .filter_map(|variable| match variable.default {
            DefaultValue::Text(text) => Some((variable.name, text)),
            _ => None,
        })
        .collect();
    let written_out = load(&defaults).expect("the defaults in writing");
    assert_eq!(format!("{unset:?}"), format!("{written_out:?}"));
}

#[test]
fn what_must_be_set_is_what_the_table_says() {
    let required: Vec<_> = VARIABLES
        .iter()
        .filter(|variable| variable.default == DefaultValue::Required)
        .map(|variable| variable.name)
        .collect();
    assert_eq!(names_of_faults(Settings::load(&ServerIdentity::ACTIX, &|_| None)), required);
}

#[test]
fn all_faults_are_reported_at_once_with_name_value_and_expectation() {
    // A path can be anything, so those variables cannot be wrong by themselves.
    let is_path = |variable: &&&Variable| variable.form.contains("path of");
    let wrong: Vec<(&str, &str)> = VARIABLES
        .iter()
        .filter(|variable| !is_path(variable))
        .map(|variable| (variable.name, "???"))
        .collect();
    let errors = load(&wrong).expect_err("faults");
    let faulty: BTreeSet<_> = errors.faults().iter().map(|fault| fault.variable().name).collect();
    assert_eq!(faulty, wrong.iter().map(|(name, _)| *name).collect());
    let text = errors.to_string();
    assert!(text.starts_with(&format!("{} settings are wrong:\n  ", wrong.len())), "{text}");
    assert!(
        text.contains(
            "\n  REDIS_NODES: expected three different addresses host:port with commas between, got \"???\"\n"
        ),
        "{text}"
    );
}

#[test]
fn one_fault_is_one_line() {
    assert_eq!(
        load(&[("POSTGRES_VIA", "proxy")]).expect_err("a fault").to_string(),
        "a setting is wrong: POSTGRES_VIA: expected `direct` or `pgbouncer`, got \"proxy\""
    );
    assert_eq!(
        load(&[("VAULT_ROLE_ID_FILE", "")]).expect_err("a fault").to_string(),
        "a setting is wrong: VAULT_ROLE_ID_FILE must be set: expected the path of a file (it has no default)"
    );
}

#[test]
fn what_stands_before_the_host_of_a_url_is_refused_and_not_repeated() {
    let errors = load(&[("VAULT_ADDR", "http://root:hunter2@127.0.0.1:8200")]).expect_err("a fault");
    let text = errors.to_string();
    assert!(!text.contains("hunter2") && !text.contains("root"), "{text}");
    assert!(text.contains("got \"http://***@127.0.0.1:8200\""), "{text}");
}

#[test]
fn an_empty_value_counts_as_unset() {
    let empty: Vec<_> = VARIABLES
        .iter()
        .filter(|variable| variable.default != DefaultValue::Required)
        .map(|variable| (variable.name, " "))
        .collect();
    let settings = load(&empty).expect("defaults");
    assert_eq!(format!("{settings:?}"), format!("{:?}", load(&[]).expect("defaults")));
}

#[test]
fn each_server_answers_on_its_own_ports_of_the_loopback_address() {
    let files = [("TLS_CERT_FILE", "cert.pem"), ("TLS_KEY_FILE", "key.pem")];
    let listen = load(&files).expect("settings").listen;
    assert_eq!(listen.http, Some("127.0.0.1:8004".parse().expect("an address")));
    assert_eq!(listen.https.expect("TLS").address, "127.0.0.1:8447".parse().expect("an address"));
}

#[test]
fn tls_needs_both_files_or_none() {
    let cert = ("TLS_CERT_FILE", "cert.pem");
    let key = ("TLS_KEY_FILE", "key.pem");
    let address = ("HTTPS_ADDR", "127.0.0.1:1");
    let off = ("HTTPS_ADDR", "off");
    for (given, expected) in [
        (&[][..], Ok(false)),
        (&[off], Ok(false)),
        (&[off, cert], Ok(false)),
        (&[cert, key], Ok(true)),
        (&[address, cert, key], Ok(true)),
        (&[off, cert, key], Ok(false)),
        (&[cert], Err(vec!["TLS_KEY_FILE"])),
        (&[key], Err(vec!["TLS_CERT_FILE"])),
        (&[address], Err(vec!["TLS_CERT_FILE", "TLS_KEY_FILE"])),
    ] {
        let loaded = load(given);
        let got = match loaded {
            Ok(settings) => Ok(settings.listen.https.is_some()),
            errors @ Err(_) => Err(names_of_faults(errors)),
        };
        assert_eq!(got, expected, "{given:?}");
    }
}

#[test]
fn a_server_that_would_answer_nowhere_is_refused() {
    assert_eq!(names_of_faults(load(&[("HTTP_ADDR", "off")])), ["HTTP_ADDR"]);
}

#[test]
fn rate_limits_are_off_or_in_per_cent() {
    let percent = |percent| Some(RateLimit::Percent(NonZeroU32::new(percent).expect("not zero")));
    for (text, expected) in [
        ("off", Some(RateLimit::Off)),
        ("1", percent(1)),
        ("1000000", percent(1_000_000)),
        ("0", None),
        ("-5", None),
        ("50%", None),
        ("OFF", None),
        ("1000001", None),
    ] {
        assert_eq!(
            load(&[("RATE_LIMIT", text)]).ok().map(|settings| settings.rate_limit),
            expected,
            "{text}"
        );
    }
}

#[test]
fn an_origin_is_taken_exactly_as_browsers_send_it() {
    for (text, valid) in [
        ("http://localhost:3000", true),
        ("http://localhost:3000, https://example.org", true),
        ("none", true),
        ("http://localhost:3000/", false),
        ("http://LOCALHOST:3000", false),
        ("http://localhost:80", false),
        ("localhost:3000", false),
        ("*", false),
        ("null", false),
        ("ftp://example.org", false),
        ("http://localhost:3000,", false),
    ] {
        assert_eq!(load(&[("CORS_ORIGINS", text)]).is_ok(), valid, "{text}");
    }
}

#[test]
fn the_switches_reach_those_who_act_on_them() {
    let settings = load(&[
        ("POSTGRES_VIA", "pgbouncer"),
        ("BREAKER_FAILURES", "3"),
        ("BREAKER_OPEN_MS", "250"),
        ("BACKEND_TIMEOUT_MS", "1500"),
        ("HEALTH_CACHE_MS", "0"),
        ("SECRET_CACHE_MS", "10"),
        ("REDIS_NODES", "a:1, b:2, [::1]:3"),
        ("REDIS_ADDRESS_MAP", "10.0.0.1:6379=127.0.0.1:7001"),
        ("WORKERS", "3"),
        ("LOG_FORMAT", "pretty"),
        ("RUST_LOG", "debug,h2=info"),
    ])
    .expect("settings");
    let config = &settings.integrations;
    assert_eq!(config.postgres.via, Via::Pgbouncer);
    assert_eq!((config.breaker.failures, config.breaker.open_for), (3, Duration::from_millis(250)));
    assert_eq!(config.timeout, Duration::from_millis(1500));
    assert_eq!(settings.service.health_cache, Duration::ZERO);
    assert_eq!(settings.service.secret_cache, Duration::from_millis(10));
    let nodes: Vec<String> = config.redis.nodes.iter().map(ToString::to_string).collect();
    assert_eq!(nodes, ["a:1", "b:2", "[::1]:3"]);
    assert_eq!(config.redis.address_map.len(), 1);
    assert_eq!(settings.listen.workers.get(), 3);
    assert_eq!(settings.logs.format, LogFormat::Pretty);
    assert_eq!(settings.logs.filter.as_deref(), Some("debug,h2=info"));
}

#[test]
fn the_reference_page_names_every_variable_once() {
    let page = reference::page();
    for variable in VARIABLES {
        assert_eq!(page.matches(&format!("\n| `{}` |", variable.name)).count(), 1, "{}", variable.name);
    }
    assert!(!page.lines().any(|line| line.ends_with(' ')), "no space at the end of a line");
}

#[test]
fn the_reference_page_in_the_repository_is_the_one_of_this_table() {
    let found = std::fs::read_to_string("../../docs/configuration.md").unwrap_or_default();
    assert!(
        found == reference::page(),
        "docs/configuration.md is stale; run: cargo run -p server --example configuration > docs/configuration.md"
    );
}

proptest! {
    #[test]
    fn no_text_in_any_variable_makes_loading_panic(
        index in 0..VARIABLES.len(),
        text in "[a-z0-9:/.,=@%?#\\[\\]* -]{0,40}|\\PC{0,20}",
    ) {
        // A wrong value is reported under the variable's name, or with TLS under that of its counterpart.
        if let Err(errors) = load(&[(VARIABLES[index].name, &text)]) {
            prop_assert!(!errors.faults().is_empty());
        }
    }

    #[test]
    fn every_number_of_milliseconds_up_to_a_day_is_taken_and_no_other(milliseconds in any::<u32>()) {
        let text = milliseconds.to_string();
        let taken = load(&[("SECRET_CACHE_MS", &text)]).ok().map(|settings| settings.service.secret_cache);
        let expected = (milliseconds <= 86_400_000).then(|| Duration::from_millis(milliseconds.into()));
        prop_assert_eq!(taken, expected);
    }
}
