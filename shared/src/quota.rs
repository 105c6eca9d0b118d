//! zonelink's share of each account's Route 53 requests: a bucket in the table, and what a worker has taken out
//! of it. [`Rate`](crate::model::rate::Rate) has the arithmetic.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::cloud::Cloud;
use crate::error::Error;
use crate::metrics::Metric;
use crate::model::ids::AccountId;
use crate::model::rate::{LONGEST_DELAY, Priority};
use crate::model::table::BucketUpdate;
use crate::worker::Worker;

/// How often a reservation is tried anew that others were in the way of.
const ATTEMPTS: usize = 3;
/// After this much time a bucket is full and its item says nothing.
const FORGET: SignedDuration = SignedDuration::from_hours(24);

/// Requests that are reserved and not yet made, by the account whose quota they are of. What is left in the end
/// is not given back: the bucket fills by itself.
#[derive(Debug, Default)]
pub struct Reserved(Mutex<BTreeMap<AccountId, u32>>);

impl Reserved {
    /// Adds requests that were reserved.
    pub(crate) fn add(&self, account: &AccountId, requests: u32) {
        if requests > 0 {
            let mut reserved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *reserved.entry(account.clone()).or_default() += requests;
        }
    }

    /// Takes up to `requests`; gives how many.
    pub(crate) fn take(&self, account: &AccountId, requests: u32) -> u32 {
        let mut reserved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(left) = reserved.get_mut(account) else { return 0 };
        let taken = requests.min(*left);
        *left -= taken;
        taken
    }
}

impl<C: Cloud> Worker<C> {
    /// Takes `requests` out of what is reserved, and the rest out of the bucket of `account`.
    ///
    /// # Errors
    /// [`Error::NoQuota`] with the time until there are enough, or that of the update. Nothing is taken then.
    pub(crate) async fn take(
        &self,
        reserved: &Reserved,
        account: &AccountId,
        requests: u32,
        priority: Priority,
    ) -> Result<(), Error> {
        let taken = reserved.take(account, requests);
        if taken == requests {
            return Ok(());
        }
        let outcome = self.reserve(account, requests - taken, priority).await;
        if outcome.is_err() {
            reserved.add(account, taken);
        }
        outcome
    }

    /// Takes `requests` out of the bucket of `account` for reads that somebody at the command line asks for, at the
    /// priority of a sweep. Gives the time until there are enough, if there are not; nothing is taken then.
    ///
    /// # Errors
    /// That of the update.
    pub async fn room_for(
        &self,
        account: &AccountId,
        requests: u32,
    ) -> Result<Option<SignedDuration>, Error> {
        Ok(self.reserve_in_order(account, &[requests], Priority::Sweep).await?.1)
    }

    /// Takes `requests` out of the bucket of `account`.
    ///
    /// # Errors
    /// [`Error::NoQuota`] with the time until there are enough, or that of the update.
    async fn reserve(&self, account: &AccountId, requests: u32, priority: Priority) -> Result<(), Error> {
        match self.reserve_in_order(account, &[requests], priority).await? {
            (_, Some(wait)) => Err(Error::NoQuota { account: account.clone(), wait }),
            (_, None) => Ok(()),
        }
    }

    /// Takes as many of `wanted` out of the bucket of `account` as there are, in their order. Gives how many of
    /// them these are, and if not all, the time until there is enough for the next.
    ///
    /// # Errors
    /// That of the update.
    pub(crate) async fn reserve_in_order(
        &self,
        account: &AccountId,
        wanted: &[u32],
        priority: Priority,
    ) -> Result<(usize, Option<SignedDuration>), Error> {
        let (now, rate) = (self.now(), self.config.rate);
        let grant = |full_at| {
            let granted = rate.granted(wanted, priority, full_at, now);
            (granted, wanted.iter().take(granted).sum())
        };
        let answer = |granted, full_at: Timestamp| {
            let next = wanted.iter().skip(granted).find(|requests| **requests > 0);
            let wait = |next: &u32| full_at.duration_since(rate.latest(*next, priority, now));
            (granted, next.map(|next| wait(next).max(SignedDuration::ZERO)))
        };
        let (granted, requests) = grant(now);
        if requests == 0 {
            return Ok(answer(granted, now));
        }
        // A bucket at rest fills from now on; one in use is moved on, if that is not too far.
        let full_at = now + rate.cost(requests);
        let at_rest = BucketUpdate::FullAt { full_at, at_most: now };
        let Some(used) = self.update_bucket(account, at_rest).await? else {
            return Ok(answer(granted, full_at));
        };
        let mut used = self.within_reason(account, used).await?;
        for _ in 0..ATTEMPTS {
            let (granted, requests) = grant(used);
            if requests == 0 {
                return Ok(answer(granted, used));
            }
            let (cost, at_most) = (rate.cost(requests), rate.latest(requests, priority, now));
            let in_use = BucketUpdate::FullLater { cost, at_most };
            let Some(others) = self.update_bucket(account, in_use).await? else {
                return Ok(answer(granted, used + cost));
            };
            // Others were quicker; there may be enough for fewer.
            used = others;
        }
        Ok(answer(0, used))
    }

