//! How still a machine is: for how long threads that want nothing but to run are stopped, and how evenly they run.
//!
//! A thread that does nothing but look at the clock sees a stop as a jump. Whatever else runs on the machine stops it, and
//! so does a host that shares its processors among virtual machines; only the first shows in the thread's own clock, which
//! stands meanwhile. Neither need show in a load average, and every percentile has both.
//! How often it can look in a moment tells how fast the core is then; a neighbour on the same physical core slows it.
//! Gil Tene's jHiccup looks so at a thread that sleeps; one that does not sleep leaves the timer out of it.

use std::thread::{self, available_parallelism};
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// How long the clock is looked at.
const WATCHED: Duration = Duration::from_secs(2);
/// Between two looks lie some 50 ns; an interrupt that is served in between takes a few microseconds.
const SHORTEST: Duration = Duration::from_micros(100);
/// For how long the looks are counted that make one figure of speed.
const MOMENT: Duration = Duration::from_millis(10);
/// The part of the time that is above a p99.
const ABOVE: f64 = 0.01;
/// The part of the time from which on it is worth a warning. A stack and five servers that nobody asks take 1.6 % of two
/// slow cores.
const DOUBTFUL: f64 = 0.02;

/// What threads on all cores together saw.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stillness {
    /// The part of the time in which a thread stood still, 0 to 1.
    pub(crate) stopped: f64,
    /// The part of the time in which the system ran something else in its place, 0 to 1; what [`Self::stopped`] has more
    /// than this is the host's.
    pub(crate) displaced: f64,
    /// The longest stop, in microseconds.
    pub(crate) longest: f64,
    /// What 99 % of all moments had to wait at most until a thread ran again, in microseconds: no p99 of something
    /// that one thread does can be below.
    pub(crate) p99: f64,
    /// How fast the cores are at most in the slowest tenth of all moments, as a part of what they are at least in the
    /// fastest tenth. Cores that are made unlike, as Apple's, are so here as well.
    pub(crate) slowest: f64,
}

/// What one thread saw.
#[derive(Debug, Default)]
struct Seen {
    /// Its stops, in microseconds.
    stops: Vec<f64>,
    /// How often it looked, for each microsecond that it ran, in each [`MOMENT`].
    speeds: Vec<f64>,
    /// For how long it did not run, by its own clock, in microseconds.
    displaced: f64,
}

impl Stillness {
    /// Look at the clock for two seconds, with a thread for each core.
    pub(crate) fn here() -> Self {
        let cores =
            available_parallelism().ok().and_then(|cores| u32::try_from(cores.get()).ok()).unwrap_or(1);
        let watch = || {
            let begun = Instant::now();
            let ran_before = ran();
            let mut seen = watch(|| begun.elapsed());
            // Where the system keeps no account, nothing is known to have displaced it.
            if let (Some(before), Some(now)) = (ran_before, ran()) {
                let displaced = begun.elapsed().saturating_sub(now.saturating_sub(before));
                seen.displaced = displaced.as_secs_f64() * 1e6;
            }
            seen
        };
        let seen = thread::scope(|scope| {
            let threads: Vec<_> = (0..cores).map(|_| scope.spawn(watch)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or_default()).collect()
        });
        Self::of(seen, (WATCHED * cores).as_secs_f64() * 1e6)
    }

    /// Of what threads saw within so much time, in microseconds, of all of them together.
    fn of(seen: Vec<Seen>, time: f64) -> Self {
        let displaced: f64 = seen.iter().map(|seen| seen.displaced).sum();
        let (stops, speeds): (Vec<_>, Vec<_>) =
            seen.into_iter().map(|seen| (seen.stops, seen.speeds)).unzip();
        let (mut stops, mut speeds) = (stops.concat(), speeds.concat());
        stops.sort_by(|left, right| right.total_cmp(left));
        speeds.sort_by(f64::total_cmp);
        let tenth = speeds.len() / 10;
        let slowest =
            speeds.get(tenth).zip(speeds.iter().nth_back(tenth)).map_or(1.0, |(slow, fast)| slow / fast);
        // Of a stop, all moments but its last `wait` have to wait longer than that. So the answer is the wait at which
        // what is left of the stops is as long as what may be above: it cuts the longest ones alone.
        let mut cut = 0.0;
        let mut p99: f64 = 0.0;
        for (count, stop) in (1_u32..).zip(&stops) {
            cut += stop;
            p99 = p99.max((cut - ABOVE * time) / f64::from(count));
        }
        let longest = stops.first().copied().unwrap_or_default();
        Self { stopped: cut / time, displaced: displaced / time, longest, p99, slowest }
    }

