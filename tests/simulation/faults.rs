//! How often what goes wrong.

use super::random::Random;

/// Each number: once in how many times; 0 is never.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    /// A call is throttled, after the SDK's own retries.
    pub(crate) throttle: usize,
    /// A write is done and the worker is told that it was not.
    pub(crate) lost_answer: usize,
    /// A write is done, its answer is lost, and the SDK sends it again.
    pub(crate) sent_twice: usize,
    /// A write is done some time after the worker gave up on it.
    pub(crate) late: usize,
    /// The SDK sends a write again, and the first one is done after the second.
    pub(crate) late_copy: usize,
    /// A worker dies between two steps.
    pub(crate) crash: usize,
    /// A message is delivered twice.
    pub(crate) doubled: usize,
    /// An event is lost.
    pub(crate) lost_event: usize,
    /// Route 53 asks for patience, because an earlier change of the zone is not done.
    pub(crate) prior_request: usize,
    /// DynamoDB leaves some keys of a batch out.
    pub(crate) unprocessed: usize,
    /// EC2 answers with what was up to so many milliseconds ago.
    pub(crate) lag: i64,
    /// A call reaches AWS seconds after it was made.
    pub(crate) slow: usize,
    /// An answer reaches its worker seconds after it was given.
    pub(crate) late_answer: usize,
    /// How many minutes an accepted endpoint may take until it answers.
    pub(crate) patience: i64,
    /// The most milliseconds that one step of a call takes.
    pub(crate) pace: i64,
}

impl Faults {
    /// Each seed has kinds of faults of its own: some many, some none at all.
    pub(crate) fn of(random: &mut Random) -> Self {
        let mut rate = |rare: usize| *random.pick(&[0, 0, rare, rare, rare / 4]);
        Self {
            throttle: rate(160),
            lost_answer: rate(40),
            sent_twice: rate(40),
            late: rate(24),
            late_copy: rate(40),
            crash: rate(240),
            doubled: rate(16),
            lost_event: rate(12),
            prior_request: rate(16),
            unprocessed: rate(8),
            slow: rate(60),
            late_answer: rate(60),
            lag: *random.pick(&[0, 0, 8_000, 40_000]),
            patience: 35,
            pace: *random.pick(&[20, 60, 60, 150]),
        }
    }

    /// Everything works.
    pub(crate) fn none() -> Self {
        Self { pace: 20, patience: 5, ..Self::default() }
    }
}
