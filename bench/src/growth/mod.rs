//! How a cost grows: with connections, with the offered rate, with the size of a value, with the slowness of backends.

mod slow;

use std::path::PathBuf;
use std::time::Duration;

use devstack::Stack;
use serde::{Deserialize, Serialize};

use crate::BoxError;
use crate::client::{Client, HttpCaller};
use crate::load::{self, Stretch, Summary};
use crate::operation::{Operation, request};
use crate::result::Figures;
use crate::subject::{self, Subject};

/// Numbers of connections.
const CONNECTIONS: [u32; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/// Offered rates, in per cent of what is reached when saturated.
const RATES: [u32; 10] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
/// Connections over which a rate is offered, and at which it is saturated before.
const RATE_CONNECTIONS: u32 = 64;
/// Sizes of a cache's value, in bytes. A value has at most 5,000 characters, and the largest is of such as take two bytes.
const SIZES: [usize; 5] = [10, 100, 1000, 5000, 10_000];
/// Connections on which values are read.
const VALUE_CONNECTIONS: u32 = 8;

/// All curves of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Curves {
    pub(crate) curves: Vec<Curve>,
}

impl Figures for Curves {
    const FILE: &'static str = "growth.json";
}

/// One operation of one target, over one thing that grows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Curve {
    pub(crate) over: Over,
    pub(crate) target: String,
    pub(crate) operation: String,
    pub(crate) points: Vec<Point>,
}

/// What grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Over {
    /// Connections, saturated.
    Connections,
    /// Requests a second that are due, on 64 connections.
    Rate,
    /// Bytes of a value in the cache, saturated.
    ValueBytes,
    /// Milliseconds that everything takes longer on its way to the backends and back.
    BackendDelay,
}

impl Over {
    /// All, in the order of a report.
    pub(crate) const ALL: [Self; 4] = [Self::Connections, Self::Rate, Self::ValueBytes, Self::BackendDelay];

    /// What a report calls it, with its unit.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Rate => "offered requests/s",
            Self::ValueBytes => "bytes of the value",
            Self::BackendDelay => "ms of delay each way to every backend",
        }
    }
}

/// One point. Times in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) at: f64,
    pub(crate) per_second: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Requests that were not answered as they should be.
    pub(crate) faults: u64,
}

impl Point {
    fn new(at: f64, found: &Summary) -> Self {
        let Summary { per_second, p50, p99, .. } = *found;
        Self { at, per_second, p50, p99, faults: found.refused + found.failed }
    }
}

/// What to measure.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) subjects: Vec<Subject>,
    /// What is asked for over connections and rates.
    pub(crate) operations: Vec<Operation>,
    /// The most connections.
    pub(crate) connections: u32,
    /// How long each point is measured.
    pub(crate) duration: Duration,
    /// Names and programs of servers to start with slow backends.
    pub(crate) servers: Vec<(String, PathBuf)>,
}

impl Plan {
    /// How long the run takes.
    pub(crate) fn duration(&self) -> Duration {
        let pairs = subject::pairs(&self.subjects, &self.operations);
        let servers = self.with_values().count();
        let points = pairs * (self.numbers().count() + RATES.len() + 1)
            + servers * SIZES.len()
            + self.servers.len() * slow::DELAYS.len();
        self.duration * u32::try_from(points).unwrap_or(u32::MAX)
    }

    fn numbers(&self) -> impl Iterator<Item = u32> {
        CONNECTIONS.into_iter().filter(|number| *number <= self.connections)
    }

    /// The servers that have a cache.
    fn with_values(&self) -> impl Iterator<Item = &Subject> {
        self.subjects.iter().filter(|subject| subject.is_a_server())
    }

    /// Do it. Targets take turns at each point. `say` is told what begins.
    ///
    /// # Errors
    /// When a target does not answer as it should before it is measured, or a server does not start.
    pub(crate) async fn carry_out(
        &self,
        stack: Option<&Stack>,
        say: impl Fn(String),
    ) -> Result<Curves, BoxError> {
        for subject in &self.subjects {
            subject.prepare(&self.operations).await?;
        }
        let mut curves = Curves::default();
        for operation in &self.operations {
            for connections in self.numbers() {
                say(format!("{}, {connections} connections", operation.name));
                for subject in self.subjects.iter().filter(|subject| subject.serves(operation)) {
                    let stretch = Stretch::new(connections, self.duration)?;
                    let found = subject.load(operation, &stretch, None).await?;
                    let point = Point::new(f64::from(connections), &found);
                    curves.add(Over::Connections, subject.name(), operation.name, point);
                }
            }
            for subject in self.subjects.iter().filter(|subject| subject.serves(operation)) {
                say(format!("{}, {subject}: rates up to saturation", operation.name));
                self.rates(subject, operation, &mut curves).await?;
            }
        }
        for size in SIZES {
            say(format!("values of {size} bytes"));
            for subject in self.with_values() {
                let point = self.value(subject, size).await?;
                curves.add(Over::ValueBytes, subject.name(), "cache-get", point);
            }
        }
        if let Some(stack) = stack {
            for (name, program) in &self.servers {
                say(format!("{name} with slow backends"));
                for point in slow::points(stack, name, program, self.duration).await? {
                    curves.add(Over::BackendDelay, name, "health-all", point);
                }
            }
        }
        Ok(curves)
    }

