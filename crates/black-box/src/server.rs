//! A server under test: its real binary, as a child process.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use testkit::{Proxies, eventually};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::expected::Expected;
use crate::judge::Judge;
use crate::wire::{Answer, Connection, Request};
use crate::{BoxError, LIMIT, Outcome};

/// A server that is about to be started: its binary and all of its environment.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    binary: PathBuf,
    pub(crate) environment: BTreeMap<String, String>,
    judge: Arc<Judge>,
}

impl Launch {
    pub(crate) fn new(binary: &Path, environment: BTreeMap<String, String>, judge: Arc<Judge>) -> Self {
        Self { binary: binary.to_owned(), environment, judge }
    }

    pub(crate) fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// Lets it reach every backend through its proxy.
    pub(crate) fn through(self, proxies: &Proxies) -> Self {
        proxies.variables().fold(self, |launch, (name, value)| launch.set(name, value))
    }

    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.environment.remove(name);
        self
    }

    /// Starts it and waits until it listens; its backends may not be reached yet.
    pub(crate) async fn start(self) -> Result<Server, BoxError> {
        let has_limits = self.environment.get("RATE_LIMIT").is_none_or(|limit| limit != "off");
        let process = self.spawn()?;
        let serving = eventually(LIMIT, "the server's line that says where it listens", async || {
            process.output.find(|line| line["message"] == "serving").ok_or_else(|| process.output.text())
        })
        .await?;
        let address = |name: &str| serving[name].as_str().and_then(|text| text.parse().ok());
        let http = address("http").ok_or_else(|| format!("no HTTP address in {serving}"))?;
        Ok(Server { http, https: address("https"), has_limits, process, judge: self.judge })
    }

    /// Starts it and waits until it has reached all its backends.
    pub(crate) async fn ready(self) -> Result<Server, BoxError> {
        let server = self.start().await?;
        eventually(LIMIT, "a server that has reached its backends", async || {
            let answer = server.ask(&Request::get("/health/ready")).await?;
            if answer.status == 200 { Ok(()) } else { Err(BoxError::from(answer.to_string())) }
        })
        .await?;
        Ok(server)
    }

    /// Starts it and waits for nothing: for servers that are not to come up.
    pub(crate) fn spawn(&self) -> io::Result<Process> {
        let mut child = Command::new(&self.binary)
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = Output::default();
        let readers = [
            child.stdout.take().map(|pipe| tokio::spawn(output.clone().read(pipe))),
            child.stderr.take().map(|pipe| tokio::spawn(output.clone().read(pipe))),
        ];
        Ok(Process { child, output, readers: readers.into_iter().flatten().collect() })
    }
}

/// A child process and all that it has said; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pub(crate) output: Output,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    pub(crate) fn terminate(&self) -> Outcome {
        self.signal(Signal::SIGTERM)
    }

    fn signal(&self, signal: Signal) -> Result<(), BoxError> {
        let pid = self.child.id().ok_or("the server has ended already")?;
        Ok(kill(Pid::from_raw(i32::try_from(pid)?), signal)?)
    }

    /// Waits for its end, and until all it said was read.
    pub(crate) async fn end(&mut self) -> Result<ExitStatus, BoxError> {
        let ended = timeout(LIMIT, async {
            let status = self.child.wait().await?;
            for reader in self.readers.drain(..) {
                reader.await.map_err(io::Error::other)?;
            }
            Ok::<_, io::Error>(status)
        });
        Ok(ended
            .await
            .map_err(|_| format!("the server did not end within {LIMIT:?}: {}", self.output.text()))??)
    }
}

/// Everything that a process has written, line by line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Output(Arc<Mutex<Vec<String>>>);

impl Output {
    async fn read(self, pipe: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(pipe).split(b'\n');
        while let Ok(Some(line)) = lines.next_segment().await {
            let line = String::from_utf8_lossy(&line).into_owned();
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// The first log line for which `is_it` holds.
    pub(crate) fn find(&self, is_it: impl Fn(&Value) -> bool) -> Option<Value> {
        self.lines().iter().filter_map(|line| serde_json::from_str(line).ok()).find(is_it)
    }
}

/// A server that listens.
pub(crate) struct Server {
    pub(crate) http: SocketAddr,
    pub(crate) https: Option<SocketAddr>,
    has_limits: bool,
    process: Process,
    judge: Arc<Judge>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("http", &self.http).finish_non_exhaustive()
    }
}

impl Server {
    /// Sends a request on a connection of its own, and gives whatever is answered.
    pub(crate) async fn ask(&self, request: &Request) -> Result<Answer, BoxError> {
        let failed = |error: io::Error| format!("{error}\n    request:  {}", self.curl(request));
        let mut connection = Connection::open(self.http).await.map_err(failed)?;
        Ok(connection.exchange(request).await.map_err(failed)?)
    }

    /// Sends a request on a connection of its own, and fails unless the answer is the expected one.
    pub(crate) async fn expect(
        &self,
        request: &Request,
        expected: impl Into<Expected>,
    ) -> Result<Answer, BoxError> {
        let answer = self.ask(request).await?;
        self.check(request, &expected.into(), &answer)?;
        Ok(answer)
    }

    /// Fails unless the answer to a request is the expected one.
    pub(crate) fn check(&self, request: &Request, expected: &Expected, answer: &Answer) -> Outcome {
        let outcome = self.judge.check(&self.http.to_string(), request, expected, answer, self.has_limits);
        outcome.map_err(|error| {
            // What the server has said of it by now; the cause is there and nowhere else.
            let id = answer.header("X-Request-ID").unwrap_or("no id");
            let said = self.process.output.lines().into_iter().filter(|line| line.contains(id));
            format!("{error}\n    log:      {}", said.collect::<Vec<_>>().join("\n              ")).into()
        })
    }

    pub(crate) async fn connect(&self) -> io::Result<Connection> {
        Connection::open(self.http).await
    }

    pub(crate) fn curl(&self, request: &Request) -> String {
        request.curl(&self.http.to_string())
    }

    pub(crate) fn output(&self) -> &Output {
        &self.process.output
    }

    /// Fails when the server has said a secret of the stack.
    pub(crate) fn check_output(&self) -> Outcome {
        for line in self.process.output.lines() {
            if let Some(secret) = self.judge.secrets_in(&line).first() {
                return Err(format!("in the server's output: {secret}").into());
            }
        }
        Ok(())
    }

    pub(crate) fn terminate(&self) -> Outcome {
        self.process.terminate()
    }

    /// Waits for its end.
    pub(crate) async fn end(&mut self) -> Result<ExitStatus, BoxError> {
        self.process.end().await
    }

    /// Ends it as an operator does; it must end well and have kept its secrets.
    pub(crate) async fn stop(mut self) -> Outcome {
        self.terminate()?;
        let status = self.end().await?;
        self.check_output()?;
        if status.success() {
            return Ok(());
        }
        Err(format!("the server ended with {status}: {}", self.process.output.text()).into())
    }
}
