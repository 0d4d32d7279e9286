//! What `up` refuses, with the reason and the next command, and without touching anything.

use std::fs;
use std::net::TcpListener;

use crate::support::TestStack;

#[test]
fn a_taken_port_names_the_process_and_offers_another_offset() {
    let stack = TestStack::new();
    let port = 6380 + stack.port_offset;
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let outcome = stack.run(&["up", "redis", "--port-offset", &stack.port_offset.to_string()]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    let pid = std::process::id();
    assert!(outcome.said.contains(&format!("port {port} (Redis 2) is taken by ")), "{outcome:?}");
    assert!(outcome.said.contains(&format!("(pid {pid})")), "{outcome:?}");
    assert!(outcome.said.contains(&format!("kill {pid}")), "{outcome:?}");
    let other = stack.port_offset + 1000;
    assert!(outcome.said.contains(&format!("devstack up --port-offset {other}")), "{outcome:?}");
    assert!(
        !stack.home().join("stack.json").exists() && !stack.home().join("data").exists(),
        "nothing was begun"
    );
    drop(listener);
    stack.up(&["redis"]);
}

#[test]
fn the_ports_of_another_stack_are_named_and_its_port_mapper_is_not_taken_for_ours() {
    let stack = TestStack::with(&["rabbitmq"]);
    let other = TestStack::new();
    let outcome = other.run(&["up", "rabbitmq", "--port-offset", &stack.port_offset.to_string()]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.said.contains("(RabbitMQ, Erlang port mapper) is taken by epmd "), "{outcome:?}");
    assert!(!other.home().join("run").exists(), "nothing was begun");
}

#[test]
fn another_offset_is_refused_while_the_stack_runs_and_taken_when_it_does_not() {
    let stack = TestStack::with(&["redis"]);
    let other = stack.port_offset + 3;
    let arguments = ["up", "redis", "--port-offset", &other.to_string()];
    let outcome = stack.run(&arguments);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(
        outcome.said.contains(&format!("the stack runs with port offset {}", stack.port_offset)),
        "{outcome:?}"
    );
    assert!(outcome.said.contains("devstack down"), "{outcome:?}");
    assert_eq!(stack.run(&["down"]).code, 0);
    let outcome = stack.run(&arguments);
    assert_eq!(outcome.code, 0, "the cluster follows: {outcome:?}");
    let announced = stack.run(&["shell", "redis-1", "--", "cluster", "nodes"]).data;
    assert!(announced.contains(&format!("127.0.0.1:{}@", 6381 + other)), "{announced}");
}

#[test]
fn a_home_of_another_layout_is_refused_and_left_as_it_is() {
    let stack = TestStack::new();
    let text = r#"{"layout": 99, "from": "the future"}"#;
    fs::create_dir(stack.home()).unwrap();
    fs::write(stack.home().join("stack.json"), text).unwrap();
    for command in ["up", "status", "down", "env"] {
        let outcome = stack.run(&[command]);
        assert_eq!(outcome.code, 1, "{command}: {outcome:?}");
        assert!(
            outcome.said.contains("has layout 99; this devstack reads layout 1"),
            "{command}: {outcome:?}"
        );
        assert!(outcome.said.contains("hint: nothing was touched."), "{command}: {outcome:?}");
    }
    assert_eq!(fs::read_dir(stack.home()).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(stack.home().join("stack.json")).unwrap(), text);
}

#[test]
fn a_home_whose_file_is_broken_says_how_to_go_on_and_can_be_reset() {
    let stack = TestStack::new();
    fs::create_dir(stack.home()).unwrap();
    fs::write(stack.home().join("stack.json"), "{").unwrap();
    let outcome = stack.run(&["up"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.said.contains("stack.json does not hold what it should"), "{outcome:?}");
    assert!(outcome.said.contains("or begin anew with `devstack reset`"), "{outcome:?}");
    let outcome = stack.run(&["reset", "--yes"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(!stack.home().exists());
}

#[test]
fn a_folder_of_somebody_else_is_neither_used_nor_reset() {
    let stack = TestStack::new();
    fs::create_dir(stack.home()).unwrap();
    fs::write(stack.home().join("thesis.txt"), "years of work").unwrap();
    for arguments in [&["up"][..], &["reset", "--yes"]] {
        let outcome = stack.run(arguments);
        assert_eq!(outcome.code, 1, "{outcome:?}");
        assert!(outcome.said.contains("is not empty and holds no stack"), "{outcome:?}");
    }
    assert_eq!(fs::read_to_string(stack.home().join("thesis.txt")).unwrap(), "years of work");
}

#[test]
fn missing_programs_are_named_with_what_would_install_them() {
    let stack = TestStack::new();
    let output = stack
        .command(&["up", "vault", "redis", "--port-offset", &stack.port_offset.to_string()])
        .env("PATH", "/nonexistent")
        .env("HOME", "/nonexistent")
        .env_remove("XDG_CACHE_HOME")
        .output()
        .unwrap();
    let outcome = crate::support::Outcome::of(output);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.said.contains("not installed: ") && outcome.said.contains("vault"), "{outcome:?}");
    assert!(outcome.said.contains("hint: "), "{outcome:?}");
    assert!(!stack.home().join("stack.json").exists(), "nothing was begun");
}

#[test]
fn what_is_not_there_yet_says_so() {
    let stack = TestStack::new();
    let outcome = stack.run(&["up", "--runtime", "compose"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.said.contains("the compose runtime is not there yet"), "{outcome:?}");
    assert!(outcome.said.contains("--runtime native"), "{outcome:?}");
}

#[test]
fn commands_that_need_a_stack_say_how_to_get_one() {
    let stack = TestStack::new();
    for arguments in
        [&["status"][..], &["health"], &["down"], &["env"], &["token"], &["logs", "vault"], &["ca-cert"]]
    {
        let outcome = stack.run(arguments);
        assert_eq!(outcome.code, 1, "{arguments:?}");
        assert_eq!(outcome.data, "", "errors are no data");
        assert!(
            outcome.said.contains("there is no stack in") && outcome.said.contains("devstack up"),
            "{outcome:?}"
        );
    }
}
