//! Load on one operation of one target: saturated, and paced.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::client::Client;

/// How long after the end of a paced stretch the requests that were due in it are still sent.
const GRACE: Duration = Duration::from_secs(10);

/// The longest time that is told apart, in nanoseconds; what takes longer counts as this.
const LONGEST: u64 = 60_000_000_000;

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
    pub(crate) address: SocketAddr,
    pub(crate) request: Arc<[u8]>,
    pub(crate) connections: u32,
    pub(crate) duration: Duration,
    /// An empty histogram, of which each connection gets a copy.
    pub(crate) times: Histogram<u64>,
}

/// What a stretch gave.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Answers with a status from 200 to 299.
    pub(crate) answered: u64,
    /// Answers with another status.
    pub(crate) refused: u64,
    /// Requests without an answer.
    pub(crate) failed: u64,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// Times of all answers, in nanoseconds.
    pub(crate) times: Histogram<u64>,
}

impl Tally {
    fn new(times: Histogram<u64>) -> Self {
        Self { answered: 0, refused: 0, failed: 0, elapsed: Duration::ZERO, times }
    }

    async fn one(&mut self, client: &mut Client, request: &[u8], since: Instant) {
        match client.status(request).await {
            Ok(200..=299) => self.answered += 1,
            Ok(_) => self.refused += 1,
            Err(_) => self.failed += 1,
        }
        self.times.saturating_record(u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }

    fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.refused += other.refused;
        self.failed += other.failed;
        self.elapsed = self.elapsed.max(other.elapsed);
        // Both have the same bounds.
        let _ = self.times.add(&other.times);
    }

    /// Answers a second.
    #[expect(clippy::cast_precision_loss, reason = "counts of requests stay far below 2^52")]
    pub(crate) fn per_second(&self) -> f64 {
        (self.answered + self.refused) as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// The time within which this share of all answers came, in microseconds.
    #[expect(clippy::cast_precision_loss, reason = "times stay far below 2^52 nanoseconds")]
    pub(crate) fn within(&self, share: f64) -> f64 {
        self.times.value_at_quantile(share) as f64 / 1000.0
    }
}

/// Every connection sends the next request as soon as it has its answer.
pub(crate) async fn saturate(stretch: &Stretch) -> Tally {
    let begun = Instant::now();
    let end = begun + stretch.duration;
    on_every_connection(stretch, move |mut client, mut tally, request, _| async move {
        while Instant::now() < end {
            tally.one(&mut client, &request, Instant::now()).await;
        }
        tally.elapsed = begun.elapsed();
        tally
    })
    .await
}

/// Requests are due at `rate` a second over all connections, whether earlier ones came back or not.
pub(crate) async fn pace(stretch: &Stretch, rate: f64) -> Tally {
    let begun = Instant::now();
    let end = begun + stretch.duration;
    let connections = stretch.connections;
    on_every_connection(stretch, move |mut client, mut tally, request, index| async move {
        let mut schedule = Schedule::new(begun, rate, connections, index);
        let mut free_since = begun;
        while let Some(due) = schedule.next_before(end) {
            if Instant::now() > end + GRACE {
                tally.failed += 1;
                continue;
            }
            tokio::time::sleep_until(due).await;
            tally.one(&mut client, &request, charged_from(due, free_since, Instant::now())).await;
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

async fn on_every_connection<W, F>(stretch: &Stretch, work: W) -> Tally
where
    W: Fn(Client, Tally, Arc<[u8]>, u32) -> F,
    F: Future<Output = Tally> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for index in 0..stretch.connections {
        let (client, tally) = (Client::new(stretch.address), Tally::new(stretch.times.clone()));
        tasks.spawn(work(client, tally, Arc::clone(&stretch.request), index));
    }
    let mut all = Tally::new(stretch.times.clone());
    while let Some(joined) = tasks.join_next().await {
        match joined {
            Ok(tally) => all.add(&tally),
            // It cannot be left out in silence.
            Err(_) => all.failed += 1,
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::Floor;
    use crate::operation;

    async fn stretch(milliseconds: u64) -> (Floor, Stretch) {
        let floor = Floor::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let request = operation::ALL[0].request("a").into();
        let duration = Duration::from_millis(milliseconds);
        let stretch = Stretch {
            address: floor.address(),
            request,
            connections: 3,
            duration,
            times: no_times().unwrap(),
        };
        (floor, stretch)
    }

    #[tokio::test]
    async fn a_saturated_target_is_asked_without_a_pause_and_every_answer_is_counted() {
        let (_floor, stretch) = stretch(50).await;
        let tally = saturate(&stretch).await;
        assert_eq!((tally.refused, tally.failed), (0, 0));
        assert!(tally.answered >= 3 && tally.answered == tally.times.len(), "{}", tally.answered);
    }

    #[tokio::test]
    async fn a_paced_target_is_asked_as_often_as_the_rate_says() {
        let (_floor, stretch) = stretch(200).await;
        let tally = pace(&stretch, 100.0).await;
        assert_eq!((tally.answered, tally.failed), (20, 0));
        // No answer over a socket takes less than a microsecond; a histogram that clips would say so.
        assert!(tally.within(0.5) > 1.0 && tally.within(1.0) >= tally.within(0.5), "{}", tally.within(0.5));
    }

    #[tokio::test]
    async fn a_target_that_is_not_there_is_counted_as_failures() {
        let (floor, stretch) = stretch(20).await;
        drop(floor);
        // Its socket goes with the task that the runtime ends at its next turn.
        tokio::task::yield_now().await;
        let tally = pace(&stretch, 1000.0).await;
        assert_eq!((tally.answered, tally.failed), (0, 20));
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
