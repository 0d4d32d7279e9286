//! Is the instrument itself good? Wrong answers must be noticed, and right ones must not.
//!
//! A proxy before one target changes one thing in one answer at a time, and the engine must say that this target is
//! apart; then nothing is changed, and the engine must say nothing. What a declared mask covers cannot be noticed, which
//! is counted on its own.

mod choice;
mod lane;
mod mutation;
mod proxy;
mod verdict;

use std::collections::BTreeSet;
use std::io;

use futures_util::future::{join_all, try_join_all};
use spec::Document;

use crate::config::{Config, JsonMode};
use crate::engine::EngineError;
use crate::model::{Case, CaseResult, Target};
use choice::{Clean, chosen};
use lane::{Lane, LineUp};
pub use mutation::Kind;
pub use verdict::Verdict;

/// How many answers are changed at the same time, each on its way through a proxy and an engine of its own.
const LANES: usize = 8;
/// The most different places of one answer in which a kind of change is made.
const MOST_PICKS: usize = 6;

/// How much is tried.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many changed answers there are to be at least.
    pub mutations: usize,
    /// How often all cases are sent without a change.
    pub clean_runs: usize,
    /// How many cases are used at most.
    pub cases: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { mutations: 300, clean_runs: 50, cases: 60 }
    }
}

/// A changed answer and what the engine made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// What was changed.
    pub kind: Kind,
    /// Where.
    pub place: String,
    /// In which case.
    pub case: String,
    /// In which operation's answer.
    pub operation: String,
    /// What the engine said.
    pub verdict: Verdict,
}

/// What came of a self-test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfTest {
    /// The changed answers.
    pub trials: Vec<Trial>,
    /// The operations whose answers were changed.
    pub operations: BTreeSet<String>,
    /// How often all cases were sent without a change.
    pub clean_runs: usize,
    /// The cases in which the engine said something all the same.
    pub alarms: Vec<String>,
    /// The cases that were used.
    pub cases: usize,
}

