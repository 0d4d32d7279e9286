//! The command line itself: its help word for word, and what it takes for wrong usage.

use std::process::Command;

use crate::support::{Outcome, program};

fn run(arguments: &[&str]) -> Outcome {
    Outcome::of(Command::new(program()).args(arguments).env("COLUMNS", "100").output().unwrap())
}

/// `cargo run -q -p devstack -- ARGUMENTS > crates/devstack/tests/golden/NAME.txt` writes a golden file anew.
fn same_as_golden(arguments: &[&str], golden: &str) {
    let outcome = run(arguments);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.data, golden, "the help of {arguments:?} changed");
}

#[test]
fn the_help_is_as_written_down() {
    same_as_golden(&["--help"], include_str!("../golden/help.txt"));
    same_as_golden(&["help", "up"], include_str!("../golden/help-up.txt"));
    same_as_golden(&["help", "serve"], include_str!("../golden/help-serve.txt"));
}

#[test]
fn every_command_has_help_and_every_reading_command_has_json() {
    let help = run(&["--help"]).data;
    let commands = [
        "up",
        "serve",
        "down",
        "status",
        "health",
        "logs",
        "install",
        "doctor",
        "env",
        "token",
        "show-password",
        "ca-cert",
        "shell",
        "reset",
        "completions",
    ];
    for command in commands {
        assert!(help.contains(&format!("\n  {command} ")), "{command} in {help}");
        assert_eq!(run(&[command, "--help"]).code, 0, "{command}");
    }
    for command in
        ["serve", "status", "health", "logs", "install", "doctor", "env", "token", "show-password", "ca-cert"]
    {
        assert!(run(&[command, "--help"]).data.contains("--json"), "{command}");
    }
}

#[test]
fn wrong_usage_ends_with_2_and_lists_what_would_be_right() {
    for (arguments, expected) in [
        (&["up", "oracle"][..], "rabbitmq"),
        (&["start"], "unrecognized subcommand"),
        (&["up", "--port-offset", "40000"], "38518"),
        (&["env", "api-php"], "api-actix"),
        (&["serve", "api-php"], "api-hyper"),
        (&["logs", "api-php"], "api-hyper"),
        (&["logs"], "<SERVICE>"),
    ] {
        let outcome = run(arguments);
        assert_eq!(outcome.code, 2, "{arguments:?}: {outcome:?}");
        assert!(
            outcome.said.contains(expected) || expected == "devstack --help",
            "{arguments:?}: {outcome:?}"
        );
    }
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let outcome = run(&["completions", shell]);
        assert!(outcome.data.contains("show-password"), "{shell}");
    }
}
