//! The API servers, built from the workspace and run against one stack for as long as the command runs.
//!
//! They are data here: what is known of one is its row in [`crate::manifest::APIS`], its log, its pid file, and what it
//! says at `/health/` and `/metrics`. `build` asks cargo for the programs, `server` is one process, `fleet` is all of
//! them together, `figures` reads metrics.
//!
//! Deliberately absent: a restart of what died. Whoever works on a server wants to see that it did.

mod build;
mod figures;
mod fleet;
mod server;

use std::net::SocketAddr;

use futures_util::future::join_all;
use serde::Serialize;

use crate::error::Error;
use crate::home::Home;
use crate::manifest::{APIS, Api};
use crate::pid_file;
use crate::ports::{self, Taken};
use crate::process::Process;
use crate::progress::Progress;

pub use build::{Workspace, build};
pub use figures::Figures;
pub use fleet::{Ended, Fleet};

/// How one running API server is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiHealth {
    /// Its name.
    pub name: &'static str,
    /// Where it answers plain HTTP.
    pub http_address: SocketAddr,
    /// Where it answers TLS.
    pub https_address: SocketAddr,
    /// The web framework that it is written with.
    pub framework: &'static str,
    /// How its routes come about.
    pub approach: &'static str,
    /// Its process.
    pub pid: u32,
    /// What it says of itself in `/metrics`; `None` when it does not answer.
    pub figures: Option<Figures>,
    /// Why not, when it does not.
    pub error: Option<String>,
}

/// Refuse to serve `apis` while somebody else, or an earlier `serve`, holds any of their ports.
///
/// # Errors
/// [`Error::ApiPortsTaken`] with all of them.
pub fn refuse_taken_ports(apis: &[&'static Api], port_offset: u16) -> Result<(), Error> {
    let both = |api: &&'static Api| [api.http_address(port_offset), api.https_address(port_offset)];
    let taken: Vec<Taken> = apis
        .iter()
        .flat_map(|api| both(api).map(|address| (address.port(), api.name)))
        .filter(|(port, _)| ports::is_taken(*port))
        .map(|(port, name)| Taken { port, wanted_by: name.to_owned(), holder: ports::holder_of(port) })
        .collect();
    if taken.is_empty() { Ok(()) } else { Err(Error::ApiPortsTaken { taken, port_offset }) }
}

fn running(home: &Home) -> impl Iterator<Item = (&'static Api, Process)> {
    APIS.iter().filter_map(|api| Some((Api::named(api.name)?, pid_file::living(home, api.name)?)))
}

/// Ask every API server that runs how it is, all at once.
pub(crate) async fn health(home: &Home, port_offset: u16) -> Vec<ApiHealth> {
    let client = figures::client();
    join_all(running(home).map(async |(api, process)| {
        let address = api.http_address(port_offset);
        let outcome = match &client {
            Ok(client) => Figures::of(client, address).await,
            Err(error) => Err(error.clone()),
        };
        let (figures, error) = match outcome {
            Ok(figures) => (Some(figures), None),
            Err(error) => (None, Some(error)),
        };
        ApiHealth {
            name: api.name,
            http_address: address,
            https_address: api.https_address(port_offset),
            framework: api.framework,
            approach: api.approach,
            pid: process.pid,
            figures,
            error,
        }
    }))
    .await
}

/// Stop every API server of this home, also those whose `serve` was killed.
///
/// # Errors
/// [`Error::Signal`], [`Error::Unstoppable`], [`Error::Io`]; the others are stopped nevertheless.
pub(crate) async fn stop_all(home: &Home, progress: &dyn Progress) -> Result<(), Error> {
    let outcomes =
        join_all(running(home).map(async |(api, process)| server::stop(home, api, &process, progress).await));
    outcomes.await.into_iter().collect()
}
