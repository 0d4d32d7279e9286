//! `serve`: servers are built, run, watched and stopped.
//!
//! What is under test is `devstack`, so the servers are small programs in a workspace of the test's own: cargo builds
//! them in a second, and they die when they are told to. How the real ones run is for their own tests.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::{Outcome, TestStack, shared};

/// It answers as an API server does where `devstack` asks, and ends as `FATE` says when it is asked for `/die`.
/// The shell around it is there for SIGTERM, which the standard library alone cannot catch.
const SERVER: &str = r#"
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;

fn main() {
    if std::env::args().nth(1).is_none() {
        let script = "\"$0\" serve & child=$!; trap 'kill $child; exit 0' TERM; wait $child";
        let program = std::env::current_exe().unwrap();
        panic!("{}", std::process::Command::new("/bin/sh").arg("-c").arg(script).arg(program).exec());
    }
    if std::env::var("FATE").as_deref() == Ok("unborn") {
        eprintln!("no such setting");
        std::process::exit(7);
    }
    println!("vault at {}", std::env::var("VAULT_ADDR").unwrap());
    let listener = std::net::TcpListener::bind(std::env::var("HTTP_ADDR").unwrap()).unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        if line.starts_with("GET /die ") {
            eprintln!("out of order");
            std::process::exit(7);
        }
        let body = "process_resident_memory_bytes 3145728\n\
            http_requests_total{endpoint=\"/a\",status=\"200\"} 4\nhttp_requests_total{endpoint=\"/a\",status=\"503\"} 1\n";
        write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    }
}
"#;

/// A workspace with these servers, and a member that is a library by the name of one.
fn workspace(servers: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: PathBuf, text: &str| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(folder.path().join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"*-*\"]\n");
    for name in servers.iter().chain(&["api-hyper"]) {
        let manifest = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n");
        write(folder.path().join(name).join("Cargo.toml"), &manifest);
        write(folder.path().join(name).join("src/main.rs"), SERVER);
    }
    fs::rename(folder.path().join("api-hyper/src/main.rs"), folder.path().join("api-hyper/src/lib.rs"))
        .unwrap();
    folder
}

fn serve(stack: &TestStack, workspace: &Path, arguments: &[&str]) -> Command {
    let mut command = stack.command(&[&["serve", "--profile", "dev"], arguments].concat());
    command
        .current_dir(workspace)
        .env("CARGO_TARGET_DIR", workspace.join("target"))
        .env("CARGO_NET_OFFLINE", "true");
    command
}

/// A `serve` in the background, killed with its servers if the test does not stop it.
struct Serving {
    child: Child,
    /// What it said on its standard output when all had answered.
    document: Value,
}

impl Serving {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        match serde_json::from_str(&line) {
            Ok(document) => Self { child, document },
            Err(error) => panic!("{error} in {line:?}: {:?}", Outcome::of(child.wait_with_output().unwrap())),
        }
    }

    /// End it with a signal, and give all that it said.
    fn end(self, signal: Signal) -> Outcome {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
        self.wait()
    }

    fn wait(self) -> Outcome {
        Outcome::of(self.child.wait_with_output().unwrap())
    }
}

