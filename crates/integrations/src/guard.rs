//! What stands around every call to a backend: its breaker, the time limit, metrics and a span.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use contract::{Backend, metrics as names};
use tokio::time::{Instant, timeout};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::breaker::{Breaker, BreakerSettings, BreakerState};
use crate::error::{Error, ErrorKind};
use crate::probe::ProbeFailure;

/// The guard of one backend.
#[derive(Debug)]
pub(crate) struct Guard {
    backend: Backend,
    limit: Duration,
    breaker: Breaker,
    up: metrics::Gauge,
    /// What the last probe found, so that a backend that stays away is logged once and not at each probe.
    last_probe: Mutex<Option<ErrorKind>>,
}

/// An operation of a backend, with its metric looked up once.
pub(crate) struct Operation {
    name: &'static str,
    /// The name of the call in a trace, such as `redis get`.
    title: String,
    duration: metrics::Histogram,
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Operation").field(&self.name).finish()
    }
}

impl Guard {
    pub(crate) fn new(backend: Backend, limit: Duration, breaker: BreakerSettings) -> Self {
        let label = [("backend", backend.as_str())];
        Self {
            backend,
            limit,
            breaker: Breaker::new(breaker, metrics::gauge!(names::CIRCUIT_BREAKER_STATE, &label)),
            up: metrics::gauge!(names::BACKEND_UP, &label),
            last_probe: Mutex::new(None),
        }
    }

    /// The operation `name` of this backend, for [`call`](Self::call) and [`probe`](Self::probe).
    pub(crate) fn operation(&self, name: &'static str) -> Operation {
        let labels = [("backend", self.backend.as_str()), ("operation", name)];
        let title = format!("{} {name}", self.backend);
        Operation {
            name,
            title,
            duration: metrics::histogram!(names::BACKEND_OPERATION_DURATION_SECONDS, &labels),
        }
    }

    pub(crate) fn backend(&self) -> Backend {
        self.backend
    }

