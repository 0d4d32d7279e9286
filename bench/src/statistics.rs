//! Means, and how sure they are: intervals by bootstrap, which assume nothing of how the rounds are spread.

/// How many times the rounds are drawn anew.
const DRAWS: usize = 2000;

/// The numbers of `SplitMix64` (Steele, Lea, Flood 2014): the same in every run, so that a report can be made again.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// As many of the rounds as there are, any of them not at all or several times: their numbers.
    fn draw(&mut self, rounds: usize) -> Vec<usize> {
        let length = u64::try_from(rounds).unwrap_or(1).max(1);
        (0..rounds).filter_map(|_| usize::try_from(self.next() % length).ok()).collect()
    }
}

/// The mean; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "a run has a handful of rounds")]
pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// The middle value; 0 of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    match sorted.len() {
        0 => 0.0,
        length if length % 2 == 1 => at(length / 2),
        length => f64::midpoint(at(length / 2 - 1), at(length / 2)),
    }
}

/// From where to where 95 of 100 lie.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// How the rounds of two series belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// Those of the same number were measured one soon after the other, and what the machine did then is in both. They are
    /// drawn together, so that it is not taken for a difference.
    ByRound,
    /// They have nothing to do with each other.
    None,
}

/// How many times as large the mean of `left` is as the mean of `right`, as far as these rounds tell; `None` when one of
/// them has no rounds or is nothing. Series of different lengths cannot be paired.
pub(crate) fn ratio(left: &[f64], right: &[f64], pairing: Pairing) -> Option<Interval> {
    if left.is_empty() || right.iter().all(|value| *value <= 0.0) {
        return None;
    }
    let are_paired = pairing == Pairing::ByRound && left.len() == right.len();
    let drawn = |values: &[f64], draw: &[usize]| {
        mean(&draw.iter().filter_map(|index| values.get(*index)).copied().collect::<Vec<_>>())
    };
    let mut numbers = Numbers(1);
    let mut ratios: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let of_left = numbers.draw(left.len());
            let of_right = if are_paired { of_left.clone() } else { numbers.draw(right.len()) };
            drawn(left, &of_left) / drawn(right, &of_right)
        })
        .filter(|ratio| ratio.is_finite())
        .collect();
    ratios.sort_by(f64::total_cmp);
    let cut = ratios.len() / 40;
    Some(Interval { low: *ratios.get(cut)?, high: *ratios.get(ratios.len().checked_sub(cut + 1)?)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-9
    }

    #[test]
    fn means_and_medians_of_few_and_of_none() {
        assert!(near(mean(&[1.0, 2.0, 6.0]), 3.0) && near(median(&[6.0, 1.0, 2.0]), 2.0));
        assert!(near(median(&[1.0, 2.0, 4.0, 9.0]), 3.0));
        assert!(near(mean(&[]), 0.0) && near(median(&[]), 0.0));
    }

    #[test]
    fn equal_rounds_leave_no_doubt_and_spread_ones_an_interval_around_the_ratio() {
        let sure = ratio(&[200.0; 3], &[100.0; 3], Pairing::None).unwrap();
        assert!(near(sure.low, 2.0) && near(sure.high, 2.0));
        let doubtful = ratio(&[180.0, 200.0, 220.0], &[90.0, 100.0, 110.0], Pairing::None).unwrap();
        assert!(
            doubtful.low < 2.0 && doubtful.high > 2.0 && doubtful.low > 1.6 && doubtful.high < 2.5,
            "{doubtful:?}"
        );
        assert_eq!(
            ratio(&[180.0, 200.0, 220.0], &[90.0, 100.0, 110.0], Pairing::None),
            Some(doubtful),
            "it can be made again"
        );
    }

    #[test]
    fn what_slows_both_in_a_round_is_no_difference_between_them() {
        let paired = ratio(&[180.0, 100.0, 220.0], &[90.0, 50.0, 110.0], Pairing::ByRound).unwrap();
        assert!(near(paired.low, 2.0) && near(paired.high, 2.0), "{paired:?}");
        let uneven = |pairing| ratio(&[180.0, 220.0], &[90.0, 100.0, 110.0], pairing);
        assert_eq!(uneven(Pairing::ByRound), uneven(Pairing::None), "there is no partner for the third");
    }

    #[test]
    fn nothing_is_no_divisor() {
        assert_eq!(ratio(&[1.0], &[0.0], Pairing::ByRound), None);
        assert_eq!(ratio(&[], &[1.0], Pairing::None), None);
    }
}
