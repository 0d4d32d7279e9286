//! Load on one operation of one target: saturated, and paced.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long after the end of a paced stretch the requests that were due in it are still sent.
const GRACE: Duration = Duration::from_secs(10);

/// The longest time that is told apart, in nanoseconds; what takes longer counts as this.
const LONGEST: u64 = 60_000_000_000;

/// Kinds of faults that are told apart in one stretch; more would be noise.
const FAULTS: usize = 16;

/// What asks again and again: a connection with a request, or a driver with a call.
pub trait Caller: Send + 'static {
    /// Ask once.
    fn call(&mut self) -> impl Future<Output = Outcome> + Send;
}

/// What came of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Answered,
    /// Answered otherwise; how, in a few words that many such answers have alike.
    Refused(String),
    /// Not answered; why, in a few words.
    Failed(String),
}

/// An empty histogram of nanoseconds, with three significant digits, for [`Stretch::times`].
///
/// # Errors
/// Never with these bounds; the library cannot know.
pub(crate) fn no_times() -> Result<Histogram<u64>, hdrhistogram::CreationError> {
    Histogram::new_with_max(LONGEST, 3)
}

/// One stretch of load.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    pub(crate) connections: u32,
    pub(crate) duration: Duration,
    /// An empty histogram, of which each connection gets a copy.
    pub(crate) times: Histogram<u64>,
}

impl Stretch {
    /// A stretch with so many callers at once.
    ///
    /// # Errors
    /// As [`no_times`].
    pub(crate) fn new(connections: u32, duration: Duration) -> Result<Self, hdrhistogram::CreationError> {
        Ok(Self { connections, duration, times: no_times()? })
    }
}

/// What a stretch gave. Times in microseconds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Answers that were as they should be.
    pub(crate) answered: u64,
    /// Other answers.
    pub(crate) refused: u64,
    /// Requests without an answer.
    pub(crate) failed: u64,
    /// Answers a second, of both kinds.
    pub(crate) per_second: f64,
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) slowest: f64,
    /// What was refused or failed, with how often.
    pub(crate) faults: BTreeMap<String, u64>,
}

/// What is counted while a stretch lasts.
#[derive(Debug)]
struct Tally {
    answered: u64,
    refused: u64,
    failed: u64,
    /// From the first request to the last answer.
    elapsed: Duration,
    /// Times of all answers, in nanoseconds.
    times: Histogram<u64>,
    faults: BTreeMap<String, u64>,
}

impl Tally {
    fn new(times: Histogram<u64>) -> Self {
        Self { answered: 0, refused: 0, failed: 0, elapsed: Duration::ZERO, times, faults: BTreeMap::new() }
    }

    async fn one(&mut self, caller: &mut impl Caller, since: impl FnOnce() -> Instant) {
        let since = since();
        let outcome = caller.call().await;
        self.times.saturating_record(u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX));
        match outcome {
            Outcome::Answered => self.answered += 1,
            Outcome::Refused(how) => {
                self.refused += 1;
                self.fault(how, 1);
            }
            Outcome::Failed(why) => {
                self.failed += 1;
                self.fault(why, 1);
            }
        }
    }

    fn fault(&mut self, what: String, count: u64) {
        let is_known = self.faults.contains_key(&what);
        let what = if is_known || self.faults.len() < FAULTS { what } else { "others".to_owned() };
        *self.faults.entry(what).or_default() += count;
    }

    fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.refused += other.refused;
        self.failed += other.failed;
        self.elapsed = self.elapsed.max(other.elapsed);
        // Both have the same bounds.
        let _ = self.times.add(&other.times);
        for (what, count) in other.faults {
            self.fault(what, count);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts and nanoseconds stay far below 2^52")]
    fn summary(self) -> Summary {
        let within = |share: f64| self.times.value_at_quantile(share) as f64 / 1000.0;
        Summary {
            answered: self.answered,
            refused: self.refused,
            failed: self.failed,
            per_second: (self.answered + self.refused) as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON),
            p50: within(0.5),
            p90: within(0.9),
            p99: within(0.99),
            p999: within(0.999),
            slowest: within(1.0),
            faults: self.faults,
        }
    }
}

