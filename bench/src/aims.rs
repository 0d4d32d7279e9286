//! What the servers aim at, held against what one run found.
//!
//! All of it is ratios inside the run, at 64 connections:
//! an operation with a driver's call behind it costs what the driver alone costs and what bare HTTP costs, so that with
//! `D` calls a second of the driver and `H` answers a second of the bare server at most `1/(1/D + 1/H)` can be had.

use std::fmt;

use crate::operation::{self, Behind, Operation};
use crate::result::{Rounds, Series};
use crate::statistics::{Interval, Pairing, mean, ratio};
use crate::{drivers, floor};

/// The number of connections that the aims are about.
const CONNECTIONS: u32 = 64;
/// How much of what can be had at most an operation with a backend is to reach.
const OF_CEILING: f64 = 0.7;
/// How much of the bare server `/health/` is to reach.
const OF_FLOOR: f64 = 0.8;
/// How much of the fastest the slowest server is to reach, on an operation with a backend.
const OF_FASTEST: f64 = 0.75;
/// How many times the p50 the p99 may be.
const SPREAD: f64 = 5.0;

/// One aim, for one operation and one target or all of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aim {
    pub(crate) operation: String,
    pub(crate) target: String,
    /// What is wanted, as a person says it.
    pub(crate) wanted: String,
    /// What was found.
    pub(crate) found: String,
    /// Whether it is met; `None` when the run has faults there, or its rounds do not tell.
    pub(crate) is_met: Option<bool>,
}

/// The most that can be had of an operation: the rounds of the two costs, and what they leave.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ceiling {
    /// Calls a second of the driver alone.
    pub(crate) driver: f64,
    /// Answers a second of the bare server.
    pub(crate) floor: f64,
    /// Both costs, round by round.
    rounds: Vec<f64>,
}

impl Ceiling {
    /// Of an operation, if the run measured both costs.
    pub(crate) fn of(rounds: &Rounds, operation: &str) -> Option<Self> {
        Self::above(rounds, operation, floor::NAME)
    }

    /// Of an operation, with what `target` takes for `/health/` in place of the bare server: what it would have if it
    /// lost nothing but that to its framework and to what the contract asks of every answer.
    fn above(rounds: &Rounds, operation: &str, target: &str) -> Option<Self> {
        let driver = rounds.series_of(drivers::NAME, operation, CONNECTIONS)?;
        let floor = rounds.series_of(target, operation::ALL[0].name, CONNECTIONS)?;
        let both = driver.rates().into_iter().zip(floor.rates());
        Some(Self {
            driver: driver.per_second(),
            floor: floor.per_second(),
            rounds: both.map(|(driver, floor)| combined(driver, floor)).collect(),
        })
    }

    /// Answers a second.
    pub(crate) fn per_second(&self) -> f64 {
        mean(&self.rounds)
    }
}

/// How often a second both can be done one after the other that take so long each.
fn combined(driver: f64, floor: f64) -> f64 {
    if driver <= 0.0 || floor <= 0.0 { 0.0 } else { 1.0 / (1.0 / driver + 1.0 / floor) }
}

/// Every aim that the run tells something of.
pub(crate) fn of(rounds: &Rounds) -> Vec<Aim> {
    let servers: Vec<&Series> = rounds
        .series
        .iter()
        .filter(|series| series.connections == CONNECTIONS)
        .filter(|series| ![drivers::NAME, floor::NAME].contains(&series.target.as_str()))
        .collect();
    let mut aims = Vec::new();
    for operation in operation::ALL {
        let those: Vec<&Series> =
            servers.iter().filter(|series| series.operation == operation.name).copied().collect();
        aims.extend(those.iter().filter_map(|series| throughput(rounds, &operation, series)));
        if operation.behind == Behind::Driver {
            aims.extend(alike(&operation, &those));
        }
        let bare = bare(rounds, &operation);
        aims.extend(those.iter().map(|series| spread(series, bare)));
    }
    aims
}

