//! Repairs: when a record of ours was put right that somebody else had written, so that two who write the same record
//! do not go on for ever.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A record of ours that was edited or deleted by somebody else, and put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// When it was announced.
    pub at: Timestamp,
    /// Who had written it, by the event that led there; none when a sweep did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// The last repairs of one record, oldest first. What is older than an hour goes with the next one, so they are few.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Repairs(Vec<Repair>);

/// Why a record is not put right once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// Who wrote it last, of those who are known.
    pub by: Option<String>,
    /// How often it was put right.
    pub repairs: usize,
    /// Until when it is left as it is.
    pub until: Timestamp,
}

impl Repairs {
    /// So many repairs within [`Repairs::WINDOW`], and the next one has to wait. A person who tries something at the
    /// console makes two or three edits. A controller writes each minute. Where no events of Route 53 are forwarded,
    /// only the sweep sees edits, each 15 minutes: four are what it finds in an hour, so that it meets the limit, too.
    pub const MOST: usize = 4;
    /// Within which they count.
    pub const WINDOW: SignedDuration = SignedDuration::from_hours(1);
    /// For how long after the last one a record is left as it is. Not shorter than the window: after it, nothing counts
    /// any more.
    pub const REST: SignedDuration = SignedDuration::from_hours(1);

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Repair> {
        self.0.iter()
    }

    /// When the last one was announced.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.0.last().map(|repair| repair.at)
    }

    /// With one more, without those that do not count any more.
    #[must_use]
    pub fn and(&self, at: Timestamp, by: Option<&str>) -> Self {
        let recent = self.0.iter().filter(|repair| at.duration_since(repair.at) < Self::WINDOW);
        let new = Repair { at, by: by.map(ToOwned::to_owned) };
        let mut all: Vec<_> = recent.cloned().chain([new]).collect();
        all.drain(..all.len().saturating_sub(Self::MOST));
        Self(all)
    }

    /// Without the one that was announced at this moment and never made.
    #[must_use]
    pub fn without(&self, at: Timestamp) -> Self {
        Self(self.0.iter().filter(|repair| repair.at != at).cloned().collect())
    }

    /// What is still worth keeping: all, until their time is over.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        let counts = self.last().is_some_and(|last| now.duration_since(last) < Self::REST);
        if counts { self.clone() } else { Self::default() }
    }

    /// Why the record is not put right now; none when it may be.
    #[must_use]
    pub fn rest(&self, now: Timestamp) -> Option<Rest> {
        let until = self.last()? + Self::REST;
        let by = self.0.iter().rev().find_map(|repair| repair.by.clone());
        (self.0.len() >= Self::MOST && now < until).then_some(Rest { by, repairs: self.0.len(), until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    fn made(minutes: &[i64]) -> Repairs {
        minutes.iter().fold(Repairs::default(), |repairs, minute| repairs.and(at(*minute), None))
    }

    #[test]
    fn four_within_an_hour_are_enough_and_three_are_not() {
        assert_eq!(made(&[0, 1, 2]).rest(at(3)), None);
        assert_eq!(made(&[0, 1, 2, 3]).rest(at(3)).map(|rest| (rest.repairs, rest.until)), Some((4, at(63))));
    }

    #[test]
    fn what_sweeps_find_each_quarter_of_an_hour_is_enough() {
        assert!(made(&[0, 15, 30, 45]).rest(at(60)).is_some());
    }

    #[test]
    fn repairs_more_than_an_hour_apart_never_are() {
        let each_20_minutes: Vec<_> = (0..50).map(|n| n * 20).collect();
        let repairs = made(&each_20_minutes);
        assert_eq!((repairs.rest(at(1000)), repairs.0.len()), (None, 3));
    }

    #[test]
    fn rest_ends_an_hour_after_the_last_and_what_comes_then_begins_anew() {
        let repairs = made(&[0, 1, 2, 3]);
        assert!(repairs.rest(at(62)).is_some());
        assert_eq!(repairs.rest(at(63)), None);
        assert_eq!(repairs.and(at(63), None).0.len(), 1);
        assert_eq!((repairs.at(at(62)), repairs.at(at(63))), (repairs.clone(), Repairs::default()));
    }

    #[test]
    fn who_wrote_last_is_named_of_those_who_are_known() {
        let by = |name: &str| made(&[0, 1]).and(at(2), Some(name)).and(at(3), None).rest(at(3));
        assert_eq!(
            by("arn:aws:iam::1:user/ada").and_then(|rest| rest.by),
            Some("arn:aws:iam::1:user/ada".into())
        );
    }

    #[test]
    fn one_that_was_never_made_does_not_count() {
        assert_eq!(made(&[0, 1, 2, 3]).without(at(3)), made(&[0, 1, 2]));
    }
}
