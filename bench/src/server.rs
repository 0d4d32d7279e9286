//! A server of this repository, started to be measured: from its start to its end.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::BoxError;
use crate::client::Client;
use crate::process::Usage;
use crate::target::Target;

/// Nothing that is waited for takes longer.
const LIMIT: Duration = Duration::from_secs(30);
/// Between two looks whether a server is ready.
const LOOK: Duration = Duration::from_millis(1);

/// A running server; killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    /// Its name, and where it listens.
    pub target: Target,
    started: Instant,
    child: Child,
    /// Reads on what it logs, or it would wait for a reader.
    _log: JoinHandle<()>,
}

/// The program of a server, beside our own unless `folder` says where.
///
/// # Errors
/// When there is none, with how to build it.
pub(crate) fn program(folder: Option<&Path>, name: &str) -> Result<PathBuf, BoxError> {
    let own = std::env::current_exe()?;
    let folder = folder.or_else(|| own.parent()).unwrap_or(Path::new("."));
    let program = folder.join(name);
    if program.is_file() {
        return Ok(program);
    }
    Err(format!(
        "there is no {}; build it with `cargo build --release -p {name}`, or say --programs FOLDER",
        program.display()
    )
    .into())
}

impl Server {
    /// Start a program with these arguments, these variables and no others, on a free port, and wait until it listens.
    ///
    /// # Errors
    /// When it does not start, with the last that it said.
    pub async fn start(
        name: &str,
        program: &Path,
        arguments: &[&str],
        variables: &BTreeMap<String, String>,
    ) -> Result<Self, BoxError> {
        let started = Instant::now();
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(variables)
            .env("HTTP_ADDR", "127.0.0.1:0")
            .env("HTTPS_ADDR", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let listening = async {
            let mut last = "it said nothing".to_owned();
            while let Some(line) = lines.next_line().await? {
                if let Some(address) = serving(&line) {
                    return Ok(address);
                }
                last = line;
            }
            Err(BoxError::from(format!("{name} ended before it served; its last line: {last}")))
        };
        let address = timeout(LIMIT, listening)
            .await
            .map_err(|_| format!("{name} did not serve within {} s", LIMIT.as_secs()))??;
        let log = tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let target = Target { name: name.to_owned(), address, pid: child.id(), is_floor: false };
        Ok(Self { target, started, child, _log: log })
    }

    /// Wait until a path is answered 200, and give the time since the start of the process.
    ///
    /// # Errors
    /// When it is not within half a minute.
    pub async fn answers(&self, path: &str) -> Result<Duration, BoxError> {
        let host = self.target.address.to_string();
        let request = crate::operation::request("GET", path, &host, "");
        let mut client = Client::new(self.target.address);
        let answered = async {
            loop {
                if client.ask(&request).await.is_ok_and(|answer| answer.status == 200) {
                    return self.started.elapsed();
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        timeout(LIMIT, answered).await.map_err(|_| {
            format!("{} did not answer 200 to {path} within {} s", self.target, LIMIT.as_secs()).into()
        })
    }

    /// What it takes now.
    pub(crate) fn usage(&self) -> Option<Usage> {
        Usage::of(self.child.id()?)
    }

    /// End it as an operator does.
    ///
    /// # Errors
    /// When it does not end, or says by its status that something was wrong.
    pub async fn end(mut self) -> Result<(), BoxError> {
        let pid = self.child.id().ok_or("the server has ended already")?;
        kill(Pid::from_raw(i32::try_from(pid)?), Signal::SIGTERM)?;
        let status = timeout(LIMIT, self.child.wait()).await;
        let status = status.map_err(|_| format!("{} did not end in time", self.target))??;
        if status.success() { Ok(()) } else { Err(format!("{}: {status}", self.target).into()) }
    }
}

/// Where a server listens, if this line of its log says so.
fn serving(line: &str) -> Option<SocketAddr> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    if line["message"] == "serving" { line["http"].as_str()?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_in_its_log_where_it_listens() {
        let line = r#"{"level":"INFO","message":"serving","http":"127.0.0.1:4711","https":null}"#;
        assert_eq!(serving(line), Some("127.0.0.1:4711".parse().unwrap()));
        assert_eq!(serving(r#"{"message":"request answered"}"#), None);
        assert_eq!(serving("no JSON"), None);
    }

    #[test]
    fn a_program_that_is_not_built_is_named_with_how_to_build_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = program(Some(folder.path()), "api-axum").unwrap_err().to_string();
        assert!(error.contains("cargo build --release -p api-axum"), "{error}");
        std::fs::write(folder.path().join("api-axum"), "").unwrap();
        assert!(program(Some(folder.path()), "api-axum").is_ok());
    }

    #[tokio::test]
    async fn a_program_that_ends_is_no_server() {
        let error =
            Server::start("true", Path::new("/usr/bin/true"), &[], &BTreeMap::new()).await.unwrap_err();
        assert!(error.to_string().contains("true ended before it served"), "{error}");
    }
}
