//! Sends cases to targets and judges what comes back.

mod conclusion;
mod session;

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream;
use spec::{Document, Oracle};
use tokio::sync::RwLock;
use tokio::time::timeout;

use crate::config::Config;
use crate::coverage::{self, Exceptions};
use crate::generate::Constraint;
use crate::model::{Case, CaseResult, Message, Outcome, Request, RunResult, StepResult, Target};
use crate::noise::Noise;
use crate::redact;
use crate::wire::{Client, ClientError};
use session::Session;

/// Targets, and all that their answers are judged by.
#[derive(Debug)]
pub struct Engine {
    clients: Vec<Client>,
    config: Config,
    contract: Option<Contract>,
    /// What the generated cases are about.
    constraints: Vec<Constraint>,
    exceptions: Option<Exceptions>,
    /// By target: the case after which it no longer answered.
    deaths: Vec<Mutex<Option<String>>>,
    /// Whether the same target is asked twice, and what was learned by it.
    learning: Option<Mutex<Vec<Noise>>>,
    requests: AtomicU64,
    began: (DateTime<Utc>, Instant),
    /// Held for writing by a case that is to be alone.
    gate: RwLock<()>,
}

/// The document that answers are held to.
#[derive(Debug)]
struct Contract {
    oracle: Oracle,
    /// Its answers: operation and status.
    answers: Vec<(String, u16)>,
    name: String,
}

/// Why a run cannot begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// There are too few targets, or too many.
    #[error("2 to 16 targets can be compared, not {0}")]
    Targets(usize),
    /// Two targets have one name.
    #[error("two targets are named {0}")]
    SameName(String),
    /// A mask names no rule although the configuration says which there are.
    #[error("the mask at {at:?} names no rule of the configuration (known: {known})")]
    Unruled {
        /// Where the mask is.
        at: String,
        /// The rules there are.
        known: String,
    },
    /// The document cannot be used.
    #[error("the document cannot be used")]
    Document(#[from] spec::Error),
    /// Nothing can be sent to a target.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// The targets of a comparison.
const TARGETS: std::ops::RangeInclusive<usize> = 2..=16;

impl Engine {
    /// An engine for these targets; their own values are those of the configuration and those they bring.
    ///
    /// # Errors
    /// [`EngineError`] when the run could not say anything.
    pub fn new(targets: Vec<Target>, config: Config) -> Result<Self, EngineError> {
        if !TARGETS.contains(&targets.len()) {
            return Err(EngineError::Targets(targets.len()));
        }
        let mut clients: Vec<Client> = Vec::new();
        for mut target in targets {
            if clients.iter().any(|client| client.target().name == target.name) {
                return Err(EngineError::SameName(target.name));
            }
            let own = config.target.get(&target.name).cloned().unwrap_or_default();
            target.values = own.into_iter().chain(std::mem::take(&mut target.values)).collect();
            clients.push(Client::new(&target, config.limits)?);
        }
        if let Some(mask) = config.mask.iter().find(|mask| !config.allows(mask)) {
            return Err(EngineError::Unruled { at: mask.at.clone(), known: config.rules.join(", ") });
        }
        Ok(Self {
            deaths: clients.iter().map(|_| Mutex::new(None)).collect(),
            clients,
            config,
            contract: None,
            constraints: Vec::new(),
            exceptions: None,
            learning: None,
            requests: AtomicU64::new(0),
            began: (Utc::now(), Instant::now()),
            gate: RwLock::new(()),
        })
    }

    /// The same engine, which holds all answers to a document and counts which of its answers were seen.
    ///
    /// # Errors
    /// [`EngineError::Document`].
    pub fn with_document(mut self, document: &Document, name: &str) -> Result<Self, EngineError> {
        let (oracle, answers) = (Oracle::new(document)?, coverage::documented(document)?);
        self.contract = Some(Contract { oracle, answers, name: name.to_owned() });
        Ok(self)
    }

    /// The same engine, which counts which of these constraints the generated cases reached.
    #[must_use]
    pub fn with_constraints(mut self, constraints: impl IntoIterator<Item = Constraint>) -> Self {
        self.constraints.extend(constraints);
        self
    }

    /// The same engine with a list of answers and constraints that no case can get; a whole run must then get all
    /// others.
    #[must_use]
    pub fn with_exceptions(mut self, exceptions: Exceptions) -> Self {
        self.exceptions = Some(exceptions);
        self
    }

    /// The same engine, which sends every step that only reads twice to each target and notes what differs.
    #[must_use]
    pub fn learning(mut self) -> Self {
        self.learning = Some(Mutex::new(Vec::new()));
        self
    }

    /// The targets, in the order in which they were given.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.clients.iter().map(Client::target)
    }

    /// The configuration.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Sends one case to all targets, step by step, and judges each step.
    pub async fn run_case(&self, case: &Case) -> CaseResult {
        let began = Instant::now();
        // A case that is to be alone waits for the others, and they wait for it.
        let (_shared, _alone) = if case.alone {
            (None, Some(self.gate.write().await))
        } else {
            (Some(self.gate.read().await), None)
        };
        let mut result = CaseResult {
            case: redact::case(case),
            outcome: Outcome::Agreed,
            steps: Vec::new(),
            died: Vec::new(),
            elapsed_ms: 0,
        };
        let unruled = case.steps.iter().flat_map(|step| &step.masks).find(|mask| !self.config.allows(mask));
        if let Some(mask) = unruled {
            result.outcome =
                Outcome::NotRun(format!("the mask at {:?} names no rule of the configuration", mask.at));
            return result;
        }
        let limit = self.config.limits.case();
        let steps = Mutex::new(Vec::new());
        let done = timeout(limit, Session::new(self, case).run(&steps)).await;
        result.steps = steps.into_inner().unwrap_or_else(PoisonError::into_inner);
        if case.hostile || !result.steps.iter().all(StepResult::is_good) {
            result.died = self.dead_after(&case.id).await;
        }
        result.outcome = match done {
            Err(_elapsed) => Outcome::NotRun(format!("the case was not done within {limit:?}")),
            Ok(Err(reason)) => Outcome::NotRun(reason),
            Ok(Ok(())) if result.died.is_empty() && result.steps.iter().all(StepResult::is_good) => {
                Outcome::Agreed
            }
            Ok(Ok(())) => Outcome::Differed,
        };
        result.elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        result
    }

    /// Sends a list of cases, several at once, tells of each as it ends, and draws the conclusion.
    ///
    /// `is_whole` is as in [`Engine::conclude`].
    pub async fn run(
        &self,
        cases: &[Case],
        is_whole: bool,
        ended: &(dyn Fn(&CaseResult) + Sync),
    ) -> RunResult {
        let at_once = self.config.limits.cases_at_once.max(1);
        let results = stream::iter(cases)
            .map(async |case| {
                let result = self.run_case(case).await;
                ended(&result);
                result
            })
            .buffered(at_once)
            .collect()
            .await;
        self.conclude(results, is_whole)
    }

    /// The targets that do not answer now, of which it is noted after which case that was seen first.
    async fn dead_after(&self, case: &str) -> Vec<String> {
        let path = self.config.alive.as_deref().unwrap_or("/");
        let message = Message::from(Request::new("GET", path));
        let asked = self.clients.iter().zip(&self.deaths).map(async |(client, death)| {
            if client.exchange(&message, false).await.ending.is_complete() {
                return None;
            }
            let mut death = death.lock().unwrap_or_else(PoisonError::into_inner);
            death.get_or_insert_with(|| case.to_owned());
            Some(client.target().name.clone())
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    fn started(&self) -> String {
        self.began.0.to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}