    /// Whether figures of such a machine are to be read with care.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.stopped > DOUBTFUL
    }
}

/// For how long the current thread ran so far, by the system's account.
fn ran() -> Option<Duration> {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).ok().map(Duration::from)
}

/// Look at a clock until it says that the time is over.
fn watch(mut clock: impl FnMut() -> Duration) -> Seen {
    let mut seen = Seen::default();
    let mut last = clock();
    let (mut begun, mut looks, mut stopped) = (last, 0_u32, Duration::ZERO);
    while last < WATCHED {
        let now = clock();
        let stop = now.saturating_sub(last);
        if stop >= SHORTEST {
            seen.stops.push(stop.as_secs_f64() * 1e6);
            stopped += stop;
        }
        looks += 1;
        last = now;
        let moment = now.saturating_sub(begun);
        if moment >= MOMENT {
            let ran = moment.saturating_sub(stopped).as_secs_f64() * 1e6;
            if ran > 0.0 {
                seen.speeds.push(f64::from(looks) / ran);
            }
            (begun, looks, stopped) = (now, 0, Duration::ZERO);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_stops(stops: &[f64], time: f64) -> Stillness {
        Stillness::of(vec![Seen { stops: stops.to_vec(), ..Seen::default() }], time)
    }

    #[test]
    fn a_clock_that_jumps_was_not_looked_at_meanwhile() {
        let mut times = [0, 1, 90, 20_090, 20_091, 20_391, 2_000_000].into_iter();
        let seen = watch(|| Duration::from_micros(times.next().expect("it ends at two seconds")));
        let stops: Vec<_> = seen.stops.iter().map(|stop| stop.round()).collect();
        assert_eq!(stops, [20_000.0, 300.0, 1_979_609.0]);
    }

    #[test]
    fn a_slow_moment_has_fewer_looks_and_a_stop_does_not_make_it_one() {
        // A look each microsecond, from one second on each second one, and a stop of 5 ms in the fifth moment.
        let mut now = 0;
        let seen = watch(|| {
            now += match now {
                45_000 => 5_000,
                1_000_000.. => 2,
                _ => 1,
            };
            Duration::from_micros(now)
        });
        let rounded: Vec<_> = seen.speeds.iter().map(|speed| format!("{speed:.2}")).collect();
        assert_eq!((rounded.len(), seen.stops.len()), (199, 1), "the last is not whole");
        assert!(rounded[..99].iter().all(|speed| speed == "1.00"), "{rounded:?}");
        assert!(rounded[101..].iter().all(|speed| speed == "0.50"), "{rounded:?}");
        assert!((Stillness::of(vec![seen], 2e6).slowest - 0.5).abs() < 0.01);
    }

    #[test]
    fn what_displaced_the_threads_is_a_part_of_the_time_of_all() {
        let seen = || Seen { displaced: 30_000.0, ..Seen::default() };
        let displaced = Stillness::of(vec![seen(), Seen::default(), seen()], 3e6).displaced;
        assert!((displaced - 0.02).abs() < 1e-9, "{displaced}");
    }

    #[test]
    fn one_moment_in_a_hundred_may_wait_longer_than_the_p99() {
        let second = 1e6;
        let one = with_stops(&[30_000.0], second);
        assert_eq!((one.stopped, one.longest, one.p99), (0.03, 30_000.0, 20_000.0));
        // What waits longer than 2 ms: 8 of the ten, 1 of each three, and nothing of what is shorter.
        let more = with_stops(&[3_000.0, 1_000.0, 10_000.0, 3_000.0], second);
        assert_eq!((more.stopped, more.longest, more.p99), (0.017, 10_000.0, 2_000.0));
        assert!(with_stops(&[9_000.0], second).p99 < 1e-9, "less than a hundredth");
    }

    #[test]
    fn more_than_what_an_idle_stack_takes_is_doubtful() {
        assert!(!with_stops(&[16_000.0], 1e6).is_doubtful());
        assert!(with_stops(&[24_000.0], 1e6).is_doubtful());
    }
}
