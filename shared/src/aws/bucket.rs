//! DynamoDB: moving an account's bucket on.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use jiff::{SignedDuration, Timestamp};

use super::call::failed;
use super::clients::Aws;
use super::table::{Attributes, attributes};
use crate::error::{CallFailure, Error};
use crate::model::ids::AccountId;
use crate::model::table::{BucketUpdate, Key};

impl Aws {
    /// Updates a bucket on a condition. When that does not hold, gives the moment that stands there.
    pub(super) async fn update_bucket_item(
        &self,
        account: &AccountId,
        update: BucketUpdate,
        expires_at: i64,
    ) -> Result<Option<Timestamp>, Error> {
        let (set, condition, attribute, value, at_most) = expressions(update);
        let values = [value, (":at_most", moment(at_most))];
        let values = values.into_iter().chain([(":expires_at", AttributeValue::N(expires_at.to_string()))]);
        let values: HashMap<_, _> = values.map(|(name, value)| (name.to_owned(), value)).collect();
        let call = self
            .dynamodb
            .update_item()
            .table_name(&self.config.table_name)
            .set_key(Some(attributes(&Key::bucket(account))))
            .update_expression(set)
            .condition_expression(condition)
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = call.send().await else { return Ok(None) };
        let before = match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                moment_in(refused.item(), attribute)
            }
            _ => None,
        };
        let error = failed("dynamodb:UpdateItem", account)(error);
        match (&error, before) {
            (Error::Call { kind: CallFailure::ConditionFailed, .. }, Some(before)) => Ok(Some(before)),
            _ => Err(error),
        }
    }
}

type Expressions = (&'static str, &'static str, &'static str, (&'static str, AttributeValue), Timestamp);

/// What is set, on which condition on which attribute, with which value and limit.
fn expressions(update: BucketUpdate) -> Expressions {
    match update {
        BucketUpdate::FullAt { full_at, at_most } => (
            "SET full_at = :full_at, expires_at = :expires_at",
            "attribute_not_exists(full_at) OR full_at <= :at_most",
            "full_at",
            (":full_at", moment(full_at)),
            at_most,
        ),
        BucketUpdate::FullLater { cost, at_most } => (
            "SET full_at = full_at + :cost, expires_at = :expires_at",
            "full_at <= :at_most",
            "full_at",
            (":cost", milliseconds(cost)),
            at_most,
        ),
        BucketUpdate::TurnAt { turn_at, at_most } => (
            "SET turn_at = :turn_at, expires_at = :expires_at",
            "attribute_not_exists(turn_at) OR turn_at <= :at_most",
            "turn_at",
            (":turn_at", moment(turn_at)),
            at_most,
        ),
        BucketUpdate::TurnLater { turn, at_most } => (
            "SET turn_at = turn_at + :turn, expires_at = :expires_at",
            "turn_at <= :at_most",
            "turn_at",
            (":turn", milliseconds(turn)),
            at_most,
        ),
    }
}

/// In milliseconds, so that DynamoDB can compare and add.
fn moment(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_millisecond().to_string())
}

fn milliseconds(duration: SignedDuration) -> AttributeValue {
    AttributeValue::N(duration.as_millis().to_string())
}

fn moment_in(item: Option<&Attributes>, attribute: &str) -> Option<Timestamp> {
    let milliseconds = item?.get(attribute)?.as_n().ok()?.parse().ok()?;
    Timestamp::from_millisecond(milliseconds).ok()
}
