//! The share of an account's Route 53 requests that zonelink takes.
//!
//! Route 53 gives an account 10 requests a second from a bucket of 50, shared with everything else that runs
//! there ([quotas](https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html)). zonelink
//! keeps to a part of that by the generic cell rate algorithm: one number for each account, the moment at
//! which its bucket will be full again, moved on by each reservation.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How many Route 53 requests zonelink makes in one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second in the long run; at least 1.
    pub per_second: u32,
    /// Requests at once from a full bucket; at least 1.
    pub burst: u32,
}

impl Default for Rate {
    /// Half of what Route 53 gives.
    fn default() -> Self {
        Self { per_second: 5, burst: 25 }
    }
}

/// Who asks for room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// What belongs to requests that were made: it is always admitted, because they would have been made in vain, and
    /// begun again.
    Change,
    /// Observing after an event: leaves a quarter of the bucket to changes.
    #[default]
    Event,
    /// Observing for a sweep: leaves half of the bucket to changes and events.
    Sweep,
}

impl Rate {
    /// How long the bucket takes to fill up by `requests`.
    #[must_use]
    pub fn cost(self, requests: u32) -> SignedDuration {
        SignedDuration::from_micros(i64::from(requests) * 1_000_000 / i64::from(self.per_second.max(1)))
    }

    /// The latest moment at which the bucket may be full again for `requests` to be granted at `now`.
    ///
    /// More requests than there can ever be room for are granted from a bucket that is as full as it gets, and those of
    /// a change from an overdrawn one, too: they belong together, and are paid for by a longer wait of those who begin.
    #[must_use]
    pub fn latest(self, requests: u32, priority: Priority, now: Timestamp) -> Timestamp {
        if priority == Priority::Change {
            return now + LONGEST_DEBT;
        }
        now + self.cost(self.room(priority).saturating_sub(requests))
    }

    /// How many of `wanted`, in their order, are granted at `now` from a bucket that will be full at `full_at`. What
    /// asks for nothing is granted by any.
    #[must_use]
    pub fn granted(self, wanted: &[u32], priority: Priority, full_at: Timestamp, now: Timestamp) -> usize {
        let mut sum = 0;
        let fits = |requests: &&u32| {
            let alone = sum == 0;
            sum += **requests;
            let together = alone || sum <= self.room(priority) || priority == Priority::Change;
            let fits = together && full_at <= self.latest(sum, priority, now);
            **requests == 0 || fits
        };
        wanted.iter().take_while(fits).count()
    }

    /// The latest moment at which a bucket can be full again: overdrawn as far as it may be, and once more by a whole
    /// one. What stands further off was written by a clock that was wrong.
    #[must_use]
    pub fn furthest(self, now: Timestamp) -> Timestamp {
        now + LONGEST_DEBT + self.cost(self.burst)
    }

    /// When a bucket is full again that is empty now: what is believed of one that stands beyond [`Self::furthest`].
    #[must_use]
    pub fn empty(self, now: Timestamp) -> Timestamp {
        now + self.cost(self.burst)
    }

    /// The most that is taken for a VPC before its zones are listed. What is asked for afterwards has to find room
    /// beside it.
    #[must_use]
    pub fn first_share(self) -> u32 {
        self.room(Priority::Sweep).min(self.burst.saturating_sub(1)).max(1)
    }

    fn room(self, priority: Priority) -> u32 {
        match priority {
            Priority::Change => self.burst,
            Priority::Event => self.burst - self.burst / 4,
            Priority::Sweep => self.burst.div_ceil(2),
        }
    }

    /// How far apart the messages of a sweep take their turns in one account: the time in which half of what
    /// a sweep may take at once comes back. A turn that is late by as much again loses no room.
    #[must_use]
    pub fn turn(self) -> SignedDuration {
        self.cost(self.room(Priority::Sweep).div_ceil(2))
    }
}

/// By how much a bucket may be overdrawn: more than all that is under way at one time ever needs.
const LONGEST_DEBT: SignedDuration = SignedDuration::from_hours(1);

/// SQS delays a message by 15 minutes at most.
pub const LONGEST_DELAY: SignedDuration = SignedDuration::from_mins(15);

/// A wait as a message's delay: in whole seconds, not before it is over.
#[must_use]
pub fn delay_seconds(wait: SignedDuration) -> i32 {
    let seconds = wait.as_secs() + i64::from(wait.subsec_nanos() > 0);
    i32::try_from(seconds.clamp(1, LONGEST_DELAY.as_secs())).unwrap_or(1)
}