    /// The moment at which a bucket is full again of which the table says `full_at`. No use of it leads further than
    /// [`Rate::furthest`](crate::model::rate::Rate::furthest): what stands there was written by a clock that was
    /// wrong, and would keep the account waiting for as long as that clock was ahead. Such a bucket counts as empty,
    /// and is set so.
    async fn within_reason(&self, account: &AccountId, full_at: Timestamp) -> Result<Timestamp, Error> {
        let (now, rate) = (self.now(), self.config.rate);
        if full_at <= rate.furthest(now) {
            return Ok(full_at);
        }
        tracing::warn!(%account, "an account's bucket was moved on by a clock that is wrong");
        let empty = rate.empty(now);
        // Unless others have set it meanwhile: then it stands below what is written here, or is set so once more.
        self.update_bucket(account, BucketUpdate::FullAt { full_at: empty, at_most: full_at }).await?;
        Ok(empty)
    }

    /// Gives a sweep's message that found no quota in `account` for `wait` its turn: the time until there is
    /// enough for a good part of it, after all that wait already. So they do not come back together, and nothing
    /// is left unused between them.
    ///
    /// # Errors
    /// That of the update.
    pub(crate) async fn take_turn(
        &self,
        account: &AccountId,
        wait: SignedDuration,
    ) -> Result<SignedDuration, Error> {
        let (now, turn) = (self.now(), self.config.rate.turn());
        let turn_at = now + wait + turn;
        let first = BucketUpdate::TurnAt { turn_at, at_most: turn_at - turn };
        let Some(others) = self.update_bucket(account, first).await? else {
            return Ok(turn_at.duration_since(now));
        };
        if others > self.config.rate.furthest(now) + turn {
            // No wait leads there: a clock was wrong, and no turn would come before it is right.
            self.update_bucket(account, BucketUpdate::TurnAt { turn_at, at_most: others }).await?;
            return Ok(turn_at.duration_since(now));
        }
        let at_most = now + LONGEST_DELAY - turn;
        let later = self.update_bucket(account, BucketUpdate::TurnLater { turn, at_most }).await?;
        // Others may have taken turns in between: this one is then somewhat early, and asks again. Whose turn
        // is beyond the longest delay takes none yet.
        Ok(if later.is_some() { LONGEST_DELAY } else { (others + turn).duration_since(now) })
    }

    /// Turns a want of quota into the time until there is some; other errors stay errors.
    ///
    /// # Errors
    /// When the failure was another one, or the bucket cannot be emptied.
    pub(crate) async fn or_wait<T>(
        &self,
        result: Result<T, Error>,
    ) -> Result<Result<T, SignedDuration>, Error> {
        let wait = match result {
            Ok(value) => return Ok(Ok(value)),
            Err(Error::NoQuota { wait, .. }) => wait,
            Err(Error::Throttled { account }) => {
                tracing::warn!(%account, "Route 53 throttles an account");
                self.empty_bucket(&account).await?
            }
            Err(error) => return Err(error),
        };
        self.count_wait(wait);
        Ok(Err(wait))
    }

    /// Counts that there was no quota, and measures for how long.
    pub(crate) fn count_wait(&self, wait: SignedDuration) {
        self.metrics.count(Metric::BucketWaits, 1);
        self.metrics.measure(Metric::BucketWaitTime, u64::try_from(wait.as_millis()).unwrap_or_default());
    }

    /// Empties the bucket of `account`: AWS has said that its own is empty. Gives the time until there is
    /// something in it again.
    async fn empty_bucket(&self, account: &AccountId) -> Result<SignedDuration, Error> {
        let wait = self.config.rate.cost(self.config.rate.burst);
        let full_at = self.config.rate.empty(self.now());
        // One that others have emptied further stays so.
        self.update_bucket(account, BucketUpdate::FullAt { full_at, at_most: full_at }).await?;
        Ok(wait)
    }

    async fn update_bucket(
        &self,
        account: &AccountId,
        update: BucketUpdate,
    ) -> Result<Option<Timestamp>, Error> {
        self.cloud.update_bucket(account, update, (self.now() + FORGET).as_second()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_reserved_is_taken_once() {
        let account = "444455556666".parse().unwrap_or_else(|error| panic!("{error}"));
        let reserved = Reserved::default();
        reserved.add(&account, 5);
        assert_eq!([3, 3, 3].map(|requests| reserved.take(&account, requests)), [3, 2, 0]);
    }
}
