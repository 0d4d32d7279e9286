//! A whole run: every operation on every target, in rounds whose order changes.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::BoxError;
use crate::load::{Stretch, Summary};
use crate::operation::Operation;
use crate::process::Usage;
use crate::result::{Round, Series};
use crate::subject::{self, Subject};

/// How often the memory of a target under load is looked at.
const LOOK_AT_MEMORY: Duration = Duration::from_millis(500);

/// What to measure, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) connections: Vec<u32>,
    pub(crate) rounds: u32,
    /// How long each part of a round lasts: saturated, then paced.
    pub(crate) duration: Duration,
    pub(crate) warm_up: Duration,
    /// The rate of the paced part, as a share of what the round's saturated part reached.
    pub(crate) pace: f64,
}

impl Plan {
    /// How long the run takes.
    pub(crate) fn duration(&self) -> Duration {
        let pairs = subject::pairs(&self.subjects, &self.operations);
        let parts = u32::try_from(pairs * self.connections.len()).unwrap_or(u32::MAX);
        (self.duration * 2 + self.warm_up) * parts * self.rounds
    }

    /// Do it. Targets take turns within each operation, and each round begins with another one, so that what changes
    /// slowly on the machine favours none. `say` is told what begins.
    ///
    /// # Errors
    /// When a target does not answer as it should before it is measured, or the drivers' process has ended.
    pub(crate) async fn carry_out(&self, say: impl Fn(String)) -> Result<Vec<Series>, BoxError> {
        for subject in &self.subjects {
            subject.prepare(&self.operations).await?;
        }
        let mut all: Vec<Series> = Vec::new();
        for round in 1..=self.rounds {
            for operation in &self.operations {
                for connections in &self.connections {
                    for subject in self.in_turn(round, operation) {
                        let name = operation.name;
                        say(format!(
                            "round {round} of {}: {name}, {connections} connections, {subject}",
                            self.rounds
                        ));
                        self.begin_anew(operation).await?;
                        let measured = self.one(subject, operation, *connections).await?;
                        keep(&mut all, subject.name(), operation, *connections, measured);
                    }
                }
            }
        }
        Ok(all)
    }

    /// Leave nothing to a target of what those before it did.
    async fn begin_anew(&self, operation: &Operation) -> Result<(), BoxError> {
        if operation.publishes() {
            for subject in &self.subjects {
                if let Subject::Drivers(drivers) = subject {
                    drivers.empty_queue().await?;
                }
            }
        }
        Ok(())
    }

    /// Who does the operation, in the order of this round.
    fn in_turn(&self, round: u32, operation: &Operation) -> Vec<&Subject> {
        let mut subjects: Vec<&Subject> =
            self.subjects.iter().filter(|subject| subject.serves(operation)).collect();
        let turn = usize::try_from(round - 1).unwrap_or_default() % subjects.len().max(1);
        subjects.rotate_left(turn);
        subjects
    }

    async fn one(
        &self,
        subject: &Subject,
        operation: &Operation,
        connections: u32,
    ) -> Result<Round, BoxError> {
        subject.warm_up(operation, connections, self.warm_up).await?;
        let stretch = Stretch::new(connections, self.duration)?;
        let before = subject.usage().await;
        let memory = Memory::watch(subject);
        let saturated = subject.load(operation, &stretch, None).await?;
        let pace = (saturated.per_second * self.pace).max(1.0);
        let paced = subject.load(operation, &stretch, Some(pace)).await?;
        let peak = memory.peak().await;
        Ok(round(&saturated, &paced, pace, before, peak, subject.usage().await))
    }
}

