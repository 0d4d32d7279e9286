//! What a run comes to.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::Engine;
use crate::coverage;
use crate::mask::Mask;
use crate::model::{CaseResult, Coverage, Outcome, RunResult, Tally, TargetInfo};

/// The version of the form of [`RunResult`].
const VERSION: u32 = 1;

impl Engine {
    /// Makes a run's result of those of its cases.
    ///
    /// `is_whole` says that all cases ran, so that a mask that met nothing, and an answer or a constraint that was not reached,
    /// are faults.
    pub fn conclude(&self, cases: Vec<CaseResult>, is_whole: bool) -> RunResult {
        let coverage = self.coverage(&cases);
        let mut faults = Vec::new();
        if is_whole {
            faults.extend(self.stale_masks(&cases));
            if let (Some(exceptions), Some(_)) = (&self.exceptions, &self.contract) {
                faults.extend(coverage::faults(&coverage, exceptions));
            }
        }
        let targets: Vec<TargetInfo> = self
            .targets()
            .zip(&self.deaths)
            .map(|(target, death)| TargetInfo {
                name: target.name.clone(),
                url: target.url.to_string(),
                died_after: death.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            })
            .collect();
        faults.extend(targets.iter().filter_map(|target| {
            let case = target.died_after.as_ref()?;
            Some(format!("{} no longer answered after {case}", target.name))
        }));
        let noise = self.learning.as_ref().map(|noise| {
            let mut noise = noise.lock().unwrap_or_else(PoisonError::into_inner).clone();
            noise.sort();
            noise.dedup_by(|one, other| (&one.operation, &one.place) == (&other.operation, &other.place));
            noise
        });
        RunResult {
            version: VERSION,
            started: self.started(),
            elapsed_ms: u64::try_from(self.began.1.elapsed().as_millis()).unwrap_or(u64::MAX),
            targets,
            document: self.contract.as_ref().map(|contract| contract.name.clone()),
            settings: self.config.settings.clone(),
            tally: tally(&cases, self.requests.load(Ordering::Relaxed)),
            cases,
            coverage,
            faults,
            noise: noise.unwrap_or_default(),
        }
    }

    /// The masks of the configuration that hid nothing in any case, whichever engine ran it.
    fn stale_masks(&self, cases: &[CaseResult]) -> Vec<String> {
        let masked = || cases.iter().flat_map(|case| &case.steps).flat_map(|step| &step.masked);
        let is_stale = |mask: &&Mask| {
            let form = mask.form.to_string();
            !masked().any(|masked| masked.form == form && mask.covers(&masked.place))
        };
        let stale = self.config.mask.iter().filter(is_stale);
        let told = stale.map(|mask| {
            format!("the mask at {:?} ({}) never met a value: delete it, or repair it", mask.at, mask.form)
        });
        told.collect()
    }

    fn coverage(&self, cases: &[CaseResult]) -> Coverage {
        match &self.contract {
            Some(contract) => {
                coverage::of(&contract.answers, &self.constraints, cases, self.exceptions.as_ref())
            }
            None => Coverage::default(),
        }
    }
}

fn tally(cases: &[CaseResult], requests: u64) -> Tally {
    let mut tally = Tally { requests, ..Tally::default() };
    for case in cases {
        match case.outcome {
            Outcome::Agreed => tally.agreed += 1,
            Outcome::Differed => tally.differed += 1,
            Outcome::NotRun(_) => tally.not_run += 1,
        }
    }
    tally
}

impl RunResult {
    /// The exit code: 0 when all is well, 1 when something differs, 3 when something could not run and nothing differs.
    pub fn exit_code(&self) -> u8 {
        match self.tally {
            Tally { differed: 0, not_run: 0, .. } if self.faults.is_empty() => 0,
            Tally { differed: 0, not_run, .. } if not_run > 0 => 3,
            _ => 1,
        }
    }
}
