//! All servers of one `serve` together.

use std::collections::BTreeMap;
use std::path::PathBuf;

use causes::Chain;
use futures_util::future::{join_all, select_all};

use super::ApiHealth;
use super::server::Server;
use crate::error::Error;
use crate::manifest::Api;
use crate::progress::{Event, Progress};
use crate::{Stack, logs, pid_file};

/// The servers that one `serve` has started.
///
/// Dropping it stops nothing: the servers go on, known by their pid files, until `devstack down` ends them.
#[derive(Debug)]
pub struct Fleet {
    stack: Stack,
    servers: Vec<Server>,
}

/// A server that ended without being asked to by this fleet.
#[derive(Debug)]
pub struct Ended {
    /// Its name.
    pub name: &'static str,
    /// Whether its exit code was 0, as after `devstack down`.
    pub well: bool,
    /// How it ended, with the last lines of its log.
    pub error: Error,
}

impl Fleet {
    /// Start these servers against `stack`, all at once, and wait until each has answered.
    ///
    /// # Errors
    /// What the first of them says that failed, in the manifest's order; the others are stopped again then.
    pub async fn start(
        stack: &Stack,
        apis: &[&'static Api],
        programs: &BTreeMap<&'static str, PathBuf>,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        let starting = apis.iter().filter_map(|api| Some((*api, programs.get(api.name)?)));
        let outcomes = join_all(starting.map(async |(api, program)| {
            progress.event(&Event::started(api.name, "starts"));
            let outcome = Server::start(stack, api, program).await;
            match &outcome {
                Ok(server) => {
                    let at = format!(
                        "http://{} https://{} ({}, {})",
                        api.http_address(stack.port_offset()),
                        api.https_address(stack.port_offset()),
                        api.framework,
                        api.approach
                    );
                    progress.event(&Event::done(api.name, at, server.first_answer));
                }
                Err(error) => {
                    let chain = Chain(error).to_string();
                    progress.event(&Event::failed(api.name, chain.lines().next().unwrap_or_default()));
                }
            }
            outcome
        }))
        .await;
        let mut fleet = Self { stack: stack.clone(), servers: Vec::new() };
        let mut failure = None;
        for outcome in outcomes {
            match outcome {
                Ok(server) => fleet.servers.push(server),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            None => Ok(fleet),
            Some(error) => {
                // The first failure is the one to report.
                let _ = fleet.stop(progress).await;
                Err(error)
            }
        }
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// Wait until one ends by itself. May be given up and asked again; never returns when none is left.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be waited for or its pid file not be deleted.
    pub async fn next_end(&mut self) -> Result<Ended, Error> {
        if self.servers.is_empty() {
            return std::future::pending().await;
        }
        let ends = self.servers.iter_mut().map(|server| Box::pin(server.ended()));
        let (status, index, _) = select_all(ends).await;
        let server = self.servers.remove(index);
        let status = status.map_err(|source| Error::io("wait for", server.api.name.as_ref(), source))?;
        pid_file::forget(self.stack.layout(), server.api.name)?;
        Ok(Ended { name: server.api.name, well: status.success(), error: server.obituary(status) })
    }

    /// Keep the logs small.
    ///
    /// # Errors
    /// [`Error::Io`] when a log cannot be rotated.
    pub fn rotate_logs(&self) -> Result<(), Error> {
        self.servers.iter().try_for_each(|server| logs::rotate(&server.log, true))
    }

    /// How each is, in the order of ports. It costs each of them the time to write its metrics.
    pub async fn health(&self) -> Vec<ApiHealth> {
        self.stack.apis().await
    }

    /// Each server's log and the time from its start to its first answer, in milliseconds.
    pub fn starts(&self) -> impl Iterator<Item = (&'static str, &PathBuf, u64)> {
        self.servers.iter().map(|server| {
            let elapsed = u64::try_from(server.first_answer.as_millis()).unwrap_or(u64::MAX);
            (server.api.name, &server.log, elapsed)
        })
    }

    /// Stop all of them at once.
    ///
    /// # Errors
    /// [`Error::ApiEnded`] when one did not end well, [`Error::Signal`], [`Error::Unstoppable`], [`Error::Io`]; the
    /// others are stopped nevertheless.
    pub async fn stop(self, progress: &dyn Progress) -> Result<(), Error> {
        let home = self.stack.layout();
        let stops = self.servers.into_iter().map(|server| server.stop(home, progress));
        join_all(stops).await.into_iter().collect()
    }
}