fn ask(server: &Value, path: &str) -> std::io::Result<Vec<u8>> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(server["http_address"].as_str().unwrap())?;
    write!(stream, "GET {path} HTTP/1.1\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

#[test]
fn servers_are_built_run_seen_in_status_and_stopped_by_either_signal() {
    let stack = shared();
    let workspace = workspace(&["api-axum", "api-actix"]);
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let serving = Serving::start(serve(stack, workspace.path(), &["--json", "all"]));
        let servers = serving.document["servers"].as_array().unwrap().clone();
        let names: Vec<&str> = servers.iter().map(|server| server["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["api-axum", "api-actix"], "all that are there");
        let address = |port: u16| format!("127.0.0.1:{}", port + stack.port_offset);
        assert_eq!(servers[0]["http_address"], address(8000));
        assert_eq!(servers[1]["https_address"], address(8447));
        assert_eq!(servers[1]["framework"], "actix-web");

        // Nothing here is asked over TLS, so a system without certificates is as good.
        let nowhere = workspace.path().join("no-certificates");
        let mut status = stack.command(&["status", "--json"]);
        status.env("SSL_CERT_FILE", &nowhere).env("SSL_CERT_DIR", &nowhere);
        let status = Outcome::of(status.output().unwrap());
        assert_eq!(status.code, 0, "{status:?}");
        let apis = status.json()["apis"].clone();
        assert_eq!(apis.as_array().unwrap().len(), 2, "{apis}");
        assert_eq!(apis[1]["name"], "api-actix");
        assert_eq!(apis[1]["figures"]["rss_bytes"], 3 << 20);
        assert_eq!(apis[1]["figures"]["requests"], 5);
        assert_eq!(apis[1]["figures"]["server_errors"], 1);
        let table = stack.run(&["status"]).data;
        assert!(table.contains("3.0 MiB") && table.contains("code-first"), "{table}");

        let log = stack.run(&["logs", "api-actix"]).data;
        assert!(log.contains(&format!("vault at http://{}", address(8200))), "{log}");

        let outcome = serving.end(signal);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        for server in &servers {
            assert!(ask(server, "/health/").is_err(), "{server} is gone");
        }
        assert_eq!(stack.run(&["status", "--json"]).json()["apis"].as_array().unwrap().len(), 0);
    }
    assert!(stack.pids().iter().all(|(_, pid)| pid.is_some()), "the stack goes on");
}

#[test]
fn a_server_that_dies_is_named_with_its_exit_code_and_last_lines_and_the_others_go_on() {
    let stack = TestStack::with(&["vault"]);
    stack.up(&[]);
    let workspace = workspace(&["api-axum", "api-axum-spec"]);
    let mut serving = Serving::start(serve(&stack, workspace.path(), &["--json"]));
    let servers = serving.document["servers"].clone();
    // However its last connection ends.
    let _ = ask(&servers[0], "/die");
    crate::support::wait_for_line(&mut serving.child, "error: api-axum ended (exit status: 7)");
    crate::support::wait_for_line(&mut serving.child, "out of order");
    assert!(ask(&servers[1], "/health/").unwrap().starts_with(b"HTTP/1.1 200"), "the other one goes on");
    // The last one ends with the stack, and with it the command.
    let down = stack.run(&["down"]);
    assert_eq!(down.code, 0, "{down:?}");
    let outcome = serving.wait();
    assert!(outcome.said.contains("api-axum-spec ended"), "{outcome:?}");
    assert_eq!(outcome.code, 1, "one died: {outcome:?}");
}

#[test]
fn servers_whose_serve_was_killed_hold_their_ports_are_named_and_go_down_with_the_stack() {
    let stack = TestStack::with(&[]);
    let workspace = workspace(&["api-actix"]);
    let serving = Serving::start(serve(&stack, workspace.path(), &["--json", "api-actix"]));
    let server = serving.document["servers"][0].clone();
    serving.end(Signal::SIGKILL);
    assert!(ask(&server, "/health/").is_ok(), "it outlives its `serve`");
    let outcome = Outcome::of(serve(&stack, workspace.path(), &["api-actix"]).output().unwrap());
    assert_eq!(outcome.code, 1, "{outcome:?}");
    let taken = format!("port {} (api-actix) is taken by api-actix (pid ", 8004 + stack.port_offset);
    assert!(outcome.said.contains(&taken), "{outcome:?}");
    let hint = format!("devstack serve --port-offset {}", stack.port_offset + 1000);
    assert!(outcome.said.contains(&hint), "{outcome:?}");
    assert_eq!(stack.run(&["down"]).code, 0);
    assert!(ask(&server, "/health/").is_err());
}

#[test]
fn a_server_that_does_not_come_up_is_the_end_of_all_with_its_last_lines() {
    let stack = shared();
    let workspace = workspace(&["api-axum-spec"]);
    let output = serve(stack, workspace.path(), &["api-axum-spec"]).env("FATE", "unborn").output().unwrap();
    let outcome = Outcome::of(output);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    for words in ["api-axum-spec ended (exit status: 7)", "no such setting", "devstack logs api-axum-spec"] {
        assert!(outcome.said.contains(words), "{words:?} in {outcome:?}");
    }
}

#[test]
fn what_cannot_be_served_is_refused_before_anything_is_begun() {
    let stack = TestStack::new();
    let workspace = workspace(&["api-axum"]);
    let offset = stack.port_offset.to_string();
    let refused = |folder: &Path, arguments: &[&str], words: &[&str]| {
        let arguments = [arguments, &["--port-offset", &offset]].concat();
        let outcome = Outcome::of(serve(&stack, folder, &arguments).output().unwrap());
        assert_eq!(outcome.code, 1, "{outcome:?}");
        for words in words {
            assert!(outcome.said.contains(words), "{words:?} in {outcome:?}");
        }
        assert!(!stack.home().join("stack.json").exists(), "nothing was begun");
    };
    let missing = ["this workspace has no server api-axum-spec, api-hyper", "hint: there are: api-axum"];
    refused(workspace.path(), &["api-hyper", "api-axum", "api-axum-spec"], &missing);
    let elsewhere = tempfile::tempdir().unwrap();
    refused(elsewhere.path(), &[], &["in no Cargo workspace", "hint: run it inside the repository"]);
    let _listener = TcpListener::bind(("127.0.0.1", 8443 + stack.port_offset)).unwrap();
    let taken = format!("port {} (api-axum) is taken by ", 8443 + stack.port_offset);
    refused(workspace.path(), &["api-axum"], &[&taken, &format!("(pid {})", std::process::id())]);
}

#[test]
fn a_build_that_fails_ends_with_what_cargo_said() {
    let stack = shared();
    let workspace = workspace(&["api-axum"]);
    fs::write(workspace.path().join("api-axum/src/main.rs"), "fn main() { nonsense }").unwrap();
    let outcome = Outcome::of(serve(stack, workspace.path(), &["api-axum"]).output().unwrap());
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.said.contains("cannot find value `nonsense`"), "{outcome:?}");
    assert!(
        outcome.said.contains("error: cargo did not build the servers (exit status: 101)"),
        "{outcome:?}"
    );
}
