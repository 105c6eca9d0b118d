//! Chance: the same numbers for the same seed, on every machine and with every compiler.

use std::collections::VecDeque;

/// Steele, Lea and Flood's split-and-mix generator. Small enough to stand here, so that no new version of a crate
/// changes what a seed means.
#[derive(Debug, Clone, Default)]
pub(crate) struct Random {
    state: u64,
    /// The choices that were made, where somebody keeps them.
    kept: Option<Vec<usize>>,
    /// The choices of an earlier schedule, which come before all chance.
    given: VecDeque<usize>,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        // Mixed first: streams of neighbouring seeds would be one stream, each a number behind the other.
        let mut mixing = Self { state: seed, ..Self::default() };
        Self { state: mixing.next().rotate_left(32), ..Self::default() }
    }

    /// Keeps all choices from now on.
    pub(crate) fn keep(mut self) -> Self {
        self.kept = Some(Vec::new());
        self
    }

    /// Makes these choices first.
    pub(crate) fn follow(mut self, choices: impl IntoIterator<Item = usize>) -> Self {
        self.given = choices.into_iter().collect();
        self
    }

    /// The choices that were kept.
    pub(crate) fn choices(&mut self) -> Vec<usize> {
        self.kept.take().unwrap_or_default()
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Less than `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = limit.max(1);
        let drawn = usize::try_from(self.next() % limit as u64).unwrap_or_default();
        let choice = self.given.pop_front().map_or(drawn, |given| given % limit);
        self.kept.iter_mut().for_each(|kept| kept.push(choice));
        choice
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = usize::try_from(high - low + 1).unwrap_or(1);
        low + i64::try_from(self.below(span)).unwrap_or_default()
    }

    /// True once in `n` times; never for 0.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        n > 0 && self.below(n) == 0
    }

    /// One of `choices`, which are not empty.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}