/// Every caller asks again as soon as it has its answer. `caller` makes the one of a number.
pub(crate) async fn saturate<C: Caller>(stretch: &Stretch, caller: impl Fn(u32) -> C) -> Summary {
    let duration = stretch.duration;
    with_every_caller(stretch, caller, move |mut caller, mut tally, begun, _| async move {
        let end = begun + duration;
        while Instant::now() < end {
            tally.one(&mut caller, Instant::now).await;
        }
        tally.elapsed = begun.elapsed();
        tally
    })
    .await
}

/// Requests are due at `rate` a second over all callers, whether earlier ones came back or not.
pub(crate) async fn pace<C: Caller>(stretch: &Stretch, rate: f64, caller: impl Fn(u32) -> C) -> Summary {
    let Stretch { duration, connections, .. } = *stretch;
    with_every_caller(stretch, caller, move |mut caller, mut tally, begun, index| async move {
        let end = begun + duration;
        let mut schedule = Schedule::new(begun, rate, connections, index);
        let mut free_since = begun;
        while let Some(due) = schedule.next_before(end) {
            if Instant::now() > end + GRACE {
                tally.failed += 1;
                tally.fault("not sent: the target was too slow for its pace".to_owned(), 1);
                continue;
            }
            tokio::time::sleep_until(due).await;
            tally.one(&mut caller, || charged_from(due, free_since, Instant::now())).await;
            free_since = Instant::now();
        }
        tally.elapsed = begun.elapsed();
        tally
    })
    .await
}

/// From when on an answer's time counts. A connection that was still busy when its request was due is charged from then
/// on. One that was free is charged from now on: that it woke up late is the timer's fault and not the server's.
fn charged_from(due: Instant, free_since: Instant, now: Instant) -> Instant {
    if free_since > due { due } else { now }
}

/// When one connection's requests are due: those of all connections interleave evenly.
#[derive(Debug)]
struct Schedule {
    next: Instant,
    interval: Duration,
}

impl Schedule {
    fn new(begun: Instant, rate: f64, connections: u32, index: u32) -> Self {
        let between = Duration::from_secs_f64(1.0 / rate.max(0.001));
        Self { next: begun + between * index, interval: between * connections }
    }

    fn next_before(&mut self, end: Instant) -> Option<Instant> {
        let due = self.next;
        self.next += self.interval;
        (due < end).then_some(due)
    }
}