    async fn rates(
        &self,
        subject: &Subject,
        operation: &Operation,
        curves: &mut Curves,
    ) -> Result<(), BoxError> {
        let stretch = Stretch::new(RATE_CONNECTIONS, self.duration)?;
        let saturated = subject.load(operation, &stretch, None).await?.per_second;
        for rate in RATES {
            let rate = (saturated * f64::from(rate) / 100.0).max(1.0);
            let found = subject.load(operation, &stretch, Some(rate)).await?;
            curves.add(Over::Rate, subject.name(), operation.name, Point::new(rate, &found));
        }
        Ok(())
    }

    /// Read a value of this size, again and again.
    #[expect(clippy::cast_precision_loss, reason = "sizes of a few thousand bytes")]
    async fn value(&self, subject: &Subject, size: usize) -> Result<Point, BoxError> {
        let Subject::Server(target) = subject else { return Err("only a server has a cache".into()) };
        let host = target.address.to_string();
        let path = format!("/examples/cache/bench:{size}-bytes");
        let write = request("POST", &format!("{path}?value={}", value(size)), &host, "");
        let answer = Client::new(target.address).ask(&write).await?;
        if answer.status != 200 {
            return Err(format!("{target} refuses a value of {size} bytes ({})", answer.status).into());
        }
        let read = request("GET", &path, &host, "");
        let stretch = Stretch::new(VALUE_CONNECTIONS, self.duration)?;
        let caller = |_| HttpCaller::with(target.address, read.clone(), 200);
        Ok(Point::new(size as f64, &load::saturate(&stretch, caller).await))
    }
}

impl Curves {
    fn add(&mut self, over: Over, target: &str, operation: &str, point: Point) {
        let same =
            |curve: &&mut Curve| curve.over == over && curve.target == target && curve.operation == operation;
        match self.curves.iter_mut().find(same) {
            Some(curve) => curve.points.push(point),
            None => self.curves.push(Curve {
                over,
                target: target.to_owned(),
                operation: operation.to_owned(),
                points: vec![point],
            }),
        }
    }

    /// The operations that have curves over something, in the order in which they were measured.
    pub(crate) fn operations(&self, over: Over) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for curve in self.curves.iter().filter(|curve| curve.over == over) {
            if !names.contains(&curve.operation.as_str()) {
                names.push(&curve.operation);
            }
        }
        names
    }

    /// Everybody's curve of an operation over something.
    pub(crate) fn of(&self, over: Over, operation: &str) -> Vec<&Curve> {
        self.curves.iter().filter(|curve| curve.over == over && curve.operation == operation).collect()
    }
}

/// A value of so many bytes, as it stands in a query: with at most 5,000 characters, and so of two-byte ones when it is
/// longer.
fn value(bytes: usize) -> String {
    if bytes > contract::CacheValue::MAX_LENGTH { "%C3%A9".repeat(bytes / 2) } else { "x".repeat(bytes) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::floor::Floor;
    use crate::operation;
    use crate::target::Target;

    pub(crate) fn curves() -> Curves {
        let mut curves = Curves::default();
        for (index, target) in ["bare-hyper", "api-axum"].into_iter().enumerate() {
            let factor = if index == 0 { 2.0 } else { 1.0 };
            for at in [1.0, 8.0, 64.0] {
                let point = Point { at, per_second: 1000.0 * at * factor, p50: 100.0, p99: 300.0, faults: 0 };
                curves.add(Over::Connections, target, "health", point);
            }
        }
        let slow = Point { at: 100.0, per_second: 4.0, p50: 210_000.0, p99: 215_000.0, faults: 1 };
        curves.add(Over::BackendDelay, "api-axum", "health-all", slow);
        curves
    }

    #[test]
    fn a_value_has_the_bytes_that_were_asked_for_and_no_more_characters_than_may_be() {
        assert_eq!(value(10), "xxxxxxxxxx");
        let long = value(10_000);
        assert_eq!((long.len(), long.matches("%C3%A9").count()), (30_000, 5000));
    }

    #[test]
    fn curves_are_kept_by_what_grows_who_and_what() {
        let curves = curves();
        assert_eq!(curves.curves.len(), 3);
        assert_eq!(curves.operations(Over::Connections), ["health"]);
        assert_eq!(curves.of(Over::Connections, "health").len(), 2);
        assert!(curves.of(Over::Rate, "health").is_empty());
    }

    #[tokio::test]
    async fn a_target_is_measured_over_connections_and_rates() {
        let floor = Floor::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let target = Target {
            name: "floor".to_owned(),
            address: floor.address(),
            pid: Some(std::process::id()),
            is_floor: true,
        };
        let plan = Plan {
            subjects: vec![Subject::Server(target)],
            operations: vec![operation::ALL[0]],
            connections: 4,
            duration: Duration::from_millis(10),
            servers: Vec::new(),
        };
        assert_eq!(plan.duration(), Duration::from_millis(140));
        let curves = plan.carry_out(None, |_| ()).await.unwrap();
        let at = |over| -> Vec<f64> {
            let curves = curves.of(over, "health");
            curves.iter().flat_map(|curve| &curve.points).map(|point| point.at).collect()
        };
        assert_eq!(at(Over::Connections), [1.0, 2.0, 4.0]);
        let rates = at(Over::Rate);
        assert!(rates.len() == 10 && rates.is_sorted(), "{rates:?}");
    }
}
