//! How times are spread: quantiles that were measured, and a histogram.

/// A minute: what zonelink promises.
const LATE: i64 = 60_000;

/// Where the bars of the histogram begin, in milliseconds.
const EDGES: [i64; 13] =
    [0, 1_000, 2_000, 5_000, 10_000, 15_000, 20_000, 30_000, LATE, 120_000, 300_000, 600_000, 1_800_000];

/// A bar of the histogram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bin {
    /// From where to where.
    pub(super) range: String,
    /// How many times are in it.
    pub(super) number: usize,
    /// Its length, in per cent of the longest.
    pub(super) width: usize,
    /// Whether it begins after the promised minute.
    pub(super) is_late: bool,
}

/// Times in milliseconds, in order.
#[derive(Debug)]
pub(super) struct Distribution(Vec<i64>);

impl Distribution {
    /// Clocks of two machines differ, so that a time may come out below zero: it was none.
    pub(super) fn new(times: impl IntoIterator<Item = i64>) -> Self {
        let mut times: Vec<i64> = times.into_iter().map(|time| time.max(0)).collect();
        times.sort_unstable();
        Self(times)
    }

    /// The smallest time within which `percent` of all are; one of those measured, never one in between.
    pub(super) fn quantile(&self, percent: usize) -> Option<i64> {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied()
    }

    /// How many took longer than a minute.
    pub(super) fn late(&self) -> usize {
        self.0.len() - self.0.partition_point(|time| *time <= LATE)
    }

    /// The histogram, from the first bar that has something to the last one.
    pub(super) fn bins(&self) -> Vec<Bin> {
        let ends = EDGES.iter().skip(1).copied().chain([i64::MAX]);
        let counted: Vec<_> =
            EDGES.into_iter().zip(ends).map(|(from, to)| (from, to, self.between(from, to))).collect();
        let most = counted.iter().map(|(_, _, number)| *number).max().unwrap_or_default().max(1);
        let first = counted.iter().position(|(_, _, number)| *number > 0);
        let last = counted.iter().rposition(|(_, _, number)| *number > 0);
        let (Some(first), Some(last)) = (first, last) else { return Vec::new() };
        let bins = counted.into_iter().skip(first).take(last - first + 1);
        bins.map(|(from, to, number)| Bin {
            range: range(from, to),
            number,
            // What is there is seen, however little it is.
            width: if number == 0 { 0 } else { (number * 100 / most).max(1) },
            is_late: from >= LATE,
        })
        .collect()
    }

    /// How many are longer than `from`, or at it when it is zero, and not longer than `to`.
    fn between(&self, from: i64, to: i64) -> usize {
        let up_to = |end: i64| self.0.partition_point(|time| *time <= end);
        up_to(to) - if from == 0 { 0 } else { up_to(from) }
    }
}

fn range(from: i64, to: i64) -> String {
    match (from, to) {
        (0, to) => format!("up to {} s", to / 1_000),
        (from, i64::MAX) => format!("over {} min", from / 60_000),
        (from, to) if to <= LATE => format!("{}–{} s", from / 1_000, to / 1_000),
        (from, to) => format!("{}–{} min", from / 60_000, to / 60_000),
    }
}

/// A time in the unit that matters: "0.4 s", "12 s", "3 min", "5 h".
pub(super) fn words(milliseconds: i64) -> String {
    match milliseconds {
        // Rounded up at the last digit shown, so that nothing looks faster than it was.
        ..=9_900 => format!("{}.{} s", tenths(milliseconds) / 10, tenths(milliseconds) % 10),
        9_901..120_000 => format!("{} s", (milliseconds + 999) / 1_000),
        120_000..7_200_000 => format!("{} min", (milliseconds + 59_999) / 60_000),
        _ => format!("{} h", (milliseconds + 3_599_999) / 3_600_000),
    }
}

fn tenths(milliseconds: i64) -> i64 {
    (milliseconds + 99) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let hundred = Distribution::new((1..=100).rev());
        let found = [50, 90, 99, 100].map(|percent| hundred.quantile(percent));
        assert_eq!(found, [Some(50), Some(90), Some(99), Some(100)]);
        let few = Distribution::new([30, 10, 20]);
        assert_eq!([50, 90, 100].map(|percent| few.quantile(percent)), [Some(20), Some(30), Some(30)]);
        assert_eq!(Distribution::new([7]).quantile(1), Some(7));
        assert_eq!(Distribution::new([]).quantile(50), None);
    }

    #[test]
    fn each_time_is_in_one_bar_and_a_minute_is_not_late() {
        let times = [0, 1_000, 1_001, 12_000, 60_000, 60_001, 99_999_999];
        let distribution = Distribution::new(times);
        let bins = distribution.bins();
        assert_eq!(bins.iter().map(|bin| bin.number).sum::<usize>(), times.len());
        let of =
            |range: &str| bins.iter().find(|bin| bin.range == range).map(|bin| (bin.number, bin.is_late));
        assert_eq!(of("up to 1 s"), Some((2, false)));
        assert_eq!(of("1–2 s"), Some((1, false)));
        assert_eq!(of("30–60 s"), Some((1, false)));
        assert_eq!(of("1–2 min"), Some((1, true)));
        assert_eq!(of("over 30 min"), Some((1, true)));
        assert_eq!(distribution.late(), 2);
    }

    #[test]
    fn empty_bars_stand_between_full_ones_only() {
        let bins = Distribution::new([1_500, 1_600, 12_000]).bins();
        let shown: Vec<_> = bins.iter().map(|bin| (bin.range.as_str(), bin.number, bin.width)).collect();
        assert_eq!(shown, [("1–2 s", 2, 100), ("2–5 s", 0, 0), ("5–10 s", 0, 0), ("10–15 s", 1, 50)]);
        assert!(Distribution::new([]).bins().is_empty());
    }

    #[test]
    fn clock_that_is_behind_makes_no_negative_time() {
        assert_eq!(Distribution::new([-40]).quantile(50), Some(0));
    }

    #[test]
    fn nothing_looks_faster_than_it_was() {
        let said = [0, 1, 420, 9_900, 9_901, 12_001, 119_999, 120_001, 7_200_001].map(words);
        assert_eq!(said, ["0.0 s", "0.1 s", "0.5 s", "9.9 s", "10 s", "13 s", "120 s", "3 min", "3 h"]);
    }
}
