//! Rate limits: one token bucket for each client address in each of the contract's four classes.
//!
//! The algorithm is GCRA with a burst of the limit, from `governor`. A client is its peer address as the
//! listener sees it, whole: forwarding headers are not believed, and an IPv6 address is not cut to its network.
//!
//! Deliberately absent: which requests count; the frameworks know that.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use contract::{RateLimitClass, headers};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter as Governor};

use crate::settings::RateLimit;

/// How often buckets that are full again are forgotten. A bucket needs a minute to fill, so no more than two
/// minutes' clients are remembered.
const SWEEP: Duration = Duration::from_mins(1);

/// What a limited request is told about its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// `X-RateLimit-Limit`: requests a minute, also the burst.
    pub limit: u32,
    /// `X-RateLimit-Remaining`: how many more would be let through at this moment.
    pub remaining: u32,
    /// `X-RateLimit-Reset`: whole seconds until the bucket is full again.
    pub reset_seconds: u64,
    /// `Retry-After` in whole seconds, at least 1, when the request is refused; `None` when it may pass.
    pub retry_after: Option<u64>,
}

impl Decision {
    /// Whether the request has to be answered with 429.
    pub fn is_refused(&self) -> bool {
        self.retry_after.is_some()
    }

    /// The header fields that tell the client of its bucket, beside `Retry-After`.
    pub fn headers(&self) -> [(&'static str, u64); 3] {
        [
            (headers::X_RATELIMIT_LIMIT, self.limit.into()),
            (headers::X_RATELIMIT_REMAINING, self.remaining.into()),
            (headers::X_RATELIMIT_RESET, self.reset_seconds),
        ]
    }

    fn new(limit: u32, remaining: u32, retry_after: Option<u64>) -> Self {
        let used = u64::from(limit.saturating_sub(remaining));
        let reset_seconds = (used * 60).div_ceil(u64::from(limit));
        Self { limit, remaining, reset_seconds, retry_after }
    }
}

/// The buckets of all clients. Cloning is cheap, and clones share them.
#[derive(Debug, Clone)]
pub struct RateLimiter {
    buckets: Option<Arc<Buckets<DefaultClock>>>,
}

impl RateLimiter {
    /// Full buckets for everybody, of the contract's figures as scaled by `setting`.
    pub fn new(setting: RateLimit) -> Self {
        let buckets = match setting {
            RateLimit::Off => None,
            RateLimit::Percent(percent) => Some(Arc::new(Buckets::new(percent, &DefaultClock::default()))),
        };
        Self { buckets }
    }

    /// Takes one request of `client` out of its bucket in `class`; `None` when limits are off.
    pub fn check(&self, class: RateLimitClass, client: IpAddr) -> Option<Decision> {
        self.buckets.as_ref().map(|buckets| buckets.check(class, client))
    }

    /// Forgets, in the background and for as long as the limiter lives, the clients whose buckets are full.
    pub fn sweep_in_background(&self, runtime: &tokio::runtime::Handle) {
        let Some(buckets) = &self.buckets else { return };
        let buckets = Arc::downgrade(buckets);
        runtime.spawn(async move {
            let mut ticks = tokio::time::interval(SWEEP);
            loop {
                ticks.tick().await;
                let Some(buckets) = buckets.upgrade() else { return };
                buckets.sweep();
            }
        });
    }
}

type Bucket<C> = Governor<IpAddr, DefaultKeyedStateStore<IpAddr>, C, StateInformationMiddleware>;

/// Four sets of buckets; generic over the clock so that tests can turn it.
struct Buckets<C: Clock> {
    root: Class<C>,
    metrics: Class<C>,
    health: Class<C>,
    rest: Class<C>,
    clock: C,
}

struct Class<C: Clock> {
    limit: u32,
    bucket: Bucket<C>,
}

impl<C: Clock + Clone> Buckets<C> {
    fn new(percent: NonZeroU32, clock: &C) -> Self {
        let class = |class: RateLimitClass| {
            let limit = scaled(class.per_minute(), percent);
            let quota = Quota::per_minute(limit);
            Class {
                limit: limit.get(),
                bucket: Bucket::new(quota, DefaultKeyedStateStore::default(), clock.clone()),
            }
        };
        Self {
            root: class(RateLimitClass::Root),
            metrics: class(RateLimitClass::Metrics),
            health: class(RateLimitClass::Health),
            rest: class(RateLimitClass::Rest),
            clock: clock.clone(),
        }
    }

    fn class(&self, class: RateLimitClass) -> &Class<C> {
        match class {
            RateLimitClass::Root => &self.root,
            RateLimitClass::Metrics => &self.metrics,
            RateLimitClass::Health => &self.health,
            RateLimitClass::Rest => &self.rest,
        }
    }

    fn check(&self, class: RateLimitClass, client: IpAddr) -> Decision {
        let Class { limit, bucket } = self.class(class);
        // On a socket for both families an IPv4 client comes as ::ffff:a.b.c.d; it is the same client.
        match bucket.check_key(&client.to_canonical()) {
            Ok(state) => Decision::new(*limit, state.remaining_burst_capacity(), None),
            Err(refused) => {
                let wait = refused.wait_time_from(self.clock.now());
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Decision::new(*limit, 0, Some(seconds.max(1)))
            }
        }
    }

