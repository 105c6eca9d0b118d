//! What is moved on in place: buckets, runs, and numbers of zones.

use jiff::{SignedDuration, Timestamp};

use crate::model::run::RunEnd;

/// How the number of zone claims of an account changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneStep {
    /// One more, if fewer than `at_most` live.
    Up {
        /// How many may.
        at_most: u32,
    },
    /// One fewer, on no condition: a number that was lost keeps no claim from being released.
    Down,
}

/// How a bucket is moved on, each way on a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketUpdate {
    /// Full at `full_at`, if it does not exist or is full by `at_most` now.
    FullAt {
        /// The moment.
        full_at: Timestamp,
        /// The latest moment that may stand there.
        at_most: Timestamp,
    },
    /// Full later by `cost`, if it is full by `at_most` now.
    FullLater {
        /// By how much.
        cost: SignedDuration,
        /// The latest moment that may stand there.
        at_most: Timestamp,
    },
    /// The next turn at `turn_at`, if there was none yet or it is by `at_most`.
    TurnAt {
        /// The moment.
        turn_at: Timestamp,
        /// The latest moment that may stand there.
        at_most: Timestamp,
    },
    /// The next turn later by `turn`, if it is by `at_most` now.
    TurnLater {
        /// By how much.
        turn: SignedDuration,
        /// The latest moment that may stand there.
        at_most: Timestamp,
    },
}

/// How a run's item is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunUpdate {
    /// One more removal, if fewer than `at_most` are counted. A run without an item begins with this.
    CountRemoval {
        /// How many it may make.
        at_most: u32,
        /// When the table forgets a run that begins so, in seconds since 1970.
        expires_at: i64,
    },
    /// One removal less: one that was counted was certainly not made, and is counted again when it is tried again.
    UncountRemoval,
    /// What it came to.
    End(RunEnd),
}
