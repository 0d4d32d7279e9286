//! One API server's process: started against a stack, waited for until it answers, stopped as its operator would.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::process::{Child, Command};

use crate::error::Error;
use crate::home::Home;
use crate::manifest::Api;
use crate::process::{self, Process};
use crate::progress::{Event, Progress};
use crate::{Stack, logs, pid_file};

/// How long a server may take to its first answer. It waits for no backend, so this is long.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Ten seconds for requests in flight is the contract's, and some to wind up.
const POLITE: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// The lines of its log that are shown of a server that died.
const LAST_LINES: usize = 12;

/// A server that was started by us.
#[derive(Debug)]
pub(super) struct Server {
    pub api: &'static Api,
    pub process: Process,
    pub log: PathBuf,
    pub first_answer: Duration,
    child: Child,
}

impl Server {
    /// Start `program` as `api` and wait for its first answer.
    ///
    /// It inherits our environment, so that its settings can be given; where the stack is and where it listens comes
    /// from the stack.
    ///
    /// # Errors
    /// [`Error::ApiEnded`], [`Error::ApiSilent`] and then it is stopped, [`Error::Io`].
    pub(super) async fn start(stack: &Stack, api: &'static Api, program: &Path) -> Result<Self, Error> {
        let home = stack.layout();
        let log = home.log_file(api.name);
        logs::rotate(&log, false)?;
        let output = process::open_log(&log)?;
        let errors = output.try_clone().map_err(|source| Error::io("open the log", &log, source))?;
        let begun = Instant::now();
        // A process group of its own: Ctrl-C is for us, who then stop it as SIGTERM does.
        let child = Command::new(program)
            .envs(stack.environment(api.name))
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(|source| Error::io("start", program, source))?;
        // The process cannot have vanished without a trace: until it is waited for, its pid is its own.
        let Some(process) = child.id().and_then(Process::with_pid) else {
            return Err(ended(api, "at once".to_owned(), &log));
        };
        pid_file::write(home, api.name, &process)?;
        let mut server = Self { api, process, log, first_answer: Duration::ZERO, child };
        match server.until_it_answers(stack.port_offset(), begun).await {
            Ok(()) => {
                server.first_answer = begun.elapsed();
                Ok(server)
            }
            Err(error) => {
                server.process.end_by_force().await?;
                pid_file::forget(home, api.name)?;
                Err(error)
            }
        }
    }

    async fn until_it_answers(&mut self, port_offset: u16, begun: Instant) -> Result<(), Error> {
        let client = super::figures::client().map_err(|why| self.silent(why))?;
        let address = format!("http://{}/health/", self.api.http_address(port_offset));
        loop {
            let last = match client.get(&address).send().await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) => format!("{} to GET /health/", answer.status()),
                Err(_) => "it does not listen".to_owned(),
            };
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(ended(self.api, status.to_string(), &self.log));
            }
            if begun.elapsed() > START_LIMIT {
                return Err(self.silent(last));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn silent(&self, last: String) -> Error {
        let tail = logs::tail(&self.log, LAST_LINES).map(|(tail, _)| tail).unwrap_or_default();
        let seconds = START_LIMIT.as_secs();
        Error::ApiSilent { name: self.api.name, seconds, last, log: self.log.clone(), tail }
    }

    /// Wait for its end; may be given up and asked again.
    pub(super) async fn ended(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// What to report of an end that was not asked for.
    pub(super) fn obituary(&self, status: ExitStatus) -> Error {
        ended(self.api, status.to_string(), &self.log)
    }

    /// Stop it, and report an end that was none of a healthy server.
    ///
    /// # Errors
    /// [`Error::ApiEnded`] when its exit code is not 0, and as [`stop`].
    pub(super) async fn stop(mut self, home: &Home, progress: &dyn Progress) -> Result<(), Error> {
        stop(home, self.api, &self.process, progress).await?;
        match self.ended().await {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(self.obituary(status)),
            Err(source) => Err(Error::io("wait for", Path::new(self.api.name), source)),
        }
    }
}

fn ended(api: &Api, status: String, log: &Path) -> Error {
    let tail = logs::tail(log, LAST_LINES).map(|(tail, _)| tail).unwrap_or_default();
    Error::ApiEnded { name: api.name, status, log: log.to_owned(), tail }
}

/// Stop a server as its operator would: SIGTERM, time for what is in flight, force only after that.
///
/// # Errors
/// [`Error::Signal`], [`Error::Unstoppable`], [`Error::Io`].
pub(super) async fn stop(
    home: &Home,
    api: &Api,
    process: &Process,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let begun = Instant::now();
    progress.event(&Event::started(api.name, "is asked to end"));
    let forced = process.end(Signal::SIGTERM, POLITE).await?;
    pid_file::forget(home, api.name)?;
    let what = if forced { "ended by force" } else { "ended" };
    progress.event(&Event::done(api.name, what, begun.elapsed()));
    Ok(())
}