fn keep(all: &mut Vec<Series>, target: &str, operation: &Operation, connections: u32, round: Round) {
    let same = |series: &&mut Series| {
        series.target == target && series.operation == operation.name && series.connections == connections
    };
    match all.iter_mut().find(same) {
        Some(series) => series.rounds.push(round),
        None => all.push(Series {
            target: target.to_owned(),
            operation: operation.name.to_owned(),
            connections,
            rounds: vec![round],
        }),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests stay far below 2^52")]
fn round(
    saturated: &Summary,
    paced: &Summary,
    pace: f64,
    before: Usage,
    peak: Option<f64>,
    after: Usage,
) -> Round {
    let answered = saturated.answered + paced.answered + saturated.refused + paced.refused;
    let cpu = after.cpu_seconds.zip(before.cpu_seconds).map(|(after, before)| after - before);
    let mut faults = saturated.faults.clone();
    for (what, count) in &paced.faults {
        *faults.entry(what.clone()).or_default() += count;
    }
    Round {
        per_second: saturated.per_second,
        pace,
        p50: paced.p50,
        p90: paced.p90,
        p99: paced.p99,
        p999: paced.p999,
        slowest: paced.slowest,
        requests: answered + saturated.failed + paced.failed,
        failed: saturated.failed + paced.failed,
        refused: saturated.refused + paced.refused,
        faults,
        cpu_per_10_000: cpu.filter(|_| answered > 0).map(|cpu| cpu * 10_000.0 / answered as f64),
        rss_before: before.rss_bytes,
        rss_peak: peak.into_iter().chain(after.rss_bytes).reduce(f64::max),
        rss_after: after.rss_bytes,
    }
}

/// Looks at a target's memory while load is on it.
#[derive(Debug)]
struct Memory {
    stop: Arc<tokio::sync::Notify>,
    watching: JoinHandle<Option<f64>>,
}

impl Memory {
    fn watch(subject: &Subject) -> Self {
        let (stop, subject) = (Arc::new(tokio::sync::Notify::new()), subject.clone());
        let told = Arc::clone(&stop);
        let watching = tokio::spawn(async move {
            let mut peak = None;
            loop {
                tokio::select! {
                    () = told.notified() => return peak,
                    () = tokio::time::sleep(LOOK_AT_MEMORY) => {
                        peak = peak.into_iter().chain(subject.usage().await.rss_bytes).reduce(f64::max);
                    }
                }
            }
        });
        Self { stop, watching }
    }

    /// The most that was seen, in bytes.
    async fn peak(self) -> Option<f64> {
        self.stop.notify_one();
        self.watching.await.ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::floor::Floor;
    use crate::operation;
    use crate::target::Target;

    #[tokio::test]
    async fn every_round_asks_all_targets_and_begins_with_another_one() {
        let floors = [
            Floor::start("127.0.0.1:0".parse().unwrap()).await,
            Floor::start("127.0.0.1:0".parse().unwrap()).await,
        ];
        let targets = floors.iter().zip(["a", "b"]).map(|(floor, name)| {
            let address = floor.as_ref().unwrap().address();
            Subject::Server(Target {
                name: name.to_owned(),
                address,
                pid: Some(std::process::id()),
                is_floor: true,
            })
        });
        let plan = Plan {
            subjects: targets.collect(),
            operations: vec![operation::ALL[0], operation::ALL[4]],
            connections: vec![2],
            rounds: 2,
            duration: Duration::from_millis(20),
            warm_up: Duration::ZERO,
            pace: 0.5,
        };
        assert_eq!(plan.duration(), Duration::from_millis(160), "the bare servers have no databases");
        let said = Mutex::new(Vec::new());
        let series = plan.carry_out(|line| said.lock().unwrap().push(line)).await.unwrap();
        let order: Vec<String> = said
            .lock()
            .unwrap()
            .iter()
            .filter_map(|line| Some(line.split_once("connections, ")?.1.get(..1)?.to_owned()))
            .collect();
        assert_eq!(order, ["a", "b", "b", "a"]);
        assert_eq!(series.len(), 2);
        for series in series {
            assert_eq!((series.rounds.len(), series.faults(), series.operation.as_str()), (2, 0, "health"));
            assert!(series.per_second() > 0.0);
        }
    }
}