/// Why there is no self-test.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelfTestError {
    /// The target speaks TLS, between whose ends nothing can be changed.
    #[error("{0} speaks TLS, between whose ends no answer can be changed: give its http address")]
    Tls(String),
    /// There is no target.
    #[error("a target is needed: --target NAME=URL")]
    NoTarget,
    /// The targets do not agree before anything is changed.
    #[error(
        "none of the {0} cases agrees before anything is changed: first compare the targets with `parity run`"
    )]
    NoCase(usize),
    /// No port could be had for the proxy.
    #[error("the proxy cannot listen")]
    Proxy(#[source] io::Error),
    /// The address of the proxy is not a URL.
    #[error("the proxy has no address")]
    Address(#[from] url::ParseError),
    /// The engine cannot be made.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl SelfTest {
    /// How many trials had this verdict.
    pub fn count(&self, verdict: &Verdict) -> usize {
        self.trials.iter().filter(|trial| trial.verdict == *verdict).count()
    }

    /// Whether every change that nothing declared covers was caught, and nothing else raised an alarm.
    pub fn is_good(&self) -> bool {
        let is_good = |trial: &Trial| trial.verdict.is_good();
        !self.trials.is_empty() && self.trials.iter().all(is_good) && self.alarms.is_empty()
    }

    /// The figures in two lines, after a line for each thing that went wrong.
    pub fn text(&self) -> String {
        let wrong = self.trials.iter().filter(|trial| !trial.verdict.is_good());
        let mut lines: Vec<String> = wrong
            .map(|trial| {
                format!("{:?} at {} in {}: {:?}", trial.kind, trial.place, trial.case, trial.verdict)
            })
            .collect();
        lines.extend(self.alarms.iter().map(|case| format!("an alarm without a change in {case}")));
        let (caught, declared) = (self.count(&Verdict::Caught), self.count(&Verdict::Declared));
        lines.push(format!(
            "{caught} of {} changed answers of {} operations were caught and laid to the right target; {declared} more lie where a difference is declared",
            self.trials.len() - declared,
            self.operations.len()
        ));
        lines.push(format!(
            "{} alarms in {} runs of {} cases without a change",
            self.alarms.len(),
            self.clean_runs,
            self.cases
        ));
        lines.join("\n")
    }
}

/// Tests the engine on targets that are known to agree; of fewer than three, the first is used several times.
///
/// `ended` is told what came of each case each time that it was sent.
///
/// # Errors
/// [`SelfTestError`] when there is nothing to test with.
pub async fn run(
    targets: &[Target],
    config: &Config,
    document: Option<&Document>,
    cases: &[Case],
    options: Options,
    ended: &(dyn Fn(&CaseResult) + Sync),
) -> Result<SelfTest, SelfTestError> {
    let line = LineUp::of(targets, config)?;
    let lanes = (0..LANES).map(|_| Lane::through(&line, config, document, ended));
    let lanes = try_join_all(lanes).await?;
    let Some(first) = lanes.first() else { return Err(SelfTestError::NoTarget) };
    let chosen = chosen(first, cases, options.cases).await;
    if chosen.is_empty() {
        return Err(SelfTestError::NoCase(cases.len()));
    }
    let is_made = |kind: &Kind| *kind != Kind::NumberForm || config.json == JsonMode::AsWritten;
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(is_made).collect();
    let mut trials = Vec::new();
    for pick in 0..MOST_PICKS {
        let round = lanes.iter().enumerate().map(async |(index, lane)| {
            let own: Vec<&Clean> = chosen.iter().skip(index).step_by(LANES).collect();
            lane.trials(&own, &kinds, pick).await
        });
        trials.extend(join_all(round).await.into_iter().flatten());
        if trials.len() >= options.mutations {
            break;
        }
    }
    let cases: Vec<Case> = chosen.into_iter().map(|clean| clean.case).collect();
    let mut alarms = Vec::new();
    for _ in 0..options.clean_runs {
        alarms.extend(first.alarms(&cases).await);
    }
    Ok(SelfTest {
        operations: trials.iter().map(|trial: &Trial| trial.operation.clone()).collect(),
        trials,
        clean_runs: options.clean_runs,
        alarms,
        cases: cases.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(verdict: Verdict, alarms: &[&str]) -> SelfTest {
        let trial = Trial {
            kind: Kind::Value,
            place: "body /a".to_owned(),
            case: "things::are_listed".to_owned(),
            operation: "list_things".to_owned(),
            verdict,
        };
        SelfTest {
            trials: vec![trial],
            operations: BTreeSet::from(["list_things".to_owned()]),
            clean_runs: 50,
            alarms: alarms.iter().map(|case| (*case).to_owned()).collect(),
            cases: 1,
        }
    }

    #[test]
    fn it_is_good_when_all_is_caught_and_nothing_else_is_said() {
        assert!(test(Verdict::Caught, &[]).is_good());
        assert!(test(Verdict::Declared, &[]).is_good());
        assert!(!test(Verdict::Missed, &[]).is_good());
        assert!(!test(Verdict::Blamed(vec!["other".to_owned()]), &[]).is_good());
        assert!(!test(Verdict::Caught, &["things::are_listed"]).is_good());
        assert!(!SelfTest { trials: Vec::new(), ..test(Verdict::Caught, &[]) }.is_good());
    }

    #[test]
    fn what_went_wrong_stands_before_the_two_figures() {
        let text = test(Verdict::Missed, &["things::are_listed"]).text();
        assert_eq!(
            text,
            "Value at body /a in things::are_listed: Missed\n\
             an alarm without a change in things::are_listed\n\
             0 of 1 changed answers of 1 operations were caught and laid to the right target; 0 more lie where a difference is declared\n\
             1 alarms in 50 runs of 1 cases without a change"
        );
    }
}
