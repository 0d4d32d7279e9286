//! The shared stack, with everything up.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use devstack::Service;
use devstack::manifest::{APIS, SERVICES};

use crate::support::shared;

#[test]
fn up_makes_all_nine_healthy_and_says_how_long_each_took() {
    let stack = shared();
    let outcome = stack.up(&[]);
    for service in Service::ALL {
        let line = outcome.said.lines().find(|line| line.starts_with(service.name())).unwrap();
        assert!(line.contains(" s  "), "{line}");
    }
    assert_eq!(stack.run(&["health"]).code, 0);
}

#[test]
fn a_second_up_starts_nothing_anew() {
    let stack = shared();
    let before = stack.pids();
    assert!(before.iter().all(|(_, pid)| pid.is_some()), "{before:?}");
    let outcome = stack.up(&[]);
    assert_eq!(before, stack.pids(), "{outcome:?}");
}

#[test]
fn the_port_offset_is_remembered_and_everything_follows_it() {
    let stack = shared();
    let outcome = stack.run(&["up"]);
    assert_eq!(outcome.code, 0, "a plain up follows the remembered offset: {outcome:?}");
    let variables = stack.run(&["env", "api-actix", "--json"]).json();
    let port = |variable: &str| {
        let value = variables[variable].as_str().unwrap();
        value.rsplit(':').next().unwrap().parse::<u16>().unwrap()
    };
    assert_eq!(port("VAULT_ADDR"), 8200 + stack.port_offset);
    assert_eq!(port("POSTGRES_ADDR"), 5432 + stack.port_offset);
    assert_eq!(port("HTTP_ADDR"), 8004 + stack.port_offset);
    let nodes: Vec<&str> = variables["REDIS_NODES"].as_str().unwrap().split(',').collect();
    let expected = [6379, 6380, 6381].map(|port| format!("127.0.0.1:{}", port + stack.port_offset));
    assert_eq!(nodes, expected);
    let announced = stack.run(&["shell", "redis-1", "--", "cluster", "nodes"]).data;
    for node in expected {
        assert!(announced.contains(&node), "{node} in {announced}");
    }
}

#[test]
fn env_gives_each_server_its_own_files_and_lines_that_a_shell_reads() {
    let stack = shared();
    for api in APIS {
        let variables = stack.run(&["env", api.name, "--json"]).json();
        for name in ["VAULT_ROLE_ID_FILE", "VAULT_SECRET_ID_FILE", "TLS_CERT_FILE", "TLS_KEY_FILE"] {
            let path = PathBuf::from(variables[name].as_str().unwrap());
            assert!(
                path.is_file() && path.to_string_lossy().contains(&format!("/{}/", api.name)),
                "{path:?}"
            );
        }
    }
    let lines = stack.run(&["env", "api-actix"]).data;
    assert!(lines.lines().all(|line| line.starts_with("export ") && line.contains('=')), "{lines}");
}

#[test]
fn every_server_listens_on_loopback_only() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let ports: BTreeSet<u16> = SERVICES
        .iter()
        .flat_map(|entry| std::iter::once(entry.port).chain(entry.side_ports.iter().map(|side| side.port)))
        .map(|port| port + shared().port_offset)
        .collect();
    let mut seen = BTreeSet::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in std::fs::read_to_string(table).unwrap().lines().skip(1) {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let (address, port) = fields[1].rsplit_once(':').unwrap();
            let port = u16::from_str_radix(port, 16).unwrap();
            if fields[3] == "0A" && ports.contains(&port) {
                let loopback = ["0100007F", "00000000000000000000000001000000"];
                assert!(loopback.contains(&address), "port {port} listens on {address}");
                seen.insert(port);
            }
        }
    }
    assert_eq!(seen, ports, "all of them listen");
}

#[test]
fn no_server_runs_as_root() {
    if !cfg!(target_os = "linux") || !is_root() {
        return;
    }
    for (service, pid) in shared().pids() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", pid.unwrap())).unwrap();
        let users = status.lines().find(|line| line.starts_with("Uid:")).unwrap();
        assert!(!users.split_whitespace().any(|user| user == "0"), "{service}: {users}");
        let groups = status.lines().find(|line| line.starts_with("Groups:")).unwrap();
        assert!(!groups.split_whitespace().any(|group| group == "0"), "{service}: {groups}");
    }
}

fn is_root() -> bool {
    let output = std::process::Command::new("id").arg("-u").output().unwrap();
    output.stdout == b"0\n"
}

#[test]
fn the_doctor_verifies_every_certificate_and_finds_nothing_wrong() {
    let outcome = shared().run(&["doctor", "--json"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let findings = outcome.json();
    let certificates =
        findings.as_array().unwrap().iter().find(|finding| finding["subject"] == "certificates").unwrap();
    assert!(certificates["text"].as_str().unwrap().starts_with("all 14 chain to the root"), "{certificates}");
}

#[test]
fn status_and_health_agree_in_json() {
    let stack = shared();
    let status = stack.run(&["status", "--json"]).json();
    assert_eq!(status["port_offset"], stack.port_offset);
    assert_eq!(status["services"].as_array().unwrap().len(), 9);
    let health = stack.run(&["health", "postgres", "redis", "--json"]).json();
    let names: Vec<&str> =
        health.as_array().unwrap().iter().map(|service| service["service"].as_str().unwrap()).collect();
    assert_eq!(names, ["postgres", "redis-1", "redis-2", "redis-3"]);
    assert!(health.as_array().unwrap().iter().all(|service| service["healthy"] == true), "{health}");
}

#[test]
fn a_shell_is_logged_in() {
    let stack = shared();
    for (service, arguments, expected) in [
        (
            "postgres",
            &["-Atc", "SELECT current_user || '@' || current_database()"][..],
            "devstack@devstack\n",
        ),
        ("pgbouncer", &["-Atc", "SELECT 1"], "1\n"),
        ("mysql", &["-Ne", "SELECT CONCAT(DATABASE())"], "devstack\n"),
        ("redis-3", &["PING"], "PONG\n"),
    ] {
        let outcome = stack.run(&[&["shell", service, "--"], arguments].concat());
        assert_eq!(outcome.data, expected, "{service}: {outcome:?}");
    }
}

#[test]
fn logs_show_the_last_lines_and_are_for_their_owner_only() {
    let stack = shared();
    let lines = stack.run(&["logs", "redis-1", "-n", "2", "--json"]).json();
    assert_eq!(lines.as_array().unwrap().len(), 2);
    for entry in std::fs::read_dir(stack.home().join("logs")).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn reset_says_what_it_would_delete_and_without_a_yes_deletes_nothing() {
    let stack = shared();
    let before = stack.pids();
    let outcome = stack.run(&["reset"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(
        outcome.said.contains("deletes for good") && outcome.said.contains("nothing was deleted"),
        "{outcome:?}"
    );
    assert!(outcome.said.contains(&stack.home().join("vault").display().to_string()), "{outcome:?}");
    assert_eq!(before, stack.pids());
    assert!(stack.home().join("vault/keys.json").is_file());
}
