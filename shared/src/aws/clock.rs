//! The clock: this machine's, corrected by what AWS says the time is.
//!
//! Moments are compared across machines: a claim's `until`, a bucket's `full_at`. A function's clock is the one of AWS,
//! and no single answer moves it. The clock of a machine at which somebody runs the command line may be wrong, and AWS
//! takes requests that are signed up to five minutes off. The corrected clock is used and nothing is refused: whatever
//! zonelink writes down is reckoned with it, and AWS refuses by itself what is further off.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Closer than this is right: `Date` has whole seconds, and the machines of AWS differ among each other, too.
const CLOSE: SignedDuration = SignedDuration::from_secs(1);

/// This machine's clock, and by how much it is slow.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// In milliseconds.
    slow_by: AtomicI64,
    is_right: bool,
}

impl Clock {
    /// The clock of a machine of AWS, which is never corrected.
    pub(super) fn of_a_function() -> Self {
        Self { is_right: true, ..Self::default() }
    }

    /// The time, as AWS has it.
    pub(super) fn now(&self) -> Timestamp {
        Self::of_this_machine() + self.slow_by()
    }

    /// By how much this machine's clock is behind the one of AWS; negative where it is ahead.
    pub(super) fn slow_by(&self) -> SignedDuration {
        SignedDuration::from_millis(self.slow_by.load(Ordering::Relaxed))
    }

    /// The time, as this machine has it.
    pub(super) fn of_this_machine() -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
        Timestamp::now()
    }

    /// Takes in the `Date` of an answer to a request that was sent at `sent` by this machine's clock. Each answer
    /// counts, so that a clock that is set meanwhile is followed.
    pub(super) fn hear(&self, sent: Timestamp, date: &str) {
        let Some(date) = jiff::fmt::rfc2822::parse(date).ok().filter(|_| !self.is_right) else { return };
        let answer = Answer { sent, date: date.timestamp(), received: Self::of_this_machine() };
        let slow_by = answer.slow_by(self.slow_by());
        self.slow_by.store(i64::try_from(slow_by.as_millis()).unwrap_or_default(), Ordering::Relaxed);
    }
}

/// When a request left and its answer came by this machine's clock, and what AWS's said in between.
struct Answer {
    sent: Timestamp,
    date: Timestamp,
    received: Timestamp,
}

impl Answer {
    /// By how much the clock is slow, if it was believed to be by `before`. What the answer agrees with stays.
    fn slow_by(&self, before: SignedDuration) -> SignedDuration {
        // The answer was made in the second that begins at its date, neither before it was asked for nor after it
        // came: between these two the truth lies.
        let least = self.date.duration_since(self.received);
        let most = self.date.duration_since(self.sent) + SignedDuration::from_secs(1);
        let agrees = |slow_by: &SignedDuration| (least - CLOSE..=most + CLOSE).contains(slow_by);
        // A clock that was set while the request was on its way says nothing.
        if self.received < self.sent || agrees(&before) {
            return before;
        }
        Some(SignedDuration::ZERO).filter(agrees).unwrap_or((least + most) / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: i64) -> SignedDuration {
        SignedDuration::from_secs(seconds)
    }

    fn milliseconds(milliseconds: i64) -> SignedDuration {
        SignedDuration::from_millis(milliseconds)
    }

    /// What an answer leads to that took 40 ms and came from a clock that is ahead by `ahead`, at any part of a second.
    fn corrected(ahead: SignedDuration, before: SignedDuration) -> Vec<SignedDuration> {
        let corrected = |part| {
            let sent = Timestamp::UNIX_EPOCH + seconds(1_000_000) + milliseconds(part);
            let said = sent + ahead + milliseconds(20);
            let date = Timestamp::UNIX_EPOCH + seconds(said.as_second());
            Answer { sent, date, received: sent + milliseconds(40) }.slow_by(before)
        };
        (0..1000).step_by(50).map(corrected).collect()
    }

    #[test]
    fn clock_that_is_right_stays_as_it_is() {
        for ahead in [0, 400, -400, 900, -900].map(milliseconds) {
            assert!(corrected(ahead, SignedDuration::ZERO).iter().all(SignedDuration::is_zero), "{ahead}");
        }
    }

    #[test]
    fn clock_that_is_off_is_corrected_to_less_than_a_second() {
        for ahead in [241, -241, 3, -3].map(seconds) {
            for found in corrected(ahead, SignedDuration::ZERO) {
                assert!((found - ahead).abs() < seconds(1), "{ahead}: {found}");
            }
        }
    }

    #[test]
    fn clock_that_was_corrected_moves_only_when_an_answer_contradicts_it_and_back_when_it_was_set() {
        assert!(
            corrected(seconds(241), milliseconds(240_600)).iter().all(|slow| *slow == milliseconds(240_600))
        );
        assert!(corrected(SignedDuration::ZERO, seconds(241)).iter().all(SignedDuration::is_zero));
    }

    #[test]
    fn answer_that_was_long_on_its_way_moves_no_clock() {
        let sent = Timestamp::UNIX_EPOCH + seconds(1_000_000);
        for came_after in [0, 5, 9] {
            let date = sent + seconds(came_after);
            let answer = Answer { sent, date, received: sent + seconds(9) };
            assert_eq!(answer.slow_by(SignedDuration::ZERO), SignedDuration::ZERO);
        }
    }

    #[test]
    fn date_is_heard_if_it_can_be_read_and_the_machine_is_none_of_aws() {
        let clock = Clock::default();
        clock.hear(Clock::of_this_machine(), "yesterday");
        assert_eq!(clock.slow_by(), SignedDuration::ZERO);
        clock.hear(Clock::of_this_machine(), "Fri, 27 Nov 2020 13:45:40 GMT");
        assert!(clock.slow_by() < SignedDuration::from_hours(-24));
        let clock = Clock::of_a_function();
        clock.hear(Clock::of_this_machine(), "Fri, 27 Nov 2020 13:45:40 GMT");
        assert_eq!(clock.slow_by(), SignedDuration::ZERO, "a function's clock is right");
    }
}