/// Near enough to what can be had at most.
fn throughput(rounds: &Rounds, operation: &Operation, series: &Series) -> Option<Aim> {
    let (wanted, words, most) = match operation.behind {
        Behind::Driver => (OF_CEILING, "of 1/(1/D + 1/H)", Ceiling::of(rounds, operation.name)?.rounds),
        Behind::Nothing => {
            let floor = rounds.series_of(floor::NAME, operation.name, CONNECTIONS)?;
            (OF_FLOOR, "of bare hyper", floor.rates())
        }
        Behind::Cache => return None,
    };
    let share = Share::of(&series.rates(), &most)?;
    let left = Ceiling::above(rounds, operation.name, &series.target)
        .map(|left| format!("; its own health leaves {:.0} %", left.per_second() / mean(&most) * 100.0));
    Some(Aim {
        operation: series.operation.clone(),
        target: series.target.clone(),
        wanted: format!("at least {:.0} % {words}", wanted * 100.0),
        found: format!("{share}{}", left.unwrap_or_default()),
        is_met: (series.faults() == 0).then_some(share.reaches(wanted)).flatten(),
    })
}

/// How much one series has of another one, and how sure that is.
#[derive(Debug, Clone, Copy)]
struct Share {
    found: f64,
    interval: Interval,
    /// One round has no spread, and its interval is a point that says nothing.
    has_spread: bool,
}

impl Share {
    fn of(part: &[f64], whole: &[f64]) -> Option<Self> {
        let interval = ratio(part, whole, Pairing::ByRound)?;
        Some(Self { found: mean(part) / mean(whole), interval, has_spread: part.len() > 1 })
    }

    /// Whether there is as much as is wanted: `None` when the interval has the wish within it.
    fn reaches(self, wanted: f64) -> Option<bool> {
        let is_met = self.found >= wanted;
        let is_sure = if is_met { self.interval.low >= wanted } else { self.interval.high < wanted };
        (self.has_spread && is_sure).then_some(is_met)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Interval { low, high } = self.interval;
        write!(f, "{:.0} % ({:.0}–{:.0} %)", self.found * 100.0, low * 100.0, high * 100.0)
    }
}

/// All servers near each other.
fn alike(operation: &Operation, series: &[&Series]) -> Option<Aim> {
    let by_rate = |left: &&&Series, right: &&&Series| left.per_second().total_cmp(&right.per_second());
    let (slowest, fastest) = (series.iter().min_by(by_rate)?, series.iter().max_by(by_rate)?);
    if series.len() < 2 {
        return None;
    }
    let share = Share::of(&slowest.rates(), &fastest.rates())?;
    let has_faults = series.iter().any(|series| series.faults() > 0);
    Some(Aim {
        operation: operation.name.to_owned(),
        target: "all".to_owned(),
        wanted: format!("the slowest at least {:.0} % of the fastest", OF_FASTEST * 100.0),
        found: format!("{share}, {} of {}", slowest.target, fastest.target),
        is_met: (!has_faults).then_some(share.reaches(OF_FASTEST)).flatten(),
    })
}

/// What has none of our code in it: the driver alone, or the bare server.
fn bare<'a>(rounds: &'a Rounds, operation: &Operation) -> Option<&'a Series> {
    match operation.behind {
        Behind::Driver => rounds.series_of(drivers::NAME, operation.name, CONNECTIONS),
        Behind::Nothing | Behind::Cache => rounds.series_of(floor::NAME, operation::ALL[0].name, CONNECTIONS),
    }
}

/// No long tail. That of `bare` stands beside it: on a machine with few cores it tells how much of it is the machine's.
fn spread(series: &Series, bare: Option<&Series>) -> Aim {
    let times = tail(series);
    let pace = series.time(|round| round.pace / round.per_second.max(f64::EPSILON)) * 100.0;
    let of_bare = bare.map(|bare| format!("; {} {:.1} ×", bare.target, tail(bare))).unwrap_or_default();
    Aim {
        operation: series.operation.clone(),
        target: series.target.clone(),
        wanted: format!("p99 below {SPREAD:.0} × p50 at {pace:.0} % of saturation"),
        found: format!("{times:.1} ×{of_bare}"),
        is_met: (series.faults() == 0).then_some(times < SPREAD),
    }
}

