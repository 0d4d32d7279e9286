//! How a backend may fail on the wire, written once and tried on all of them. A backend's own file says what its call
//! is and puts a proxy before the server.

use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use futures_util::poll;
use integrations::{BreakerSettings, BreakerState, Config, Error, ErrorKind, Integrations, Via};
use testkit::{Proxy, eventually};
use tokio::runtime::Handle;

use crate::setup::{BoxError, LIMIT};

/// Every way to fail, on every backend: one test each, such as `failures::mysql::it_goes_away_and_comes_back`.
macro_rules! every_way_to_fail {
    ($($backend:ident: $subject:expr;)+) => {$(
        mod $backend {
            use super::*;

            every_way_to_fail! {
                #[on($subject)]
                it_is_down_at_start_and_comes_later: down_at_start_and_comes_later;
                it_goes_away_and_comes_back: goes_away_and_comes_back;
                connections_that_died_unnoticed_fail_no_call: restarted_unnoticed;
                stalled_it_times_out: stalled;
                stalled_at_start_it_times_out: stalled_at_start;
                calls_that_were_given_up_hold_nothing: abandoned_calls;
                its_breaker_opens_and_closes: opens_and_closes_its_breaker;
            }
        }
    )+};
    (#[on($subject:expr)] $($test:ident: $way:ident;)+) => {$(
        #[tokio::test]
        async fn $test() -> Result<(), BoxError> {
            $way($subject.await?).await
        }
    )+};
}

every_way_to_fail! {
    vault: crate::vault::subject();
    postgres: crate::postgres::subject(Via::Direct);
    pgbouncer: crate::postgres::subject(Via::Pgbouncer);
    mysql: crate::mysql::subject();
    mongodb: crate::mongodb::subject();
    redis: crate::redis::subject();
    rabbitmq: crate::rabbitmq::subject();
}

/// A backend behind proxies, and a call to it.
pub(crate) struct Subject {
    /// Points at the proxies.
    pub(crate) config: Config,
    pub(crate) proxies: Vec<Proxy>,
    pub(crate) call: fn(&Integrations) -> BoxFuture<'_, Result<(), Error>>,
    pub(crate) breaker: fn(&Integrations) -> BreakerState,
}

/// Never opens.
const NO_BREAKER: BreakerSettings = BreakerSettings { failures: u32::MAX, open_for: Duration::from_mins(1) };

impl Subject {
    fn start(&self) -> Integrations {
        Integrations::start(self.config.clone(), Handle::current())
    }

    async fn cut(&self) -> Result<(), BoxError> {
        for proxy in &self.proxies {
            proxy.cut().await?;
        }
        Ok(())
    }

    fn stall(&self) {
        self.proxies.iter().for_each(Proxy::stall);
    }

    async fn restore(&self) -> Result<(), BoxError> {
        for proxy in &self.proxies {
            proxy.restore().await?;
        }
        Ok(())
    }

    /// How many connections the backend has been asked for so far.
    fn connections(&self) -> u64 {
        self.proxies.iter().map(Proxy::connections).sum()
    }

    async fn succeeds_eventually(&self, integrations: &Integrations) -> Result<(), BoxError> {
        eventually(LIMIT, "a call that succeeds", async || (self.call)(integrations).await).await?;
        Ok(())
    }

    async fn fails(&self, integrations: &Integrations) -> Result<ErrorKind, BoxError> {
        match (self.call)(integrations).await {
            Ok(()) => Err("the call succeeded".into()),
            Err(error) => Ok(error.kind()),
        }
    }

    async fn fails_with(&self, integrations: &Integrations, expected: ErrorKind) -> Result<(), BoxError> {
        let kind = self.fails(integrations).await?;
        if kind == expected { Ok(()) } else { Err(format!("{kind:?} in place of {expected:?}").into()) }
    }
}

/// The backend is down when the process starts: calls fail at once, and succeed once it has come.
async fn down_at_start_and_comes_later(mut subject: Subject) -> Result<(), BoxError> {
    subject.config.breaker = NO_BREAKER;
    subject.cut().await?;
    let integrations = subject.start();
    subject.fails_with(&integrations, ErrorKind::Unreachable).await?;
    subject.restore().await?;
    subject.succeeds_eventually(&integrations).await?;
    integrations.close().await;
    Ok(())
}

/// The backend goes away while its connections are in use and comes back: calls fail, then succeed again.
async fn goes_away_and_comes_back(mut subject: Subject) -> Result<(), BoxError> {
    subject.config.breaker = NO_BREAKER;
    let integrations = subject.start();
    subject.succeeds_eventually(&integrations).await?;
    subject.cut().await?;
    subject.fails_with(&integrations, ErrorKind::Unreachable).await?;
    subject.restore().await?;
    subject.succeeds_eventually(&integrations).await?;
    integrations.close().await;
    Ok(())
}

