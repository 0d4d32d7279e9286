//! A circuit breaker that can tell its state and lets exactly one probe through.
//!
//! Written here because none of the published ones tells the time to the next probe and holds back all but
//! one caller in the half-open state.
//! It knows nothing of backends: its caller decides which outcomes count.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// The number of failures in a row that opens it, at least 1; 5 by default.
    pub failures: u32,
    /// How long it stays open before it lets one probe through; 60 s by default.
    pub open_for: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 5, open_for: Duration::from_mins(1) }
    }
}

/// What a breaker does with the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Lets it through.
    Closed,
    /// Lets it through as the one probe, or refuses it while that probe is under way.
    HalfOpen,
    /// Refuses it.
    Open {
        /// Until a probe may go through.
        retry_after: Duration,
    },
}

impl BreakerState {
    /// The value of the metric `circuit_breaker_state`: 0 closed, 1 half-open, 2 open.
    pub const fn as_gauge(self) -> f64 {
        match self {
            Self::Closed => 0.0,
            Self::HalfOpen => 1.0,
            Self::Open { .. } => 2.0,
        }
    }
}

/// The breaker of one backend.
#[derive(Debug)]
pub(crate) struct Breaker {
    settings: BreakerSettings,
    // A std mutex: it is held for a few instructions and never over an await.
    state: Mutex<State>,
    gauge: metrics::Gauge,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Goes up with every change of phase, so that a call which began before the change cannot speak to the
    /// phase after it.
    epoch: u64,
}

#[derive(Debug)]
enum Phase {
    Closed { failures: u32 },
    Open { until: Instant },
    Probing,
}

/// Refused: the breaker is open, or its one probe is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Until the next probe may go through; zero while one is under way.
    pub(crate) retry_after: Duration,
}

/// The right to make one call. Dropped without an outcome it counts as not made, and if it was the probe,
/// the next caller gets to probe.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    epoch: u64,
    settled: bool,
}

impl Breaker {
    pub(crate) fn new(settings: BreakerSettings, gauge: metrics::Gauge) -> Self {
        gauge.set(BreakerState::Closed.as_gauge());
        Self { settings, state: Mutex::new(State { phase: Phase::Closed { failures: 0 }, epoch: 0 }), gauge }
    }

