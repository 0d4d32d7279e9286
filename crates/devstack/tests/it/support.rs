//! A stack for a test: its folder, its ports, its end.

use std::fs::Permissions;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

use devstack::manifest::SERVICES;
use devstack::{Service, Stack};
use serde_json::Value;

/// A stack of a test's own. Its servers end and its folder is deleted with it, or with the test process, however that
/// ends: a small shell waits for the end of a pipe that only we hold open.
#[derive(Debug)]
pub(crate) struct TestStack {
    home: PathBuf,
    pub(crate) port_offset: u16,
    reaper: Child,
}

impl TestStack {
    /// A new home, nothing in it, and a port offset at which everything is free.
    pub(crate) fn new() -> Self {
        // Deleted by the reaper, which also outlives a test that crashes.
        let folder = tempfile::tempdir().unwrap().keep();
        // As `mktemp -d` makes it: no other user gets through, so that root's servers need their data elsewhere.
        std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
        let home = folder.join("stack");
        let reaper = Command::new("/bin/sh")
            .args(["-c", "trap '' INT; cat >/dev/null; \"$0\" --home \"$1\" reset --yes; rm -rf \"$2\""])
            .arg(program())
            .arg(&home)
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { home, port_offset: free_offset(), reaper }
    }

    /// A new stack with these services up.
    pub(crate) fn with(services: &[&str]) -> Self {
        let stack = Self::new();
        stack.up(services);
        stack
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// `devstack` with these arguments for this stack, not yet run.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .arg("--home")
            .arg(&self.home)
            .args(arguments)
            .env("DEVSTACK_INSTALL", "never")
            .stdin(Stdio::null());
        command
    }

    /// Run `devstack` with these arguments.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(arguments).output().unwrap())
    }

    /// `devstack up` of these services, which must succeed.
    pub(crate) fn up(&self, services: &[&str]) -> Outcome {
        let offset = self.port_offset.to_string();
        let arguments = [&["up", "--port-offset", &offset], services].concat();
        let outcome = self.run(&arguments);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome
    }

    /// The pid of each service that runs, in the manifest's order.
    pub(crate) fn pids(&self) -> Vec<(Service, Option<u32>)> {
        let stack = self.open();
        stack.services().iter().map(|service| (*service, stack.pid(*service))).collect()
    }

    pub(crate) fn open(&self) -> Stack {
        // On a thread of its own, so that an asynchronous test may call it too.
        std::thread::scope(|scope| scope.spawn(|| block_on(Stack::open(&self.home))).join())
            .unwrap()
            .unwrap()
            .unwrap()
    }
}

impl Drop for TestStack {
    fn drop(&mut self) {
        drop(self.reaper.stdin.take());
        let _ = self.reaper.wait();
    }
}

/// Run a future to its end on a runtime of its own.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// The stack with all services that tests share which do no harm to it. It ends with the test process.
pub(crate) fn shared() -> &'static TestStack {
    static SHARED: OnceLock<TestStack> = OnceLock::new();
    SHARED.get_or_init(|| {
        let stack = TestStack::new();
        // This one lies open, so that both ways are taken: its data is in its home.
        std::fs::set_permissions(stack.home().parent().unwrap(), Permissions::from_mode(0o755)).unwrap();
        stack.up(&[]);
        stack
    })
}

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) data: String,
    pub(crate) said: String,
}

impl Outcome {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            data: String::from_utf8(output.stdout).unwrap(),
            said: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub(crate) fn program() -> &'static str {
    env!("CARGO_BIN_EXE_devstack")
}

/// An offset at which nobody listens, and which no other test of this process gets.
fn free_offset() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes that run at once begin at different places.
    let begin = u16::try_from(std::process::id() % 20).unwrap() * 10;
    for _ in 0..1000 {
        let offset = 14_000 + begin + NEXT.fetch_add(30, Ordering::Relaxed);
        let mut ports = SERVICES.iter().flat_map(|entry| {
            std::iter::once(entry.port).chain(entry.side_ports.iter().map(|side| side.port))
        });
        if ports.all(|port| TcpListener::bind(("127.0.0.1", port + offset)).is_ok()) {
            return offset;
        }
    }
    panic!("no free port offset");
}

/// Wait until a line of the child's standard error holds `text`.
pub(crate) fn wait_for_line(child: &mut Child, text: &str) {
    let mut stderr = child.stderr.take().unwrap();
    let mut seen = String::new();
    let mut byte = [0];
    while !seen.contains(text) {
        let read = stderr.read(&mut byte).unwrap();
        assert!(read == 1, "it ended without saying {text:?}: {seen}");
        seen.push(char::from(byte[0]));
    }
    child.stderr = Some(stderr);
}
