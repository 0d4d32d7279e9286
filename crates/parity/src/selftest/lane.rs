//! Targets in line, the last of them behind a proxy, and an engine that compares them.

use std::collections::BTreeMap;
use std::time::Duration;

use spec::Document;
use url::Url;

use super::choice::Clean;
use super::mutation::Kind;
use super::proxy::{Order, Proxy};
use super::verdict::verdict;
use super::{SelfTestError, Trial};
use crate::config::Config;
use crate::engine::Engine;
use crate::model::{Case, CaseResult, Target};

/// An answer that has not come by then does not come: late answers are made on purpose, and each is waited for.
const ANSWER: Duration = Duration::from_secs(5);
/// The name of the target whose answers are changed.
const CHANGED: &str = "changed";

/// The targets that stay as they are, at least two, and the one whose answers are changed.
pub(super) struct LineUp {
    unchanged: Vec<Target>,
    proxied: Target,
}

impl LineUp {
    pub(super) fn of(targets: &[Target], config: &Config) -> Result<Self, SelfTestError> {
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
        Ok(Self { unchanged: line, proxied: with_values(&last, config) })
    }
}

/// The target with what the configuration gives to its name, which a copy under another name is to have too.
fn with_values(target: &Target, config: &Config) -> Target {
    let own = config.target.get(&target.name).cloned().unwrap_or_default();
    let values: BTreeMap<String, String> = own.into_iter().chain(target.values.clone()).collect();
    Target { values, ..target.clone() }
}

/// One way to the targets: a proxy before the last of them, which changes one answer at a time.
pub(super) struct Lane<'a> {
    proxy: Proxy,
    engine: Engine,
    ended: &'a (dyn Fn(&CaseResult) + Sync),
}

impl<'a> Lane<'a> {
    pub(super) async fn through(
        line: &LineUp,
        config: &Config,
        document: Option<&Document>,
        ended: &'a (dyn Fn(&CaseResult) + Sync),
    ) -> Result<Self, SelfTestError> {
        let LineUp { unchanged, proxied } = line;
        let proxy = Proxy::before(proxied.host(), proxied.port()).await.map_err(SelfTestError::Proxy)?;
        let url = Url::parse(&format!("http://{}{}", proxy.address, proxied.prefix()))?;
        let mut targets = unchanged.clone();
        let values = proxied.values.clone();
        targets.push(Target { name: CHANGED.to_owned(), url, ca: None, values });
        let mut config = config.clone();
        config.limits.answer_ms = u64::try_from(ANSWER.as_millis()).unwrap_or(u64::MAX);
        let mut engine = Engine::new(targets, config)?;
        if let Some(document) = document {
            engine = engine.with_document(document, "")?;
        }
        Ok(Self { proxy, engine, ended })
    }

    /// Sends cases as they are, several at once; the results are in their order.
    pub(super) async fn run_all(&self, cases: &[Case]) -> Vec<CaseResult> {
        self.engine.run(cases, false, self.ended).await.cases
    }

    /// The cases in which the engine says something although nothing is changed.
    pub(super) async fn alarms(&self, cases: &[Case]) -> Vec<String> {
        let results = self.run_all(cases).await.into_iter();
        results.filter(|result| !result.is_good()).map(|result| result.case.id).collect()
    }

    /// One trial after another: each kind of change in each case where it can be made.
    pub(super) async fn trials(&self, cases: &[&Clean], kinds: &[Kind], pick: usize) -> Vec<Trial> {
        let mut trials = Vec::new();
        for clean in cases {
            // Each late answer is waited for, so that one of each operation has to do.
            let is_made = |kind: &Kind| *kind != Kind::Delayed || (clean.is_first && pick == 0);
            for kind in kinds.iter().copied().filter(is_made) {
                trials.extend(self.trial(clean, kind, pick).await);
            }
        }
        trials
    }

    async fn trial(&self, clean: &Clean, kind: Kind, pick: usize) -> Option<Trial> {
        let mode = self.engine.config().json;
        let skip = exchanges(&clean.case) - 1;
        self.proxy.order(Order { kind, pick, skip, mode, delay: ANSWER * 2 });
        let result = self.engine.run_case(&clean.case).await;
        (self.ended)(&result);
        let place = self.proxy.done()?;
        Some(Trial {
            kind,
            verdict: verdict(&result, CHANGED, &place, &clean.step, self.engine.config()),
            place,
            case: clean.case.id.clone(),
            operation: clean.operation.clone(),
        })
    }
}

fn exchanges(case: &Case) -> usize {
    let of_steps = case
        .steps
        .iter()
        .map(|step| step.send.messages.len() * usize::try_from(step.send.repeat).unwrap_or(usize::MAX));
    of_steps.sum::<usize>().max(1)
}
