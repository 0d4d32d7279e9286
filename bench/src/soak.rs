//! Hours of work in minutes: all servers at once under steady load, and what their memory does meanwhile.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::BoxError;
use crate::load::{Stretch, Summary};
use crate::operation::Operation;
use crate::result::Figures;
use crate::statistics::median;
use crate::subject::Subject;

/// How long what can be borne is measured before: long enough that a moment in which the machine is fast or slow does not
/// set the pace of all the rest.
const SATURATE: Duration = Duration::from_secs(20);
/// Between two looks at a server's memory.
const LOOK: Duration = Duration::from_secs(2);
/// The growth that still counts as none: the allocator takes and gives in steps.
const NONE: f64 = 1.05;

/// What a soak found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Soaks {
    pub(crate) soaks: Vec<Soak>,
}

impl Figures for Soaks {
    const FILE: &'static str = "soak.json";
}

/// One server. Times in microseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Soak {
    pub(crate) target: String,
    /// What was asked for, each with an equal share of the connections and of the rate.
    pub(crate) operations: Vec<String>,
    /// Requests a second that were due.
    pub(crate) pace: f64,
    /// The figures of each operation.
    pub(crate) found: Vec<Summary>,
    pub(crate) samples: Vec<Sample>,
}

/// Memory at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// Since the beginning.
    pub(crate) seconds: f64,
    /// Resident memory in bytes.
    pub(crate) rss: f64,
}

impl Soak {
    /// Requests that were not answered as they should be.
    pub(crate) fn faults(&self) -> u64 {
        self.found.iter().map(|found| found.refused + found.failed).sum()
    }

    /// The median of a fifth of the samples, counted from 0.
    fn fifth(&self, number: usize) -> Option<f64> {
        let length = self.samples.len() / 5;
        let those = self.samples.get(length * number..length * (number + 1))?;
        let rss: Vec<f64> = those.iter().map(|sample| sample.rss).collect();
        (!rss.is_empty()).then(|| median(&rss))
    }

    /// How many times as large memory is in the last fifth as in the second; the first one warms up. `None` with too few
    /// samples.
    pub(crate) fn growth(&self) -> Option<f64> {
        Some(self.fifth(4)? / self.fifth(1)?)
    }

    /// Whether memory stayed where it was.
    pub(crate) fn is_steady(&self) -> Option<bool> {
        self.growth().map(|growth| growth <= NONE)
    }
}

/// What to do.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) operations: Vec<Operation>,
    /// Connections to each server for each operation.
    pub(crate) connections: u32,
    pub(crate) duration: Duration,
    /// The share of what all can bear at once that is put on them.
    pub(crate) pace: f64,
}

impl Plan {
    /// Do it: find out what each bears while all are asked at once, then put a share of that on each. `say` is told what
    /// begins.
    ///
    /// # Errors
    /// When a target does not answer as it should before it is measured.
    pub(crate) async fn carry_out(&self, say: impl Fn(String)) -> Result<Soaks, BoxError> {
        for subject in &self.subjects {
            subject.prepare(&self.operations).await?;
        }
        say(format!("what {} servers bear at once, {} s", self.subjects.len(), SATURATE.as_secs()));
        let borne = self.on_all(SATURATE, None).await?;
        let rates: Vec<Vec<f64>> = borne
            .iter()
            .map(|found| found.iter().map(|found| (found.per_second * self.pace).max(1.0)).collect())
            .collect();
        say(format!("{:.0} % of it on each, for {} s", self.pace * 100.0, self.duration.as_secs()));
        let watching: Vec<_> =
            self.subjects.iter().map(|subject| tokio::spawn(watch(subject.clone(), self.duration))).collect();
        let found = self.on_all(self.duration, Some(&rates)).await?;
        let mut soaks = Vec::new();
        for (((subject, found), rates), samples) in self.subjects.iter().zip(found).zip(rates).zip(watching) {
            soaks.push(Soak {
                target: subject.name().to_owned(),
                operations: self.operations.iter().map(|operation| operation.name.to_owned()).collect(),
                pace: rates.iter().sum(),
                found,
                samples: samples.await?,
            });
        }
        Ok(Soaks { soaks })
    }