/// The p99 in p50s.
fn tail(series: &Series) -> f64 {
    series.time(|round| round.p99) / series.time(|round| round.p50).max(f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::tests::series;

    fn rounds(server: &[f64]) -> Rounds {
        Rounds {
            series: vec![
                series(floor::NAME, "health", &[60_000.0; 3]),
                series(drivers::NAME, "postgres", &[30_000.0; 3]),
                series("api-axum", "postgres", server),
                series("api-actix", "postgres", &[10_000.0; 3]),
                series("api-axum", "health", &[50_000.0; 3]),
            ],
        }
    }

    fn find<'a>(aims: &'a [Aim], operation: &str, target: &str) -> &'a Aim {
        aims.iter().find(|aim| (aim.operation.as_str(), aim.target.as_str()) == (operation, target)).unwrap()
    }

    #[test]
    fn the_ceiling_is_both_costs_one_after_the_other() {
        assert!((combined(30_000.0, 60_000.0) - 20_000.0).abs() < 1e-6);
        assert!(combined(0.0, 60_000.0).abs() < f64::EPSILON);
        let ceiling = Ceiling::of(&rounds(&[1.0]), "postgres").unwrap();
        assert!((ceiling.per_second() - 20_000.0).abs() < 1e-6);
        assert_eq!(Ceiling::of(&rounds(&[1.0]), "mysql"), None);
    }

    #[test]
    fn an_operation_with_a_backend_is_held_against_driver_and_bare_server_together() {
        let aims = of(&rounds(&[16_000.0; 3]));
        let axum = find(&aims, "postgres", "api-axum");
        assert_eq!(
            (axum.found.as_str(), axum.is_met),
            ("80 % (80–80 %); its own health leaves 94 %", Some(true))
        );
        let actix = find(&aims, "postgres", "api-actix");
        assert_eq!((actix.found.as_str(), actix.is_met), ("50 % (50–50 %)", Some(false)));
        let all = find(&aims, "postgres", "all");
        assert_eq!((all.found.as_str(), all.is_met), ("62 % (62–62 %), api-actix of api-axum", Some(false)));
        let health = find(&aims, "health", "api-axum");
        assert_eq!((health.found.as_str(), health.is_met), ("83 % (83–83 %)", Some(true)));
        assert!(!aims.iter().any(|aim| [floor::NAME, drivers::NAME].contains(&aim.target.as_str())));
    }

    #[test]
    fn rounds_that_do_not_tell_and_faults_leave_it_open() {
        let aims = of(&rounds(&[8_000.0, 15_000.0, 22_000.0]));
        assert_eq!(find(&aims, "postgres", "api-axum").is_met, None, "the interval goes beyond 70 %");
        let aims = of(&rounds(&[16_000.0]));
        assert_eq!(find(&aims, "postgres", "api-axum").is_met, None, "one round tells nothing of its spread");
        let mut rounds = rounds(&[16_000.0; 3]);
        rounds.series[2].rounds[0].refused = 1;
        let aims = of(&rounds);
        assert_eq!(find(&aims, "postgres", "api-axum").is_met, None);
        assert_eq!(find(&aims, "postgres", "all").is_met, None);
    }

    #[test]
    fn a_long_tail_is_seen() {
        let mut series = series("api-axum", "postgres", &[1.0; 3]);
        let aim = spread(&series, None);
        assert_eq!((aim.found.as_str(), aim.is_met), ("4.0 ×", Some(true)));
        assert_eq!(aim.wanted, "p99 below 5 × p50 at 80 % of saturation");
        let bare = series.clone();
        for round in &mut series.rounds {
            round.p99 = 500.0;
        }
        let aim = spread(&series, Some(&bare));
        assert_eq!((aim.found.as_str(), aim.is_met), ("5.0 ×; api-axum 4.0 ×", Some(false)));
    }
}