    /// Ask to make a call.
    pub(crate) fn permit(&self) -> Result<Permit<'_>, Refused> {
        let mut state = self.lock();
        match state.phase {
            Phase::Closed { .. } => {}
            Phase::Open { until } => {
                let retry_after = until.saturating_duration_since(Instant::now());
                if !retry_after.is_zero() {
                    return Err(Refused { retry_after });
                }
                self.enter(&mut state, Phase::Probing);
            }
            Phase::Probing => return Err(Refused { retry_after: Duration::ZERO }),
        }
        Ok(Permit { breaker: self, epoch: state.epoch, settled: false })
    }

    /// What the next call would meet.
    pub(crate) fn state(&self) -> BreakerState {
        let state = match self.lock().phase {
            Phase::Closed { .. } => BreakerState::Closed,
            Phase::Probing => BreakerState::HalfOpen,
            Phase::Open { until } => match until.saturating_duration_since(Instant::now()) {
                Duration::ZERO => BreakerState::HalfOpen,
                retry_after => BreakerState::Open { retry_after },
            },
        };
        // Time alone turns open into half-open; whoever looks brings the gauge along.
        self.gauge.set(state.as_gauge());
        state
    }

    fn enter(&self, state: &mut State, phase: Phase) {
        self.gauge.set(match phase {
            Phase::Closed { .. } => BreakerState::Closed.as_gauge(),
            Phase::Probing => BreakerState::HalfOpen.as_gauge(),
            Phase::Open { .. } => BreakerState::Open { retry_after: self.settings.open_for }.as_gauge(),
        });
        state.phase = phase;
        state.epoch += 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock, and the state is whole after each statement.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// The backend answered.
    pub(crate) fn succeeded(mut self) {
        self.settled = true;
        let mut state = self.breaker.lock();
        if state.epoch != self.epoch {
            return;
        }
        match &mut state.phase {
            Phase::Closed { failures } => *failures = 0,
            Phase::Probing => self.breaker.enter(&mut state, Phase::Closed { failures: 0 }),
            Phase::Open { .. } => {}
        }
    }

    /// The backend could not be reached, was too slow, or refused the credentials.
    pub(crate) fn failed(mut self) {
        self.settled = true;
        let mut state = self.breaker.lock();
        if state.epoch != self.epoch {
            return;
        }
        let open = match &mut state.phase {
            Phase::Closed { failures } => {
                *failures += 1;
                *failures >= self.breaker.settings.failures
            }
            Phase::Probing => true,
            Phase::Open { .. } => false,
        };
        if open {
            let until = Instant::now() + self.breaker.settings.open_for;
            self.breaker.enter(&mut state, Phase::Open { until });
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let mut state = self.breaker.lock();
        if state.epoch == self.epoch && matches!(state.phase, Phase::Probing) {
            self.breaker.enter(&mut state, Phase::Open { until: Instant::now() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN_FOR: Duration = Duration::from_mins(1);

    fn breaker() -> Breaker {
        Breaker::new(BreakerSettings { failures: 3, open_for: OPEN_FOR }, metrics::Gauge::noop())
    }

    fn fail(breaker: &Breaker, times: u32) {
        for _ in 0..times {
            breaker.permit().expect("a closed breaker lets calls through").failed();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_that_many_failures_in_a_row() {
        let breaker = breaker();
        fail(&breaker, 2);
        breaker.permit().expect("still closed").succeeded();
        fail(&breaker, 2);
        assert_eq!(breaker.state(), BreakerState::Closed, "a success in between starts the count again");
        fail(&breaker, 1);
        assert_eq!(breaker.state(), BreakerState::Open { retry_after: OPEN_FOR });
        assert_eq!(breaker.permit().expect_err("open"), Refused { retry_after: OPEN_FOR });
    }

    #[tokio::test(start_paused = true)]
    async fn it_tells_the_time_that_is_left_to_the_next_probe() {
        let breaker = breaker();
        fail(&breaker, 3);
        tokio::time::advance(Duration::from_secs(45)).await;
        let retry_after = Duration::from_secs(15);
        assert_eq!(breaker.permit().expect_err("open"), Refused { retry_after });
        assert_eq!(breaker.state(), BreakerState::Open { retry_after });
    }

    #[tokio::test(start_paused = true)]
    async fn exactly_one_probe_goes_through_when_it_is_half_open() {
        let breaker = breaker();
        fail(&breaker, 3);
        tokio::time::advance(OPEN_FOR).await;
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        let probe = breaker.permit().expect("the probe");
        for _ in 0..10 {
            assert_eq!(
                breaker.permit().expect_err("a probe is out"),
                Refused { retry_after: Duration::ZERO }
            );
        }
        probe.succeeded();
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert!(breaker.permit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_fails_opens_it_for_the_whole_time_again() {
        let breaker = breaker();
        fail(&breaker, 3);
        tokio::time::advance(OPEN_FOR).await;
        breaker.permit().expect("the probe").failed();
        assert_eq!(breaker.state(), BreakerState::Open { retry_after: OPEN_FOR });
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_dropped_does_not_wedge_it() {
        let breaker = breaker();
        fail(&breaker, 3);
        tokio::time::advance(OPEN_FOR).await;
        drop(breaker.permit().expect("the probe"));
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        breaker.permit().expect("the next probe").succeeded();
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_from_before_it_opened_says_nothing_about_afterwards() {
        let breaker = breaker();
        let early = [breaker.permit().expect("closed"), breaker.permit().expect("closed")];
        fail(&breaker, 3);
        let [success, failure] = early;
        success.succeeded();
        assert_eq!(breaker.state(), BreakerState::Open { retry_after: OPEN_FOR });
        tokio::time::advance(Duration::from_secs(30)).await;
        failure.failed();
        assert_eq!(
            breaker.state(),
            BreakerState::Open { retry_after: OPEN_FOR / 2 },
            "the time is not extended"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_call_counts_as_neither() {
        let breaker = breaker();
        fail(&breaker, 2);
        drop(breaker.permit().expect("closed"));
        fail(&breaker, 1);
        assert_eq!(breaker.state(), BreakerState::Open { retry_after: OPEN_FOR });
    }
}