    /// Every operation on every subject at the same time; the figures by subject, then by operation.
    async fn on_all(
        &self,
        duration: Duration,
        rates: Option<&[Vec<f64>]>,
    ) -> Result<Vec<Vec<Summary>>, BoxError> {
        let mut tasks = JoinSet::new();
        for (row, subject) in self.subjects.iter().enumerate() {
            for (column, operation) in self.operations.iter().enumerate() {
                let (subject, operation) = (subject.clone(), *operation);
                let stretch = Stretch::new(self.connections, duration)?;
                let rate = rates.and_then(|rates| rates.get(row)?.get(column)).copied();
                tasks.spawn(async move {
                    let found = subject.load(&operation, &stretch, rate).await;
                    found.map(|found| (row, column, found))
                });
            }
        }
        let mut all = vec![vec![Summary::default(); self.operations.len()]; self.subjects.len()];
        while let Some(done) = tasks.join_next().await {
            let (row, column, found) = done??;
            if let Some(place) = all.get_mut(row).and_then(|row| row.get_mut(column)) {
                *place = found;
            }
        }
        Ok(all)
    }
}

/// Look at a server's memory for so long.
async fn watch(subject: Subject, duration: Duration) -> Vec<Sample> {
    let begun = Instant::now();
    let mut samples = Vec::new();
    let mut looks = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(begun + duration) => return samples,
            _ = looks.tick() => {}
        }
        if let Some(rss) = subject.usage().await.rss_bytes {
            samples.push(Sample { seconds: begun.elapsed().as_secs_f64(), rss });
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::floor::Floor;
    use crate::operation;
    use crate::target::Target;

    pub(crate) fn soak(last: f64) -> Soak {
        let sample = |number: u32| Sample {
            seconds: f64::from(number),
            rss: if number < 10 {
                15e6
            } else if number < 40 {
                20e6
            } else {
                last
            },
        };
        Soak {
            target: "api-axum".to_owned(),
            operations: vec!["health".to_owned(), "postgres".to_owned()],
            pace: 5000.0,
            found: vec![Summary::default(); 2],
            samples: (0..50).map(sample).collect(),
        }
    }

    #[test]
    fn warming_up_is_no_growth_and_more_than_a_twentieth_later_is() {
        assert_eq!((soak(20.2e6).growth(), soak(20.2e6).is_steady()), (Some(1.01), Some(true)));
        assert_eq!((soak(24e6).growth(), soak(24e6).is_steady()), (Some(1.2), Some(false)));
        let mut short = soak(20e6);
        short.samples.truncate(3);
        assert_eq!(short.is_steady(), None);
    }

    #[tokio::test]
    async fn all_are_asked_at_once_and_watched() {
        let floors = [0; 2].map(|_| async { Floor::start("127.0.0.1:0".parse().unwrap()).await.unwrap() });
        let [first, second] = floors;
        let floors = [first.await, second.await];
        let subjects = floors.iter().map(|floor| {
            let address = floor.address();
            Subject::Server(Target {
                name: "floor".to_owned(),
                address,
                pid: Some(std::process::id()),
                is_floor: true,
            })
        });
        let plan = Plan {
            subjects: subjects.collect(),
            operations: vec![operation::ALL[0]],
            connections: 2,
            duration: Duration::from_millis(50),
            pace: 0.5,
        };
        let rates = vec![vec![100.0], vec![200.0]];
        let found = plan.on_all(plan.duration, Some(&rates)).await.unwrap();
        let answered: Vec<u64> = found.iter().flatten().map(|found| found.answered).collect();
        assert_eq!(answered, [5, 10]);
        assert_eq!(watch(plan.subjects[0].clone(), Duration::from_millis(50)).await.len(), 1);
    }
}
