//! How often what goes wrong, and the ways in which the protocol can be broken on purpose.

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
    /// A worker dies before its next call.
    pub(crate) crash: usize,
    /// A message is delivered twice.
    pub(crate) doubled: usize,
    /// An event is lost.
    pub(crate) lost_event: usize,
    /// EC2 answers with what was up to so many milliseconds ago.
    pub(crate) lag: i64,
    /// A call takes seconds.
    pub(crate) slow: usize,
}

impl Faults {
    /// Each seed has kinds of faults of its own: some many, some none at all.
    pub(crate) fn of(random: &mut Random) -> Self {
        let mut rate = |rare: usize| *random.pick(&[0, 0, rare, rare, rare / 4]);
        Self {
            throttle: rate(120),
            lost_answer: rate(40),
            sent_twice: rate(40),
            late: rate(24),
            late_copy: rate(40),
            crash: rate(120),
            doubled: rate(16),
            lost_event: rate(12),
            slow: rate(40),
            lag: *random.pick(&[0, 0, 8_000, 40_000]),
        }
    }

    /// Everything works.
    pub(crate) fn none() -> Self {
        Self::default()
    }
}

/// A part of the protocol, left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The claim is written as confirmed before the change, and announces nothing.
    NoPending,
    /// The claim is released before the record is deleted.
    ReleaseBeforeDelete,
    /// Claims are written whatever version stands there.
    NoVersionCondition,
    /// A change may land long after its claim's `until`.
    OutlivesUntil,
}