/// The backend was restarted while nobody called: its dead connections fail no call.
async fn restarted_unnoticed(mut subject: Subject) -> Result<(), BoxError> {
    subject.config.breaker = NO_BREAKER;
    let integrations = subject.start();
    subject.succeeds_eventually(&integrations).await?;
    // Several connections, so that there is more than one to stumble over.
    for outcome in join_all((0..16).map(|_| (subject.call)(&integrations))).await {
        outcome?;
    }
    for proxy in &subject.proxies {
        proxy.disconnect().await?;
    }
    for outcome in join_all((0..16).map(|_| (subject.call)(&integrations))).await {
        outcome?;
    }
    integrations.close().await;
    Ok(())
}

/// The backend accepts and does not answer: the call ends at its limit, and later ones succeed again.
async fn stalled(mut subject: Subject) -> Result<(), BoxError> {
    subject.config.breaker = NO_BREAKER;
    subject.config.timeout = Duration::from_secs(2);
    let integrations = subject.start();
    subject.succeeds_eventually(&integrations).await?;
    subject.stall();
    let call = tokio::time::timeout(LIMIT, subject.fails_with(&integrations, ErrorKind::TimedOut));
    call.await.map_err(|_| "the call outlived its limit")??;
    subject.restore().await?;
    subject.succeeds_eventually(&integrations).await?;
    integrations.close().await;
    Ok(())
}

/// The backend stalls from the very start.
async fn stalled_at_start(mut subject: Subject) -> Result<(), BoxError> {
    subject.config.breaker = NO_BREAKER;
    subject.config.timeout = Duration::from_secs(2);
    subject.stall();
    let integrations = subject.start();
    let call = tokio::time::timeout(LIMIT, subject.fails_with(&integrations, ErrorKind::TimedOut));
    call.await.map_err(|_| "the call outlived its limit")??;
    subject.restore().await?;
    subject.succeeds_eventually(&integrations).await?;
    integrations.close().await;
    Ok(())
}

/// Callers give up while the backend does not answer: what they held is free again, and no breaker moves.
async fn abandoned_calls(mut subject: Subject) -> Result<(), BoxError> {
    subject.config.breaker = BreakerSettings { failures: 1, ..NO_BREAKER };
    let integrations = subject.start();
    (subject.call)(&integrations).await?;
    subject.stall();
    for _ in 0..40 {
        let mut call = (subject.call)(&integrations);
        if let std::task::Poll::Ready(outcome) = poll!(&mut call) {
            return Err(format!("the call did not wait for the stalled backend: {outcome:?}").into());
        }
    }
    subject.restore().await?;
    for outcome in join_all((0..20).map(|_| (subject.call)(&integrations))).await {
        outcome?;
    }
    integrations.close().await;
    Ok(())
}

/// The breaker opens after three failures, refuses without asking, lets one probe through when its time has
/// come, and closes when that succeeds.
async fn opens_and_closes_its_breaker(mut subject: Subject) -> Result<(), BoxError> {
    // Long enough to look at the open breaker, short enough to wait for the probe.
    let open_for = Duration::from_secs(1);
    subject.config.breaker = BreakerSettings { failures: 3, open_for };
    let integrations = subject.start();
    subject.succeeds_eventually(&integrations).await?;
    expect(&subject, &integrations, "closed", |state| state == BreakerState::Closed)?;

    subject.cut().await?;
    for _ in 0..3 {
        subject.fails_with(&integrations, ErrorKind::Unreachable).await?;
    }
    subject.restore().await?;
    let asked = subject.connections();
    match subject.fails(&integrations).await? {
        ErrorKind::CircuitOpen { retry_after } if !retry_after.is_zero() && retry_after <= open_for => {}
        other => return Err(format!("{other:?} while the breaker should be open").into()),
    }
    if subject.connections() != asked {
        return Err("the backend was asked while its breaker was open".into());
    }

    eventually(LIMIT, "the half-open breaker", async || match (subject.breaker)(&integrations) {
        BreakerState::HalfOpen => Ok(()),
        other => Err(other),
    })
    .await?;
    subject.stall();
    let mut probe = (subject.call)(&integrations);
    if let std::task::Poll::Ready(outcome) = poll!(&mut probe) {
        return Err(format!("the probe did not wait for the stalled backend: {outcome:?}").into());
    }
    for outcome in join_all((0..10).map(|_| (subject.call)(&integrations))).await {
        match outcome.map_err(|error| error.kind()) {
            Err(ErrorKind::CircuitOpen { retry_after: Duration::ZERO }) => {}
            other => return Err(format!("{other:?} beside the one probe").into()),
        }
    }
    subject.restore().await?;
    probe.await?;
    expect(&subject, &integrations, "closed again", |state| state == BreakerState::Closed)?;
    (subject.call)(&integrations).await?;
    integrations.close().await;
    Ok(())
}

fn expect(
    subject: &Subject,
    integrations: &Integrations,
    what: &str,
    is: fn(BreakerState) -> bool,
) -> Result<(), BoxError> {
    let state = (subject.breaker)(integrations);
    if is(state) { Ok(()) } else { Err(format!("the breaker should be {what}, and is {state:?}").into()) }
}
