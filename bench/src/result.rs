//! The results of a run, as they are kept in a folder: each kind of run has a file of its own there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::statistics::{mean, median};

/// What was measured, and under which circumstances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured<T> {
    /// When it began: RFC 3339, UTC.
    pub(crate) begun: String,
    /// The command line.
    pub(crate) command: String,
    pub(crate) machine: Machine,
    /// What speaks against these figures.
    pub(crate) doubts: Vec<String>,
    #[serde(flatten)]
    pub(crate) figures: T,
}

/// The figures of a kind of run, kept in a file of their own.
pub(crate) trait Figures: Serialize + DeserializeOwned {
    /// The file's name in a folder of results.
    const FILE: &'static str;
}

/// A load run with all its rounds.
pub(crate) type Run = Measured<Rounds>;

/// The rounds of a load run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Rounds {
    pub(crate) series: Vec<Series>,
}

impl Figures for Rounds {
    const FILE: &'static str = "run.json";
}

/// All rounds of one operation on one target with one number of connections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Series {
    pub(crate) target: String,
    pub(crate) operation: String,
    pub(crate) connections: u32,
    pub(crate) rounds: Vec<Round>,
}

/// One round: saturated first, then paced. Times in microseconds, memory in bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Round {
    /// Answers a second when saturated.
    pub(crate) per_second: f64,
    /// The rate of the paced part, in requests a second.
    pub(crate) pace: f64,
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) slowest: f64,
    /// Requests of both parts.
    pub(crate) requests: u64,
    /// Requests without an answer.
    pub(crate) failed: u64,
    /// Answers with a status that is not 200 to 299.
    pub(crate) refused: u64,
    /// What was refused or failed, with how often.
    #[serde(default)]
    pub(crate) faults: BTreeMap<String, u64>,
    /// Seconds of processor time of the target for 10,000 requests.
    pub(crate) cpu_per_10_000: Option<f64>,
    pub(crate) rss_before: Option<f64>,
    pub(crate) rss_peak: Option<f64>,
    pub(crate) rss_after: Option<f64>,
}

impl Series {
    /// One figure of every round.
    pub(crate) fn each(&self, figure: impl Fn(&Round) -> f64) -> Vec<f64> {
        self.rounds.iter().map(figure).collect()
    }

    /// Answers a second of each round.
    pub(crate) fn rates(&self) -> Vec<f64> {
        self.each(|round| round.per_second)
    }

    /// Answers a second, mean over the rounds.
    pub(crate) fn per_second(&self) -> f64 {
        mean(&self.rates())
    }

    /// A time, median over the rounds.
    pub(crate) fn time(&self, figure: impl Fn(&Round) -> f64) -> f64 {
        median(&self.each(figure))
    }

    /// Requests that were not answered as they should be: with any of them, the figures are not what they seem.
    pub(crate) fn faults(&self) -> u64 {
        self.rounds.iter().map(|round| round.failed + round.refused).sum()
    }

    /// What they were, the most frequent first: `503 CacheConnectionError`.
    pub(crate) fn kinds_of_faults(&self) -> String {
        let mut all: BTreeMap<&str, u64> = BTreeMap::new();
        for (what, count) in self.rounds.iter().flat_map(|round| &round.faults) {
            *all.entry(what).or_default() += count;
        }
        let mut all: Vec<(&str, u64)> = all.into_iter().collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all.into_iter().map(|(what, _)| what).collect::<Vec<_>>().join(", ")
    }
}

/// Why a file of results cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResultError {
    #[error("{path} cannot be read")]
    Read { path: String, source: std::io::Error },
    #[error("{path} cannot be written")]
    Write { path: String, source: std::io::Error },
    #[error("{path} holds no run of this program")]
    Malformed { path: String, source: serde_json::Error },
}

