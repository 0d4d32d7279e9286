//! Sends cases to targets and judges what comes back.

use spec::{Document, Oracle};

use crate::config::Config;
use crate::model::{Case, CaseResult, Outcome, RunResult, Target};

/// Targets, and all that their answers are judged by.
#[derive(Debug)]
pub struct Engine {
    targets: Vec<Target>,
    config: Config,
    oracle: Option<Oracle>,
}

impl Engine {
    /// An engine for these targets; with a document, their answers are held to it.
    ///
    /// # Errors
    /// When the document cannot be used.
    pub fn new(
        targets: Vec<Target>,
        config: Config,
        document: Option<&Document>,
    ) -> Result<Self, spec::Error> {
        let oracle = document.map(Oracle::new).transpose()?;
        Ok(Self { targets, config, oracle })
    }

    /// The targets, in the order in which they were given.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Sends one case to all targets, step by step, and judges each step.
    pub async fn run_case(&self, case: &Case) -> CaseResult {
        let _ = (&self.config, &self.oracle);
        tokio::task::yield_now().await;
        CaseResult {
            case: case.clone(),
            outcome: Outcome::NotRun("the engine is not built yet".to_owned()),
            steps: Vec::new(),
            died: Vec::new(),
            elapsed_ms: 0,
        }
    }

    /// Sends a list of cases, several at once, tells of each as it ends, and draws the conclusion.
    pub async fn run(&self, cases: &[Case], ended: &(dyn Fn(&CaseResult) + Sync)) -> RunResult {
        let mut results = Vec::new();
        for case in cases {
            let result = self.run_case(case).await;
            ended(&result);
            results.push(result);
        }
        self.conclude(results)
    }

    /// Makes a run's result of those of its cases.
    pub fn conclude(&self, cases: Vec<CaseResult>) -> RunResult {
        RunResult {
            version: 1,
            started: String::new(),
            elapsed_ms: 0,
            targets: Vec::new(),
            document: None,
            settings: self.config.settings.clone(),
            cases,
            tally: crate::model::Tally::default(),
            coverage: crate::model::Coverage::default(),
            faults: Vec::new(),
            noise: Vec::new(),
        }
    }
}