/// The same, up to two seconds longer, so that those who found no room together do not come back together.
#[must_use]
pub fn delay_seconds_apart(wait: SignedDuration, now: Timestamp) -> i32 {
    let jitter = i64::from(now.subsec_nanosecond() / 1000 % 3);
    delay_seconds(wait + SignedDuration::from_secs(jitter))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 5, burst: 25 };

    /// Asks for `requests` each time, the bucket's moment in hand, until there is no room.
    fn granted_at_once(requests: u32, priority: Priority) -> u32 {
        let now = Timestamp::UNIX_EPOCH;
        let (mut full_at, mut granted) = (now, 0);
        while full_at <= RATE.latest(requests, priority, now) && granted < 1000 {
            full_at += RATE.cost(requests);
            granted += requests;
        }
        granted
    }

    #[test]
    fn sweeps_leave_room_to_events_and_events_to_changes() {
        assert_eq!(granted_at_once(1, Priority::Event), 19);
        assert_eq!(granted_at_once(1, Priority::Sweep), 13);
    }

    #[test]
    fn room_comes_back_at_the_rate() {
        assert_eq!(RATE.cost(5), SignedDuration::from_secs(1));
    }

    #[test]
    fn a_delay_never_ends_before_the_wait_and_never_exceeds_what_sqs_takes() {
        assert_eq!(delay_seconds(SignedDuration::from_millis(1001)), 2);
        assert_eq!(delay_seconds(SignedDuration::from_secs(2)), 2);
        assert_eq!(delay_seconds(SignedDuration::ZERO), 1);
        assert_eq!(delay_seconds(SignedDuration::from_hours(1)), 900);
    }

    #[test]
    fn turns_follow_each_other_faster_than_a_sweeps_room_comes_back() {
        assert!(RATE.turn() * 2 <= RATE.cost(14));
        assert_eq!(Rate { per_second: 1, burst: 1 }.turn(), SignedDuration::from_secs(1));
    }

    #[test]
    fn as_many_are_granted_in_their_order_as_there_is_room_for() {
        let now = Timestamp::UNIX_EPOCH;
        let granted =
            |wanted: &[u32], used| RATE.granted(wanted, Priority::Sweep, now + RATE.cost(used), now);
        assert_eq!(granted(&[2; 10], 0), 6);
        assert_eq!(granted(&[2; 10], 8), 2);
        assert_eq!(granted(&[2; 10], 12), 0);
        assert_eq!(granted(&[2; 3], 0), 3);
        assert_eq!(granted(&[0, 0, 30, 1], 0), 3, "more than there can be room for, from a full bucket");
        assert_eq!(granted(&[0, 30, 1], 1), 1);
        assert_eq!(granted(&[0, 0, 2], 40), 2, "nothing is granted by an overdrawn bucket, too");
    }

    #[test]
    fn what_belongs_to_requests_that_were_made_is_granted_however_overdrawn_the_bucket_is() {
        // The first share of a VPC with many zones, then one list of records for each, and then one change for each.
        let now = Timestamp::UNIX_EPOCH;
        for rate in [RATE, Rate { per_second: 1, burst: 2 }] {
            let mut full_at = now + rate.cost(rate.first_share());
            for wanted in [vec![500], vec![1; 500]] {
                assert_eq!(rate.granted(&wanted, Priority::Change, full_at, now), wanted.len(), "{rate:?}");
                full_at += rate.cost(500);
            }
            assert_eq!(rate.granted(&[1], Priority::Event, full_at, now), 0, "who begins pays for it");
        }
    }

    #[test]
    fn no_bucket_that_was_moved_on_by_the_rules_stands_further_than_any_can() {
        let now = Timestamp::UNIX_EPOCH;
        let mut full_at = now;
        // Changes are granted as long as any are.
        while RATE.granted(&[RATE.burst], Priority::Change, full_at, now) == 1 {
            full_at += RATE.cost(RATE.burst);
        }
        assert!(full_at <= RATE.furthest(now), "{full_at}");
        assert!(RATE.furthest(now) < now + SignedDuration::from_hours(2));
    }

    #[test]
    fn more_requests_than_the_burst_are_granted_from_a_full_bucket_only() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(RATE.latest(100, Priority::Sweep, now), now);
    }
}
