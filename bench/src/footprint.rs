//! What a server takes when nobody asks it for anything, and how long it needs to be there.

use std::path::PathBuf;
use std::time::Duration;

use devstack::Stack;
use serde::{Deserialize, Serialize};

use crate::BoxError;
use crate::result::Figures;
use crate::server::{self, Server};
use crate::statistics::median;

/// Several starts of each server.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Footprints {
    pub(crate) servers: Vec<Footprint>,
}

impl Figures for Footprints {
    const FILE: &'static str = "footprint.json";
}

/// One server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Footprint {
    pub(crate) target: String,
    /// The size of its program, in bytes.
    pub(crate) program_bytes: u64,
    pub(crate) starts: Vec<Start>,
}

/// One start. Milliseconds since the process was started; bytes when it had been idle for a while.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Start {
    /// `/health/` was answered.
    pub(crate) first_answer: f64,
    /// `/health/ready` was 200.
    pub(crate) ready: f64,
    pub(crate) rss: Option<f64>,
    /// Of it, what the process has written. Linux only.
    pub(crate) anonymous: Option<f64>,
    /// Of it, what was touched of the program and its libraries. Linux only.
    pub(crate) file: Option<f64>,
    pub(crate) threads: Option<f64>,
}

impl Footprint {
    /// A figure, median over the starts; `None` when the system does not tell it.
    pub(crate) fn median(&self, figure: impl Fn(&Start) -> Option<f64>) -> Option<f64> {
        let known: Vec<f64> = self.starts.iter().filter_map(figure).collect();
        (!known.is_empty()).then(|| median(&known))
    }
}

/// What to measure.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Names and programs.
    pub(crate) servers: Vec<(String, PathBuf)>,
    pub(crate) starts: u32,
    /// How long a server is left alone before it is looked at.
    pub(crate) idle: Duration,
}

impl Plan {
    /// Start every server so often, in turns. `say` is told what begins.
    ///
    /// # Errors
    /// When a server does not start, get ready or end.
    pub(crate) async fn carry_out(
        &self,
        stack: &Stack,
        say: impl Fn(String),
    ) -> Result<Footprints, BoxError> {
        let mut servers = Vec::new();
        for (name, program) in &self.servers {
            let program_bytes = std::fs::metadata(program)?.len();
            servers.push(Footprint { target: name.clone(), program_bytes, starts: Vec::new() });
        }
        for number in 1..=self.starts {
            for (footprint, (name, program)) in servers.iter_mut().zip(&self.servers) {
                say(format!("start {number} of {}: {name}", self.starts));
                let server = Server::start(name, program, &[], &stack.environment(name)).await?;
                footprint.starts.push(self.look_at(&server).await?);
                server.end().await?;
            }
        }
        Ok(Footprints { servers })
    }

    async fn look_at(&self, server: &Server) -> Result<Start, BoxError> {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        let first_answer = milliseconds(server.answers("/health/").await?);
        let ready = milliseconds(server.answers("/health/ready").await?);
        tokio::time::sleep(self.idle).await;
        let usage = server.usage().unwrap_or_default();
        Ok(Start {
            first_answer,
            ready,
            rss: usage.rss_bytes,
            anonymous: usage.anonymous_bytes,
            file: usage.file_bytes,
            threads: usage.threads,
        })
    }
}

/// The programs of these servers; for none, of all five.
///
/// # Errors
/// When one is not built.
pub(crate) fn programs(
    names: &[String],
    folder: Option<&std::path::Path>,
) -> Result<Vec<(String, PathBuf)>, BoxError> {
    let all: Vec<String> = devstack::manifest::APIS.iter().map(|api| api.name.to_owned()).collect();
    let names = if names.is_empty() { all } else { names.to_vec() };
    names.into_iter().map(|name| Ok((name.clone(), server::program(folder, &name)?))).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn footprints() -> Footprints {
        let start = |first_answer| Start {
            first_answer,
            ready: first_answer + 20.0,
            rss: Some(22e6),
            anonymous: Some(4e6),
            file: None,
            threads: Some(6.0),
        };
        let starts = [12.0, 40.0, 13.0].map(start).into();
        Footprints {
            servers: vec![Footprint { target: "api-axum".to_owned(), program_bytes: 33 << 20, starts }],
        }
    }

    #[test]
    fn a_slow_start_does_not_move_the_median_and_what_is_not_told_has_none() {
        let footprint = &footprints().servers[0];
        assert_eq!(footprint.median(|start| Some(start.first_answer)), Some(13.0));
        assert_eq!(footprint.median(|start| start.file), None);
    }
}
