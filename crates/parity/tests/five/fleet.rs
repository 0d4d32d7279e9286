//! The servers as child processes, all with the same settings.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use parity::model::{Message, Request};
use parity::wire::Client;
use parity::{Config, Engine, Target};
use serde_json::Value;
use spec::Document;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::{BoxError, SERVERS};
use testkit::{Proxies, Stack, eventually};

/// Nothing that is waited for takes longer.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// The contract, as this was built with it.
pub(crate) const CONTRACT: &str = include_str!("../../../../openapi/openapi.yaml");
const CONFIG: &str = include_str!("../../../../parity-tests/parity.toml");

/// Running servers.
pub(crate) struct Fleet {
    pub(crate) servers: Vec<Server>,
}

/// One of them; killed when it is dropped.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    /// Where it speaks TLS.
    pub(crate) https: SocketAddr,
    child: Child,
    output: Output,
}

/// What a process has written, line by line.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<String>>>);

impl Output {
    async fn read(self, pipe: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(pipe).split(b'\n');
        while let Ok(Some(line)) = lines.next_segment().await {
            let line = String::from_utf8_lossy(&line).into_owned();
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The configuration that all comparisons of this repository have.
pub(crate) fn config() -> Result<Config, BoxError> {
    Ok(toml::from_str(CONFIG)?)
}

impl Fleet {
    /// Starts all servers with these variables beside those of the stack, and waits until they have reached their
    /// backends.
    pub(crate) async fn ready(
        stack: &Stack,
        settings: &[(&str, &str)],
        proxies: Option<&Proxies>,
    ) -> Result<Self, BoxError> {
        let fleet = Self::start(stack, settings, proxies).await?;
        fleet.until_ready().await?;
        Ok(fleet)
    }

    /// Starts all servers, and waits until they listen.
    pub(crate) async fn start(
        stack: &Stack,
        settings: &[(&str, &str)],
        proxies: Option<&Proxies>,
    ) -> Result<Self, BoxError> {
        let mut started = Vec::new();
        for name in SERVERS {
            let mut environment = stack.environment(name);
            environment.insert("HTTP_ADDR".to_owned(), "127.0.0.1:0".to_owned());
            environment.insert("HTTPS_ADDR".to_owned(), "127.0.0.1:0".to_owned());
            if let Some(proxies) = proxies {
                environment
                    .extend(proxies.variables().map(|(name, value)| (name.to_owned(), value.to_owned())));
            }
            environment
                .extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            started.push((name, spawn(name, &environment)?));
        }
        let mut servers = Vec::new();
        for (name, (child, output)) in started {
            let serving = eventually(LIMIT, "the line that says where a server listens", async || {
                let lines = output.lines();
                let serving = lines.iter().find_map(|line| {
                    let line: Value = serde_json::from_str(line).ok()?;
                    let address = |name: &str| line[name].as_str()?.parse::<SocketAddr>().ok();
                    if line["message"] == "serving" { address("http").zip(address("https")) } else { None }
                });
                serving.ok_or_else(|| format!("{name}: {}", lines.join("\n")))
            });
            let (address, https) = serving.await?;
            servers.push(Server { name, address, https, child, output });
        }
        Ok(Self { servers })
    }

    /// The servers as targets.
    pub(crate) fn targets(&self) -> Result<Vec<Target>, BoxError> {
        let parse = |server: &Server| Target::parse(&format!("{}=http://{}", server.name, server.address));
        Ok(self.servers.iter().map(parse).collect::<Result<_, _>>()?)
    }

    /// An engine for them, with the contract and the configuration of this repository.
    pub(crate) fn engine(&self, config: Config) -> Result<Engine, BoxError> {
        let document = Document::from_yaml(CONTRACT)?;
        Ok(Engine::new(self.targets()?, config)?.with_document(&document, "openapi/openapi.yaml")?)
    }

    /// Waits until all say that all their backends are well.
    pub(crate) async fn until_ready(&self) -> Result<(), BoxError> {
        self.until("/health/ready", 200).await
    }

    /// Waits until all answer a path with a status.
    pub(crate) async fn until(&self, path: &str, status: u16) -> Result<(), BoxError> {
        let message = Message::from(Request::new("GET", path));
        for target in self.targets()? {
            let client = Client::new(&target, config()?.limits)?;
            eventually(LIMIT, "a server that answers as it is to", async || {
                let exchange = client.exchange(&message, false).await;
                match exchange.answer() {
                    Some(answer) if answer.status == status => Ok(()),
                    Some(answer) => {
                        Err(format!("{}: {} {}", target.name, answer.status, answer.body.lossy()))
                    }
                    None => Err(format!("{}: {}", target.name, exchange.ending)),
                }
            })
            .await?;
        }
        Ok(())
    }
}

fn spawn(name: &str, environment: &BTreeMap<String, String>) -> io::Result<(Child, Output)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["serve", name])
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = Output::default();
    if let Some(pipe) = child.stdout.take() {
        tokio::spawn(output.clone().read(pipe));
    }
    if let Some(pipe) = child.stderr.take() {
        tokio::spawn(output.clone().read(pipe));
    }
    Ok((child, output))
}

impl Server {
    /// The log lines in which a text stands.
    pub(crate) fn log(&self, text: &str) -> Vec<Value> {
        let lines = self.output.lines();
        lines
            .iter()
            .filter(|line| line.contains(text))
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// Everything that it said.
    pub(crate) fn said(&self) -> String {
        self.output.lines().join("\n")
    }

    /// Tells it to end, as an operator does.
    pub(crate) fn terminate(&self) -> Result<(), BoxError> {
        let pid = self.child.id().ok_or("the server has ended already")?;
        Ok(kill(Pid::from_raw(i32::try_from(pid)?), Signal::SIGTERM)?)
    }

    /// Waits for its end.
    pub(crate) async fn end(&mut self) -> Result<ExitStatus, BoxError> {
        Ok(timeout(LIMIT, self.child.wait()).await.map_err(|_| "the server did not end in time")??)
    }
}