/// The work of all callers, from one moment on. Each has asked once before, which is not counted: to open so many
/// connections at once takes a server milliseconds, in which what is due meanwhile waits.
async fn with_every_caller<C, W, F>(stretch: &Stretch, caller: impl Fn(u32) -> C, work: W) -> Summary
where
    C: Caller,
    W: Fn(C, Tally, Instant, u32) -> F,
    F: Future<Output = Tally> + Send + 'static,
{
    let mut opening = JoinSet::new();
    for index in 0..stretch.connections {
        let mut caller = caller(index);
        opening.spawn(async move {
            // What is wrong with it shows again when it counts.
            caller.call().await;
            (caller, index)
        });
    }
    let mut callers = Vec::new();
    while let Some(opened) = opening.join_next().await {
        callers.extend(opened.ok());
    }
    let begun = Instant::now();
    let mut all = Tally::new(stretch.times.clone());
    let mut lost = u64::from(stretch.connections) - callers.len() as u64;
    let mut tasks = JoinSet::new();
    for (caller, index) in callers {
        tasks.spawn(work(caller, Tally::new(stretch.times.clone()), begun, index));
    }
    while let Some(joined) = tasks.join_next().await {
        match joined {
            Ok(tally) => all.add(tally),
            Err(_) => lost += 1,
        }
    }
    if lost > 0 {
        // They cannot be left out in silence.
        all.failed += lost;
        all.fault("a caller of this program ended early".to_owned(), lost);
    }
    all.summary()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::HttpCaller;
    use crate::floor::Floor;
    use crate::operation;

    /// Callers of a bare server.
    async fn callers() -> (Floor, impl Fn(u32) -> HttpCaller) {
        let floor = Floor::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = floor.address();
        (floor, move |index| HttpCaller::new(address, &operation::ALL[0], index))
    }

    fn stretch(milliseconds: u64) -> Stretch {
        Stretch::new(3, Duration::from_millis(milliseconds)).unwrap()
    }

    #[tokio::test]
    async fn a_saturated_target_is_asked_without_a_pause_and_every_answer_is_counted() {
        let (_floor, callers) = callers().await;
        let found = saturate(&stretch(50), callers).await;
        assert_eq!((found.refused, found.failed, found.faults.len()), (0, 0, 0));
        assert!(found.answered >= 3 && found.per_second > 0.0, "{found:?}");
    }

    #[tokio::test]
    async fn a_paced_target_is_asked_as_often_as_the_rate_says() {
        let (_floor, callers) = callers().await;
        let found = pace(&stretch(200), 100.0, callers).await;
        assert_eq!((found.answered, found.failed), (20, 0));
        // No answer over a socket takes less than a microsecond; a histogram that clips would say so.
        assert!(found.p50 > 1.0 && found.slowest >= found.p50, "{found:?}");
    }

    #[tokio::test]
    async fn a_target_that_is_not_there_is_counted_as_failures_with_their_reason() {
        let (floor, callers) = callers().await;
        drop(floor);
        // Its socket goes with the task that the runtime ends at its next turn.
        tokio::task::yield_now().await;
        let found = pace(&stretch(20), 1000.0, callers).await;
        assert_eq!((found.answered, found.failed), (0, 20));
        assert_eq!(found.faults.into_iter().collect::<Vec<_>>(), [("connection refused".to_owned(), 20)]);
    }

    /// A caller whose first call has another outcome than all others.
    struct Cold {
        is_warm: bool,
    }

    impl Caller for Cold {
        async fn call(&mut self) -> Outcome {
            let is_warm = std::mem::replace(&mut self.is_warm, true);
            if is_warm { Outcome::Answered } else { Outcome::Refused("cold".to_owned()) }
        }
    }

    #[tokio::test]
    async fn the_call_that_opens_a_connection_is_not_counted() {
        let found = pace(&stretch(200), 100.0, |_| Cold { is_warm: false }).await;
        assert_eq!((found.answered, found.refused, found.faults.len()), (20, 0, 0));
    }

    #[test]
    fn many_kinds_of_faults_do_not_grow_without_end() {
        let mut tally = Tally::new(no_times().unwrap());
        for number in 0..100 {
            tally.fault(format!("fault {}", number % 50), 1);
        }
        assert_eq!(tally.faults.len(), FAULTS + 1);
        assert_eq!((tally.faults["fault 0"], tally.faults.values().sum::<u64>()), (2, 100));
    }

    #[test]
    fn a_connection_that_was_busy_is_charged_from_when_its_request_was_due() {
        let begun = Instant::now();
        let second = |number| begun + Duration::from_secs(number);
        assert_eq!(
            charged_from(second(1), second(2), second(3)),
            second(1),
            "the target stalled for a second"
        );
        assert_eq!(charged_from(second(1), second(0), second(3)), second(3), "the timer was late");
    }

    #[test]
    fn the_connections_take_turns() {
        let begun = Instant::now();
        let due = |index| Schedule::new(begun, 1000.0, 4, index).next - begun;
        assert_eq!([0, 1, 2, 3].map(due), [0, 1, 2, 3].map(Duration::from_millis));
        let mut schedule = Schedule::new(begun, 1000.0, 4, 1);
        let end = begun + Duration::from_millis(10);
        let all: Vec<_> = std::iter::from_fn(|| schedule.next_before(end)).map(|due| due - begun).collect();
        assert_eq!(all, [1, 5, 9].map(Duration::from_millis));
    }
}
