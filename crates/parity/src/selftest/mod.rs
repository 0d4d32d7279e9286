//! Is the instrument itself good? Wrong answers must be noticed, and right ones must not.
//!
//! A proxy before one target changes one thing in one answer at a time, and the engine must say that this target is
//! apart; then nothing is changed, and the engine must say nothing. What a declared mask covers cannot be noticed, which
//! is counted on its own.

mod mutation;
mod proxy;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use spec::Document;
use url::Url;

use crate::config::{Config, HeaderPolicy, JsonMode};
use crate::engine::{Engine, EngineError};
use crate::mask::matches;
use crate::model::{Agreement, Case, CaseResult, Compare, Outcome, Step, StepResult, Target};
pub use mutation::Kind;
use proxy::{Order, Proxy};

/// An answer that has not come by then does not come: short, because late answers are made on purpose.
const ANSWER: Duration = Duration::from_millis(1_500);
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

/// What the engine said of a changed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It named the changed target, and no other.
    Caught,
    /// It said nothing, and something declared lets the place differ.
    Declared,
    /// It said nothing.
    Missed,
    /// It named these targets.
    Blamed(Vec<String>),
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
        let is_fine = |trial: &Trial| matches!(trial.verdict, Verdict::Caught | Verdict::Declared);
        !self.trials.is_empty() && self.trials.iter().all(is_fine) && self.alarms.is_empty()
    }

    /// The figures in two lines, after a line for each thing that went wrong.
    pub fn text(&self) -> String {
        let wrong =
            self.trials.iter().filter(|trial| !matches!(trial.verdict, Verdict::Caught | Verdict::Declared));
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
/// # Errors
/// [`SelfTestError`] when there is nothing to test with.
pub async fn run(
    targets: &[Target],
    config: &Config,
    document: Option<&Document>,
    cases: &[Case],
    options: Options,
) -> Result<SelfTest, SelfTestError> {
    let (mut targets, proxied) = lined_up(targets, config)?;
    let proxy = Proxy::before(proxied.host(), proxied.port()).await.map_err(SelfTestError::Proxy)?;
    let changed = "changed".to_owned();
    let url = Url::parse(&format!("http://{}{}", proxy.address, proxied.prefix()))?;
    targets.push(Target { name: changed.clone(), url, ca: None, values: proxied.values.clone() });
    let mut config = config.clone();
    config.limits.answer_ms = u64::try_from(ANSWER.as_millis()).unwrap_or(u64::MAX);
    let mut engine = Engine::new(targets, config.clone())?;
    if let Some(document) = document {
        engine = engine.with_document(document, "")?;
    }
    let chosen = chosen(&engine, cases, options.cases).await;
    if chosen.is_empty() {
        return Err(SelfTestError::NoCase(cases.len()));
    }
    let mut test = SelfTest {
        trials: Vec::new(),
        operations: BTreeSet::new(),
        clean_runs: options.clean_runs,
        alarms: Vec::new(),
        cases: chosen.len(),
    };
    let kinds =
        Kind::ALL.into_iter().filter(|kind| *kind != Kind::NumberForm || config.json == JsonMode::AsWritten);
    let kinds: Vec<Kind> = kinds.collect();
    let mut late = BTreeSet::new();
    for pick in 0..MOST_PICKS {
        if pick > 0 && test.trials.len() >= options.mutations {
            break;
        }
        for Clean { case, operation, step } in &chosen {
            for kind in &kinds {
                // Each late answer is waited for, so that one of each operation has to do.
                if *kind == Kind::Delayed && !late.insert(operation.clone()) {
                    continue;
                }
                let skip = exchanges(case) - 1;
                proxy.order(Order { kind: *kind, pick, skip, mode: config.json, delay: ANSWER * 2 });
                let result = engine.run_case(case).await;
                let Some(place) = proxy.done() else { continue };
                let verdict = verdict(&result, &changed, &place, step, &config);
                test.operations.insert(operation.clone());
                test.trials.push(Trial {
                    kind: *kind,
                    place,
                    case: case.id.clone(),
                    operation: operation.clone(),
                    verdict,
                });
            }
        }
    }
    let cases: Vec<Case> = chosen.into_iter().map(|clean| clean.case).collect();
    for _ in 0..options.clean_runs {
        let run = engine.run(&cases, true, &|_| {}).await;
        test.alarms.extend(run.cases.iter().filter(|case| !case.is_good()).map(|case| case.case.id.clone()));
    }
    Ok(test)
}

/// The targets that stay as they are, at least two, and the one whose answers are changed.
fn lined_up(targets: &[Target], config: &Config) -> Result<(Vec<Target>, Target), SelfTestError> {
    if let Some(target) = targets.iter().find(|target| target.is_https()) {
        return Err(SelfTestError::Tls(target.name.clone()));
    }
    let first = targets.first().ok_or(SelfTestError::NoTarget)?;
    let mut line = targets.to_vec();
    while line.len() < 3 {
        line.push(Target {
            name: format!("{}-{}", first.name, line.len() + 1),
            ..with_values(first, config)
        });
    }
    let last = line.pop().ok_or(SelfTestError::NoTarget)?;
    Ok((line, with_values(&last, config)))
}

/// The target with what the configuration gives to its name, which a copy under another name is to have too.
fn with_values(target: &Target, config: &Config) -> Target {
    let own = config.target.get(&target.name).cloned().unwrap_or_default();
    let values: BTreeMap<String, String> = own.into_iter().chain(target.values.clone()).collect();
    Target { values, ..target.clone() }
}

/// A case in which all agree, its last operation, and what came of its last step.
struct Clean {
    case: Case,
    operation: String,
    step: StepResult,
}

/// Cases that agree, of all operations and statuses before several of one.
async fn chosen(engine: &Engine, cases: &[Case], most: usize) -> Vec<Clean> {
    let is_simple = |case: &&Case| {
        let is_for_all = |step: &Step| !step.send.concurrent && step.only.is_none();
        // Of an answer that is not compared as a whole, most changes are not to be noticed.
        let compares_all = case.steps.last().is_some_and(|step| step.compare == Compare::All);
        !case.hostile
            && !case.alone
            && !case.shared_namespace
            && compares_all
            && case.steps.iter().all(is_for_all)
    };
    let mut by_answer: BTreeMap<(String, Vec<u16>), Vec<Clean>> = BTreeMap::new();
    for case in cases.iter().filter(is_simple) {
        let result = engine.run_case(case).await;
        let Some(step) = result.steps.last().filter(|_| result.outcome == Outcome::Agreed).cloned() else {
            continue;
        };
        let (Some(operation), Agreement::Same) = (step.operation.clone(), &step.agreement) else { continue };
        let statuses = step.evidence.values().next().and_then(|evidence| evidence.last());
        let statuses = statuses.map(|evidence| evidence.statuses.clone()).unwrap_or_default();
        let clean = Clean { case: case.clone(), operation: operation.clone(), step };
        by_answer.entry((operation, statuses)).or_default().push(clean);
    }
    let mut chosen = Vec::new();
    let mut lists: Vec<_> = by_answer.into_values().map(Vec::into_iter).collect();
    while chosen.len() < most && !lists.is_empty() {
        lists.retain_mut(|list| match list.next() {
            Some(clean) if chosen.len() < most => {
                chosen.push(clean);
                true
            }
            _ => false,
        });
    }
    chosen
}

fn exchanges(case: &Case) -> usize {
    let of_steps = case
        .steps
        .iter()
        .map(|step| step.send.messages.len() * usize::try_from(step.send.repeat).unwrap_or(usize::MAX));
    of_steps.sum::<usize>().max(1)
}

fn verdict(result: &CaseResult, changed: &str, place: &str, clean: &StepResult, config: &Config) -> Verdict {
    let blamed: BTreeSet<&str> = result.steps.iter().flat_map(blamed).collect();
    if blamed.iter().copied().eq([changed]) {
        return Verdict::Caught;
    }
    if !blamed.is_empty() || !result.is_good() {
        return Verdict::Blamed(blamed.into_iter().map(str::to_owned).collect());
    }
    let covers = |at: &str| matches(at, place);
    let is_masked = clean.masked.iter().any(|masked| covers(&masked.place))
        || config.mask.iter().any(|mask| covers(&mask.at) || place.starts_with(&format!("{}/", mask.at)));
    let name = place.strip_prefix("header ");
    let is_ignored = name.is_some_and(|name| config.header_policy(name) != HeaderPolicy::Equal);
    let is_unordered = config.unordered.iter().any(|list| covers(&list.at));
    let is_read_otherwise = place.starts_with("body")
        && config
            .body
            .iter()
            .any(|rule| clean.operation.as_ref().is_some_and(|own| rule.operations.contains(own)));
    if is_masked || is_ignored || is_unordered || is_read_otherwise {
        Verdict::Declared
    } else {
        Verdict::Missed
    }
}

/// The targets that a step is laid to.
fn blamed(step: &StepResult) -> Vec<&str> {
    let mut blamed = match &step.agreement {
        Agreement::Split { groups, has_majority: false, .. } => {
            groups.iter().flat_map(|group| &group.targets).map(String::as_str).collect()
        }
        agreement => agreement.outliers(),
    };
    blamed.extend(step.contract.iter().map(|fault| fault.target.as_str()));
    // What is said of all is that a mask of the case met nothing, because the place that it is about was changed.
    blamed
        .extend(step.expectation.iter().map(|fault| fault.target.as_str()).filter(|target| *target != "all"));
    blamed
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