    /// How long a call may take in all.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    pub(crate) fn breaker_state(&self) -> BreakerState {
        self.breaker.state()
    }

    /// Make a call for a request: refused at once while the breaker is open, bounded, counted.
    pub(crate) async fn call<T>(
        &self,
        operation: &Operation,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let permit = self.breaker.permit().map_err(|refused| {
            Error::new(self.backend, ErrorKind::CircuitOpen { retry_after: refused.retry_after })
        })?;
        let outcome = self.timed(operation, pin!(call)).await;
        match outcome.as_ref().map_err(Error::kind) {
            Err(ErrorKind::Unreachable | ErrorKind::TimedOut | ErrorKind::RefusedCredentials) => {
                permit.failed();
            }
            // The backend was not asked, so nothing was learnt of it.
            Err(ErrorKind::NoCredentials | ErrorKind::CircuitOpen { .. }) => drop(permit),
            Ok(_)
            | Err(ErrorKind::Sealed | ErrorKind::NotInitialized | ErrorKind::NotText | ErrorKind::Failed) => {
                permit.succeeded();
            }
        }
        outcome
    }

    /// Make a call for a health page: round the breaker, which it does not move, with its cause in the log.
    pub(crate) async fn probe<T>(
        &self,
        operation: &Operation,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, ProbeFailure> {
        let outcome = self.timed(operation, pin!(call)).await;
        self.log_change(outcome.as_ref().err());
        outcome.map_err(|error| error.kind().into())
    }

    /// The call is pinned, because it is large and would be moved from future to future otherwise.
    async fn timed<T>(
        &self,
        operation: &Operation,
        call: Pin<&mut impl Future<Output = Result<T, Error>>>,
    ) -> Result<T, Error> {
        let began = Instant::now();
        let span = self.span(operation);
        let outcome = match timeout(self.limit, call).instrument(span.clone()).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(Error::new(self.backend, ErrorKind::TimedOut)),
        };
        operation.duration.record(began.elapsed());
        if let Err(error) = &outcome {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", error.kind().name());
        }
        match outcome.as_ref().map_err(Error::kind) {
            Ok(_) | Err(ErrorKind::NotText | ErrorKind::Failed) => self.up.set(1.0),
            Err(
                ErrorKind::Unreachable
                | ErrorKind::TimedOut
                | ErrorKind::RefusedCredentials
                | ErrorKind::Sealed
                | ErrorKind::NotInitialized,
            ) => self.up.set(0.0),
            Err(ErrorKind::NoCredentials | ErrorKind::CircuitOpen { .. }) => {}
        }
        outcome
    }

    /// The call's span. The names with a dot are OpenTelemetry's, and are for traces alone.
    ///
    /// Its level is below what is logged by default, because making it costs a tenth of the call; an exporter of traces
    /// asks for it all the same.
    fn span(&self, operation: &Operation) -> Span {
        let backend = self.backend.as_str();
        let (database, messaging) = match self.backend {
            Backend::Vault => (None, None),
            // It has a name of its own in the conventions, the others have ours.
            Backend::Postgres => (Some("postgresql"), None),
            Backend::Mysql | Backend::Mongodb | Backend::Redis => (Some(backend), None),
            Backend::Rabbitmq => (None, Some(backend)),
        };
        tracing::debug_span!(
            "backend_call",
            backend,
            operation = operation.name,
            otel.kind = "client",
            otel.name = operation.title,
            otel.status_code = Empty,
            db.system.name = database,
            db.operation.name = database.map(|_| operation.name),
            messaging.system = messaging,
            messaging.operation.name = messaging.map(|_| operation.name),
            error.type = Empty,
        )
    }

    /// Say when probes begin to fail, fail in another way, or succeed again.
    fn log_change(&self, failure: Option<&Error>) {
        let kind = failure.map(Error::kind);
        let before = {
            let mut last = self.last_probe.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *last, kind)
        };
        match failure {
            Some(error) if before != kind => {
                tracing::warn!(backend = self.backend.as_str(), cause = %error.chain(), "health probe failed");
            }
            None if before.is_some() => {
                tracing::info!(backend = self.backend.as_str(), "health probe succeeds again");
            }
            Some(_) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(2);

    fn guard() -> Guard {
        let settings = BreakerSettings { failures: 2, open_for: Duration::from_mins(1) };
        Guard::new(Backend::Redis, LIMIT, settings)
    }

    async fn fail(guard: &Guard, kind: ErrorKind) -> ErrorKind {
        let operation = guard.operation("get");
        let call = async { Err::<(), _>(Error::new(Backend::Redis, kind)) };
        guard.call(&operation, call).await.expect_err("it fails").kind()
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_says_the_backend_is_away_opens_the_breaker() {
        for kind in [ErrorKind::Unreachable, ErrorKind::TimedOut, ErrorKind::RefusedCredentials] {
            let guard = guard();
            fail(&guard, kind).await;
            fail(&guard, kind).await;
            assert!(matches!(fail(&guard, kind).await, ErrorKind::CircuitOpen { .. }), "{kind:?}");
        }
        for kind in [ErrorKind::Failed, ErrorKind::NotText, ErrorKind::NoCredentials, ErrorKind::Sealed] {
            let guard = guard();
            for _ in 0..5 {
                assert_eq!(fail(&guard, kind).await, kind);
            }
            assert_eq!(guard.breaker_state(), BreakerState::Closed, "{kind:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_does_not_end_times_out_at_the_limit_and_counts() {
        let guard = guard();
        let operation = guard.operation("get");
        for _ in 0..2 {
            let began = Instant::now();
            let error =
                guard.call(&operation, std::future::pending::<Result<(), _>>()).await.expect_err("no end");
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert_eq!(began.elapsed(), LIMIT);
        }
        assert!(matches!(guard.breaker_state(), BreakerState::Open { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_goes_round_the_breaker_and_does_not_move_it() {
        let guard = guard();
        let operation = guard.operation("probe");
        for _ in 0..5 {
            let call = async { Err::<(), _>(Error::new(Backend::Redis, ErrorKind::Unreachable)) };
            assert_eq!(guard.probe(&operation, call).await, Err(ProbeFailure::Unreachable));
        }
        assert_eq!(guard.breaker_state(), BreakerState::Closed);
        fail(&guard, ErrorKind::Unreachable).await;
        fail(&guard, ErrorKind::Unreachable).await;
        assert_eq!(guard.probe(&operation, async { Ok(7) }).await, Ok(7));
        assert!(matches!(guard.breaker_state(), BreakerState::Open { .. }));
    }
}
