//! The buckets: how much room each account has for Route 53 requests.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use jiff::{SignedDuration, Timestamp};

use super::call::failed;
use super::clients::Aws;
use super::table::{Item, Key};
use crate::error::{CallFailure, Error};
use crate::ids::AccountId;
use crate::metrics::Metric;
use crate::rate::{LONGEST_DELAY, Priority};

/// How often a reservation is tried anew that others were in the way of.
const ATTEMPTS: usize = 3;
/// After this much time a bucket is full and its item says nothing.
const FORGET: SignedDuration = SignedDuration::from_hours(24);

impl Aws {
    /// Takes room for `requests` in the bucket of `account`.
    ///
    /// # Errors
    /// [`Error::NoRoom`] with the time until there is room, or that of the update.
    pub(super) async fn reserve(
        &self,
        account: &AccountId,
        requests: u32,
        priority: Priority,
    ) -> Result<(), Error> {
        match self.reserve_in_order(account, &[requests], priority).await? {
            (_, Some(wait)) => Err(Error::NoRoom { account: account.clone(), wait }),
            (_, None) => Ok(()),
        }
    }

    /// Takes room in the bucket of `account` for as many of `wanted` as there is room for, in their order. Gives how
    /// many these are, and if not all, the time until there is room for the next.
    ///
    /// # Errors
    /// That of the update.
    pub(super) async fn reserve_in_order(
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
        let Some(mut used) = self.move_bucket(account, full_at, now).await? else {
            return Ok(answer(granted, full_at));
        };
        for _ in 0..ATTEMPTS {
            let (granted, requests) = grant(used);
            if requests == 0 {
                return Ok(answer(granted, used));
            }
            let (cost, latest) = (rate.cost(requests), rate.latest(requests, priority, now));
            let Some(others) = self.add_to_bucket(account, cost, latest).await? else {
                return Ok(answer(granted, used + cost));
            };
            // Others were quicker; there may be room for fewer.
            used = others;
        }
        Ok(answer(0, used))
    }

    /// Gives a sweep's message that found no room in the bucket of `account` for `wait` its turn: the time until
    /// there is room for a good part of it, after all that wait already. So they do not come back together,
    /// and no room is left unused between them.
    ///
    /// # Errors
    /// That of the update.
    pub(super) async fn take_turn(
        &self,
        account: &AccountId,
        wait: SignedDuration,
    ) -> Result<SignedDuration, Error> {
        let (now, turn) = (self.now(), self.config.rate.turn());
        let first = now + wait + turn;
        let values = [(":turn_at", moment(first)), (":at_most", moment(first - turn))];
        let set = "SET turn_at = :turn_at, expires_at = :expires_at";
        let condition = "attribute_not_exists(turn_at) OR turn_at <= :at_most";
        let Some(others) = self.update_bucket(account, set, condition, "turn_at", values.into()).await?
        else {
            return Ok(first.duration_since(now));
        };
        let horizon = now + LONGEST_DELAY;
        let values = [(":turn", milliseconds(turn)), (":at_most", moment(horizon - turn))];
        let set = "SET turn_at = turn_at + :turn, expires_at = :expires_at";
        let later = self.update_bucket(account, set, "turn_at <= :at_most", "turn_at", values.into()).await?;
        // Others may have taken turns in between: this one is then some room early, and asks again. Whose turn
        // is beyond the longest delay takes none yet.
        Ok(if later.is_some() { LONGEST_DELAY } else { (others + turn).duration_since(now) })
    }

    /// Turns a want of room into the time until there is some; other errors stay errors.
    ///
    /// # Errors
    /// When the failure was another one, or the bucket cannot be emptied.
    pub(super) async fn room_after<T>(
        &self,
        result: Result<T, Error>,
    ) -> Result<Result<T, SignedDuration>, Error> {
        let wait = match result {
            Ok(value) => return Ok(Ok(value)),
            Err(Error::NoRoom { wait, .. }) => wait,
            Err(Error::Throttled { account }) => {
                tracing::warn!(%account, "Route 53 throttles an account");
                self.empty_bucket(&account).await?
            }
            Err(error) => return Err(error),
        };
        self.count_wait(wait);
        Ok(Err(wait))
    }

    /// Counts that there was no room, and measures for how long.
    pub(super) fn count_wait(&self, wait: SignedDuration) {
        self.metrics.count(Metric::BucketWaits, 1);
        self.metrics.measure(Metric::BucketWaitTime, u64::try_from(wait.as_millis()).unwrap_or_default());
    }

    /// Empties the bucket of `account`: AWS has said that its own is empty. Gives the time until there is
    /// room again.
    pub(super) async fn empty_bucket(&self, account: &AccountId) -> Result<SignedDuration, Error> {
        let wait = self.config.rate.cost(self.config.rate.burst);
        let until = self.now() + wait;
        // One that others have emptied further stays so.
        self.move_bucket(account, until, until).await?;
        Ok(wait)
    }

    /// Sets the moment at which the bucket is full, if it is not after `at_most` now; else gives that moment.
    async fn move_bucket(
        &self,
        account: &AccountId,
        full_at: Timestamp,
        at_most: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let values = [(":full_at", moment(full_at)), (":at_most", moment(at_most))];
        let set = "SET full_at = :full_at, expires_at = :expires_at";
        let condition = "attribute_not_exists(pk) OR full_at <= :at_most";
        self.update_bucket(account, set, condition, "full_at", values.into()).await
    }

    async fn add_to_bucket(
        &self,
        account: &AccountId,
        cost: SignedDuration,
        at_most: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let values = [(":cost", milliseconds(cost)), (":at_most", moment(at_most))];
        let set = "SET full_at = full_at + :cost, expires_at = :expires_at";
        self.update_bucket(account, set, "full_at <= :at_most", "full_at", values.into()).await
    }

    /// Updates a bucket on a condition. When that does not hold, gives the moment that stands in `attribute`.
    async fn update_bucket(
        &self,
        account: &AccountId,
        set: &str,
        condition: &str,
        attribute: &str,
        values: HashMap<&str, AttributeValue>,
    ) -> Result<Option<Timestamp>, Error> {
        const OPERATION: &str = "dynamodb:UpdateItem";
        let key = Key::new(format!("bucket#{account}"), "route53");
        let expires_at = AttributeValue::N((self.now() + FORGET).as_second().to_string());
        let values = values.into_iter().chain([(":expires_at", expires_at)]);
        let call = self
            .dynamodb
            .update_item()
            .table_name(&self.config.table_name)
            .set_key(Some(key.attributes()))
            .update_expression(set)
            .condition_expression(condition)
            .set_expression_attribute_values(Some(values.map(|(name, v)| (name.to_owned(), v)).collect()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = call.send().await else { return Ok(None) };
        let before = match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                moment_in(refused.item(), attribute)
            }
            _ => None,
        };
        let error = failed(OPERATION, account)(error);
        match (&error, before) {
            (Error::Call { kind: CallFailure::ConditionFailed, .. }, Some(before)) => Ok(Some(before)),
            _ => Err(error),
        }
    }
}

/// In milliseconds, so that DynamoDB can compare and add.
fn moment(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_millisecond().to_string())
}

fn milliseconds(duration: SignedDuration) -> AttributeValue {
    AttributeValue::N(duration.as_millis().to_string())
}

fn moment_in(item: Option<&Item>, attribute: &str) -> Option<Timestamp> {
    let milliseconds = item?.get(attribute)?.as_n().ok()?.parse().ok()?;
    Timestamp::from_millisecond(milliseconds).ok()
}
