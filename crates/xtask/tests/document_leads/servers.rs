//! The servers of the copy, against the tests' own stack.

use std::error::Error;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use testkit::{Namespace, eventually};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::tree::{ALL, Api, Copy, run};

type BoxError = Box<dyn Error + Send + Sync>;

/// No server takes longer to start, or to answer.
const LIMIT: Duration = Duration::from_secs(30);

/// Binaries that were built from the copy.
#[derive(Debug)]
pub(crate) struct Servers(Vec<(&'static str, PathBuf)>);

/// A server that listens; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    /// Its name.
    pub(crate) name: &'static str,
    address: String,
    namespace: Namespace,
    _child: Child,
}

impl Servers {
    /// Builds all of them.
    pub(crate) async fn build(copy: &Copy) -> Result<Self, BoxError> {
        let mut command = copy.cargo("build", &ALL);
        command.args(["--quiet", "--profile", "test", "--message-format", "json-render-diagnostics"]);
        let output = run(&mut command).await?;
        if !output.status.success() {
            return Err(format!("not built: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let built = String::from_utf8(output.stdout)?;
        let artifacts: Vec<Value> = built.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let binary = |api: Api| {
            let artifact = artifacts.iter().find(|artifact| artifact["target"]["name"] == api.example);
            let path = artifact.and_then(|artifact| artifact["executable"].as_str());
            Ok((api.name, PathBuf::from(path.ok_or_else(|| format!("no binary of {}", api.name))?)))
        };
        Ok(Self(ALL.into_iter().map(binary).collect::<Result<_, BoxError>>()?))
    }

    /// Starts all of them, and waits until each has reached its backends.
    pub(crate) async fn start(&self, copy: &Copy) -> Result<Vec<Server>, BoxError> {
        let stack = testkit::stack().await?;
        let mut servers = Vec::new();
        for (name, binary) in &self.0 {
            let mut command = Command::new(binary);
            command
                .env_clear()
                .envs(stack.environment(name))
                .env("HTTP_ADDR", "127.0.0.1:0")
                .env("HTTPS_ADDR", "127.0.0.1:0")
                // Only api-hyper reads it; in the others the document is built in.
                .env("OPENAPI_FILE", copy.document());
            let server = timeout(LIMIT, Server::start(name, command)).await;
            let server = server.map_err(|_| format!("{name} does not listen within {LIMIT:?}"))??;
            eventually(LIMIT, "a server that has reached its backends", async || {
                let (status, body) = server.ask("GET", "/health/ready").await?;
                if status == 200 { Ok(()) } else { Err(BoxError::from(body.to_string())) }
            })
            .await?;
            servers.push(server);
        }
        Ok(servers)
    }
}

impl Server {
    /// Starts it and reads its output until it says where it listens; what it says afterwards is thrown away.
    async fn start(name: &'static str, mut command: Command) -> Result<Self, BoxError> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn();
        let mut child = child?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        while let Some(line) = lines.next_line().await? {
            let line: Value = serde_json::from_str(&line)?;
            if let (Some("serving"), Some(address)) = (line["message"].as_str(), line["http"].as_str()) {
                let address = address.to_owned();
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok(Self { name, address, namespace: Namespace::new(), _child: child });
            }
        }
        Err(format!("{name} ended before it listened: {}", child.wait().await?).into())
    }

    /// A cache key that nobody else has.
    pub(crate) fn key(&self, name: &str) -> String {
        self.namespace.key(name)
    }

    /// Sends a POST without a body.
    pub(crate) async fn post(&self, target: &str) -> Result<(u16, Value), BoxError> {
        self.ask("POST", target).await
    }

    /// Sends a DELETE.
    pub(crate) async fn delete(&self, target: &str) -> Result<(u16, Value), BoxError> {
        self.ask("DELETE", target).await
    }

    async fn ask(&self, method: &str, target: &str) -> Result<(u16, Value), BoxError> {
        let exchange = async {
            let mut stream = TcpStream::connect(&self.address).await?;
            let head = format!(
                "{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            Ok::<_, BoxError>(answer)
        };
        let answer =
            timeout(LIMIT, exchange).await.map_err(|_| format!("no answer to {method} {target}"))??;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let (_, body) = answer.split_once("\r\n\r\n").ok_or("an answer without an end of its head")?;
        Ok((status.ok_or("an answer without a status")?, serde_json::from_str(body)?))
    }
}