    fn sweep(&self) {
        for Class { bucket, .. } in [&self.root, &self.metrics, &self.health, &self.rest] {
            bucket.retain_recent();
            bucket.shrink_to_fit();
        }
    }

    #[cfg(test)]
    fn remembered(&self) -> usize {
        [&self.root, &self.metrics, &self.health, &self.rest].map(|class| class.bucket.len()).iter().sum()
    }
}

impl<C: Clock + Clone> fmt::Debug for Buckets<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = RateLimitClass::ALL.map(|class| (class, self.class(class).limit));
        formatter.debug_struct("Buckets").field("limits", &limits).finish_non_exhaustive()
    }
}

/// `percent` of `limit`, at least 1.
fn scaled(limit: u32, percent: NonZeroU32) -> NonZeroU32 {
    let scaled = u64::from(limit) * u64::from(percent.get()) / 100;
    NonZeroU32::new(u32::try_from(scaled).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;
    use proptest::prelude::*;

    use super::*;

    const ALICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const BOB: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn buckets(percent: u32) -> (Buckets<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Buckets::new(NonZeroU32::new(percent).expect("not zero"), &clock), clock)
    }

    #[test]
    fn the_limit_is_the_burst_and_remaining_counts_down_to_the_refusal() {
        let (buckets, _clock) = buckets(100);
        for remaining in (0..100).rev() {
            let decision = buckets.check(RateLimitClass::Root, ALICE);
            assert_eq!((decision.limit, decision.remaining, decision.retry_after), (100, remaining, None));
        }
        let refused = buckets.check(RateLimitClass::Root, ALICE);
        assert_eq!(refused, Decision { limit: 100, remaining: 0, reset_seconds: 60, retry_after: Some(1) });
    }

    #[test]
    fn a_refused_client_may_come_back_when_retry_after_is_over() {
        let (buckets, clock) = buckets(1);
        assert!(!buckets.check(RateLimitClass::Root, ALICE).is_refused());
        let refused = buckets.check(RateLimitClass::Root, ALICE);
        assert_eq!(refused, Decision { limit: 1, remaining: 0, reset_seconds: 60, retry_after: Some(60) });
        clock.advance(Duration::from_millis(59_999));
        assert!(buckets.check(RateLimitClass::Root, ALICE).is_refused());
        clock.advance(Duration::from_millis(1));
        assert!(!buckets.check(RateLimitClass::Root, ALICE).is_refused());
    }

    #[test]
    fn classes_and_clients_have_buckets_of_their_own() {
        let (buckets, _clock) = buckets(1);
        for client in [ALICE, BOB] {
            for class in RateLimitClass::ALL {
                assert!(!buckets.check(class, client).is_refused(), "{class:?} {client}");
            }
        }
    }

    #[test]
    fn an_ipv4_client_on_a_socket_for_both_families_is_the_same_client() {
        let (buckets, _clock) = buckets(1);
        let mapped = IpAddr::V6(std::net::Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped());
        assert!(!buckets.check(RateLimitClass::Root, ALICE).is_refused());
        assert!(buckets.check(RateLimitClass::Root, mapped).is_refused());
    }

    #[test]
    fn clients_whose_buckets_are_full_again_are_forgotten() {
        let (buckets, clock) = buckets(100);
        for _ in 0..60 {
            buckets.check(RateLimitClass::Root, ALICE);
        }
        buckets.check(RateLimitClass::Root, BOB);
        clock.advance(Duration::from_secs(10));
        buckets.sweep();
        assert_eq!(buckets.remembered(), 1, "only the busy client is still known");
        let decision = buckets.check(RateLimitClass::Root, ALICE);
        assert_eq!(decision.remaining, 100 - 60 + 16 - 1, "100 a minute give back 16 in 10 s");
    }

    #[test]
    fn off_means_no_decision() {
        assert_eq!(RateLimiter::new(RateLimit::Off).check(RateLimitClass::Root, ALICE), None);
    }

    proptest! {
        #[test]
        fn remaining_is_exact_after_any_burst_and_reset_is_when_it_is_full(
            percent in 1_u32..500,
            burst in 1_u32..1200,
        ) {
            let (buckets, clock) = buckets(percent);
            let mut last = buckets.check(RateLimitClass::Health, ALICE);
            for _ in 1..burst {
                last = buckets.check(RateLimitClass::Health, ALICE);
            }
            prop_assert_eq!(last.remaining, last.limit.saturating_sub(burst));
            prop_assert_eq!(last.is_refused(), burst > last.limit);
            clock.advance(Duration::from_secs(last.reset_seconds));
            prop_assert_eq!(buckets.check(RateLimitClass::Health, ALICE).remaining, last.limit - 1);
        }

        #[test]
        fn no_scale_takes_a_limit_to_zero(limit in 1_u32.., percent in 1_u32..) {
            let percent = NonZeroU32::new(percent).expect("not zero");
            prop_assert!(scaled(limit, percent).get() >= 1);
        }
    }
}
