//! How still a machine is: for how long it stops threads that want nothing but to run.
//!
//! A virtual machine shares its processors with others, and what these take shows in no load average; every percentile
//! has it, though. A thread that does nothing but look at the clock sees it as a jump, and what other programs of the
//! machine itself take as well.
//! Gil Tene's jHiccup looks so at a thread that sleeps; one that does not sleep leaves the timer out of it.

use std::thread::{self, available_parallelism};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// How long the clock is looked at.
const WATCHED: Duration = Duration::from_secs(2);
/// Between two looks lie some 50 ns; an interrupt that is served in between takes a few microseconds.
const SHORTEST: Duration = Duration::from_micros(100);
/// The part of the time that is above a p99.
const ABOVE: f64 = 0.01;
/// The part of the time from which on it is worth a warning.
const DOUBTFUL: f64 = 0.005;

/// What threads on all cores together saw.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stillness {
    /// The part of the time in which a thread stood still, 0 to 1.
    pub(crate) stopped: f64,
    /// The longest stop, in microseconds.
    pub(crate) longest: f64,
    /// What 99 % of all moments had to wait at most until a thread ran again, in microseconds: no p99 of something
    /// that one thread does can be below.
    pub(crate) p99: f64,
}

impl Stillness {
    /// Look at the clock for two seconds, with a thread for each core.
    pub(crate) fn here() -> Self {
        let cores =
            available_parallelism().ok().and_then(|cores| u32::try_from(cores.get()).ok()).unwrap_or(1);
        let watch = || {
            let begun = Instant::now();
            stops(|| begun.elapsed())
        };
        let stops = thread::scope(|scope| {
            let threads: Vec<_> = (0..cores).map(|_| scope.spawn(watch)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
        });
        Self::of(stops, (WATCHED * cores).as_secs_f64() * 1e6)
    }

    /// Of stops within so much time, all in microseconds.
    fn of(mut stops: Vec<f64>, time: f64) -> Self {
        stops.sort_by(|left, right| right.total_cmp(left));
        // Of a stop, all moments but its last `wait` have to wait longer than that. So the answer is the wait at which
        // what is left of the stops is as long as what may be above: it cuts the longest ones alone.
        let mut cut = 0.0;
        let mut p99: f64 = 0.0;
        for (count, stop) in (1_u32..).zip(&stops) {
            cut += stop;
            p99 = p99.max((cut - ABOVE * time) / f64::from(count));
        }
        Self { stopped: cut / time, longest: stops.first().copied().unwrap_or_default(), p99 }
    }

    /// Whether figures of such a machine are to be read with care.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.stopped > DOUBTFUL
    }
}

/// How long the clock jumped, each time that it did, in microseconds.
fn stops(mut clock: impl FnMut() -> Duration) -> Vec<f64> {
    let mut stops = Vec::new();
    let mut last = clock();
    while last < WATCHED {
        let now = clock();
        let stop = now.saturating_sub(last);
        if stop >= SHORTEST {
            stops.push(stop.as_secs_f64() * 1e6);
        }
        last = now;
    }
    stops
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_was_not_looked_at_meanwhile() {
        let mut times = [0, 1, 90, 20_090, 20_091, 20_391, 2_000_000].into_iter();
        let stops = stops(|| Duration::from_micros(times.next().expect("it ends at two seconds")));
        assert_eq!(stops.iter().map(|stop| stop.round()).collect::<Vec<_>>(), [20_000.0, 300.0, 1_979_609.0]);
    }

    #[test]
    fn one_moment_in_a_hundred_may_wait_longer_than_the_p99() {
        let second = 1e6;
        let one = Stillness::of(vec![30_000.0], second);
        assert_eq!(one, Stillness { stopped: 0.03, longest: 30_000.0, p99: 20_000.0 });
        // What waits longer than 2 ms: 8 of the ten, 1 of each three, and nothing of what is shorter.
        let more = Stillness::of(vec![3_000.0, 1_000.0, 10_000.0, 3_000.0], second);
        assert_eq!(more, Stillness { stopped: 0.017, longest: 10_000.0, p99: 2_000.0 });
        let still = Stillness::of(vec![9_000.0], second);
        assert_eq!((still.p99, still.is_doubtful()), (0.0, true));
        assert!(!Stillness::of(Vec::new(), second).is_doubtful());
    }
}
