//! A table of requests with their answers, of which all that fail are told.

use crate::expected::Expected;
use crate::server::Server;
use crate::wire::Request;
use crate::{BoxError, Outcome};

/// Collects the failures of a case's rows.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    server: &'a Server,
    count: usize,
    failures: Vec<String>,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(server: &'a Server) -> Self {
        Self { server, count: 0, failures: Vec::new() }
    }

    /// Sends a request and notes, under the reason why it is there, if the answer is not the expected one.
    pub(crate) async fn row(&mut self, why: &str, request: Request, expected: impl Into<Expected>) {
        let outcome = self.server.expect(&request, expected).await.map(drop);
        self.note(why, outcome);
    }

    /// Notes an outcome that was found in another way.
    pub(crate) fn note(&mut self, why: &str, outcome: Outcome) {
        self.count += 1;
        if let Err(error) = outcome {
            self.failures.push(format!("{why}\n{error}"));
        }
    }

    /// # Errors
    /// Every row that failed.
    pub(crate) fn outcome(self) -> Outcome {
        if self.failures.is_empty() {
            return Ok(());
        }
        Err(BoxError::from(format!(
            "{} of {} rows failed\n\n{}",
            self.failures.len(),
            self.count,
            self.failures.join("\n\n")
        )))
    }
}