impl<T: Figures> Measured<T> {
    /// Read these figures of a folder of results, or the file itself.
    ///
    /// # Errors
    /// When there is no such file, or it holds something else.
    pub(crate) fn read(path: &Path) -> Result<Self, ResultError> {
        let path = if path.is_dir() { path.join(T::FILE) } else { path.to_owned() };
        let shown = path.display().to_string();
        let text = fs::read(&path).map_err(|source| ResultError::Read { path: shown.clone(), source })?;
        serde_json::from_slice(&text).map_err(|source| ResultError::Malformed { path: shown, source })
    }

    /// Read these figures of a folder of results that may not have them.
    ///
    /// # Errors
    /// When the file holds something else.
    pub(crate) fn read_if_there(folder: &Path) -> Result<Option<Self>, ResultError> {
        let file = folder.join(T::FILE);
        if file.exists() { Self::read(&file).map(Some) } else { Ok(None) }
    }

    /// Write them into a folder of results, which is made; gives the file.
    ///
    /// # Errors
    /// When the folder or the file cannot be written.
    pub(crate) fn write(&self, folder: &Path) -> Result<PathBuf, ResultError> {
        let file = folder.join(T::FILE);
        let failed = |source| ResultError::Write { path: file.display().to_string(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let text = serde_json::to_string_pretty(self)
            .map_err(|source| ResultError::Malformed { path: file.display().to_string(), source })?;
        fs::write(&file, format!("{text}\n")).map_err(failed)?;
        Ok(file)
    }
}

impl Rounds {
    pub(crate) fn series_of(&self, target: &str, operation: &str, connections: u32) -> Option<&Series> {
        self.series.iter().find(|series| {
            series.target == target && series.operation == operation && series.connections == connections
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A series whose rounds had these answers a second.
    pub(crate) fn series(target: &str, operation: &str, rates: &[f64]) -> Series {
        let round = |per_second: &f64| Round {
            per_second: *per_second,
            pace: per_second * 0.8,
            p50: 100.0,
            p90: 150.0,
            p99: 400.0,
            p999: 900.0,
            slowest: 1500.0,
            requests: 1000,
            failed: 0,
            refused: 0,
            faults: BTreeMap::new(),
            cpu_per_10_000: Some(0.5),
            rss_before: Some(20e6),
            rss_peak: Some(25e6),
            rss_after: Some(24e6),
        };
        Series {
            target: target.to_owned(),
            operation: operation.to_owned(),
            connections: 64,
            rounds: rates.iter().map(round).collect(),
        }
    }

    pub(crate) fn measured<T>(figures: T) -> Measured<T> {
        Measured {
            begun: "2026-11-25T17:00:00Z".to_owned(),
            command: "bench load".to_owned(),
            machine: Machine::here(),
            doubts: Vec::new(),
            figures,
        }
    }

    pub(crate) fn run(series: Vec<Series>) -> Run {
        measured(Rounds { series })
    }

    #[test]
    fn what_is_written_is_read_back_and_anything_else_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run.json");
        assert_eq!(Run::read_if_there(folder.path()).unwrap(), None);
        let missing = Run::read(folder.path()).unwrap_err();
        assert_eq!(missing.to_string(), format!("{} cannot be read", file.display()));
        let run = run(vec![series("api-axum", "health", &[1.0])]);
        assert_eq!(run.write(folder.path()).unwrap(), file);
        assert_eq!(Run::read(folder.path()).unwrap(), run);
        fs::write(&file, "{}").unwrap();
        assert!(matches!(Run::read(&file), Err(ResultError::Malformed { .. })));
    }

    #[test]
    fn faults_are_told_by_their_kinds_the_most_frequent_first() {
        let mut series = series("api-axum", "cache-get", &[1.0, 1.0]);
        series.rounds[0].faults = [("timed out".to_owned(), 2), ("503 A".to_owned(), 1)].into();
        series.rounds[1].faults = [("503 A".to_owned(), 4)].into();
        assert_eq!(series.kinds_of_faults(), "503 A, timed out");
    }
}
