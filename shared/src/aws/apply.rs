//! Applying a plan: one AWS call for each step, in order, and no choices.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::clients::{Aws, denied};
use super::table::{Item, Key, WaitItem, item};
use crate::claim::Claim;
use crate::error::{CallFailure, Error};
use crate::facts::Denied;
use crate::metrics::Metric;
use crate::plan::{Group, Plan, Step};
use crate::rate::Priority;
use crate::record::RecordKey;

/// A change of records is not sent with less time than this left to it.
const LEAST_TIME: Duration = Duration::from_secs(5);
/// Between the end of the request and the end of the claim's pending time.
const MARGIN: Duration = Duration::from_secs(2);

/// How a group of steps ended.
#[derive(Debug)]
pub enum Outcome {
    /// All steps were done.
    Done,
    /// A condition did not hold: another worker was first, and the facts are old.
    Raced,
    /// Another worker has just done the same: it keeps the waiting chain, or has written the hold.
    Superseded,
    /// Whether Route 53 made the change is not known.
    Unanswered(String),
    /// Route 53 refused the batch, in these words.
    Refused(String),
    /// The run that led here has made as many removals as it may.
    TooManyDeletes {
        /// The run.
        run: String,
        /// How many it may make.
        at_most: u32,
    },
    /// AWS refused a step for want of permission.
    Denied(Denied),
    /// There is no room for the group's Route 53 requests; after this time there will be.
    NoRoom(SignedDuration),
    /// A step failed.
    Failed(Error),
}

/// A group, how many of its steps were done, and how it ended.
#[derive(Debug)]
pub struct GroupOutcome<'a> {
    /// The group.
    pub group: &'a Group,
    /// How many steps were done.
    pub done: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// When it ended.
    pub at: Timestamp,
}

impl GroupOutcome<'_> {
    /// The steps that were done.
    pub fn done_steps(&self) -> impl Iterator<Item = &Step> {
        self.group.steps.iter().take(self.done)
    }

    /// How many messages were sent that are not of a waiting chain.
    #[must_use]
    pub fn messages(&self) -> usize {
        let is_turn = |step: &Step| matches!(step, Step::PutWait { .. });
        if self.group.steps.iter().any(is_turn) {
            return 0;
        }
        self.done_steps().filter(|step| matches!(step, Step::SendIntent { .. })).count()
    }
}

/// Applies a plan: VPCs side by side, the waves of each in order. A group that fails does not stop the others.
pub async fn apply<'a>(aws: &Aws, plan: &'a Plan) -> Vec<GroupOutcome<'a>> {
    let one_by_one = plan.waves().into_iter().map(async |waves| {
        let mut outcomes = Vec::new();
        for wave in waves {
            outcomes.extend(join_all(wave.into_iter().map(|group| aws.apply_group(group))).await);
        }
        outcomes
    });
    join_all(one_by_one).await.into_iter().flatten().collect()
}

impl Aws {
    async fn apply_group<'a>(&self, group: &'a Group) -> GroupOutcome<'a> {
        let mut done = 0;
        for step in &group.steps {
            // Boxed: the states of all steps together are more than the compiler lays out in one piece.
            let outcome = match self.room_after(Box::pin(self.apply_step(step)).await).await {
                Ok(Ok(())) => {
                    done += 1;
                    continue;
                }
                Ok(Err(wait)) => Outcome::NoRoom(wait),
                Err(error) => Aws::outcome_of(step, error),
            };
            return GroupOutcome { group, done, outcome, at: self.now() };
        }
        GroupOutcome { group, done, outcome: Outcome::Done, at: self.now() }
    }

    fn outcome_of(step: &Step, error: Error) -> Outcome {
        match (step, &error) {
            (Step::PutWait { .. } | Step::PutHold { .. } | Step::DeleteHold { .. }, error)
                if error.is_condition_failed() =>
            {
                Outcome::Superseded
            }
            (Step::ReserveDeletion { run, at_most }, error) if error.is_condition_failed() => {
                Outcome::TooManyDeletes { run: run.clone(), at_most: *at_most }
            }
            (_, Error::Call { kind: CallFailure::ConditionFailed, .. }) => Outcome::Raced,
            (Step::ChangeRecords { account, .. }, error) if error.is_denied() => {
                Outcome::Denied(denied(account, error))
            }
            // Made or not: what is seen once its time is over will tell.
            (
                Step::ChangeRecords { .. },
                Error::Call { kind: CallFailure::Unavailable | CallFailure::Throttled, .. },
            ) => Outcome::Unanswered(error.chain()),
            (Step::ChangeRecords { .. }, Error::Call { kind: CallFailure::Refused, code, message, .. }) => {
                Outcome::Refused(format!("{code}: {}", message.as_deref().unwrap_or("no words")))
            }
            _ => Outcome::Failed(error),
        }
    }

    /// Applies one step outside a plan.
    ///
    /// # Errors
    /// When it fails.
    pub(crate) async fn apply_one(&self, step: &Step) -> Result<(), Error> {
        Box::pin(self.apply_step(step)).await
    }

    async fn apply_step(&self, step: &Step) -> Result<(), Error> {
        match step {
            Step::AcceptConnections { service, vpc_endpoints } => {
                let unsuccessful = self.own().accept(service, vpc_endpoints).await?;
                let accepted = vpc_endpoints.len().saturating_sub(unsuccessful.len());
                self.metrics.count(Metric::ConnectionsAccepted, accepted);
                successful("ec2:AcceptVpcEndpointConnections", &unsuccessful)
            }
            Step::RejectConnections { service, vpc_endpoints } => {
                let unsuccessful = self.own().reject(service, vpc_endpoints).await?;
                let rejected = vpc_endpoints.len().saturating_sub(unsuccessful.len());
                self.metrics.count(Metric::ConnectionsRejected, rejected);
                successful("ec2:RejectVpcEndpointConnections", &unsuccessful)
            }
            Step::PutClaim { claim, expects, joins, leaves } => {
                let mut writes = vec![self.put_claim(claim, *expects)?];
                for vpc in joins {
                    let reference = Key::reference(vpc, &claim.key);
                    writes.push(self.put_in_transaction(&reference, &claim.key)?);
                }
                for vpc in leaves {
                    writes.push(self.delete_in_transaction(&Key::reference(vpc, &claim.key), None)?);
                }
                let moves = expects.is_none() || !joins.is_empty() || !leaves.is_empty();
                if let Some(indexed) = claim.indexed().filter(|_| moves) {
                    writes.push(self.put_in_transaction(&Key::indexed_claim(&claim.key), &indexed)?);
                }
                if claim.released.is_some() {
                    // A mark claims nothing: no sweep has anything to do for it, and no service ends with it.
                    writes.push(self.delete_in_transaction(&Key::indexed_claim(&claim.key), None)?);
                }
                self.transact(&claim.key, writes).await
            }
            Step::Reserve { account, requests } => self.reserve(account, *requests, Priority::Change).await,
            Step::ReserveDeletion { run, at_most } => self.reserve_deletion(run, *at_most).await,
            Step::ChangeRecords { account, key, changes, until } => {
                let clients = self.of(account).await?;
                let time = self.time_until(*until, key)?;
                clients.change_record_sets(key, changes, time).await
            }
            Step::ReleaseClaim { key, expects, leaves } => {
                let mut writes = vec![
                    self.delete_in_transaction(&Key::claim(key), Some(*expects))?,
                    self.delete_in_transaction(&Key::indexed_claim(key), None)?,
                ];
                for vpc in leaves {
                    writes.push(self.delete_in_transaction(&Key::reference(vpc, key), None)?);
                }
                self.transact(key, writes).await
            }
            Step::PutEndpoint { endpoint } => {
                let key = Key::endpoint(&endpoint.service, &endpoint.vpc_endpoint);
                self.put(&key, endpoint, None).await
            }
            Step::PutHold { hold } => self.put_hold(hold).await,
            Step::DeleteHold { subject } => self.delete_existing(&Key::hold(subject)).await,
            Step::PutWait { vpc_endpoint, wait, not_due_after } => {
                // To the nanosecond, so that no two workers take the same turn.
                let turn = wait.due.to_string();
                let limit = AttributeValue::N(not_due_after.as_second().to_string());
                let values = [(":limit", limit), (":turn", AttributeValue::S(turn.clone()))];
                let values = values.map(|(name, value)| (name.to_owned(), value)).into();
                let item = WaitItem {
                    vpc_endpoint: vpc_endpoint.clone(),
                    wait: wait.clone(),
                    turn,
                    expires_at: wait.deadline.as_second() + 24 * 60 * 60,
                };
                // The last: the SDK tries again when an answer is lost, and finds its own turn.
                let condition = "attribute_not_exists(pk) OR due <= :limit OR turn = :turn";
                self.put(&Key::wait(vpc_endpoint), &item, Some((condition, Some(values)))).await
            }
            Step::DeleteWait { vpc_endpoint } => self.delete(&Key::wait(vpc_endpoint)).await,
            Step::SendIntent { intent, delay_seconds } => self.send(intent, *delay_seconds).await,
        }
    }

    fn time_until(&self, until: Timestamp, key: &RecordKey) -> Result<Duration, Error> {
        let left = Duration::try_from(until.duration_since(self.now())).unwrap_or_default();
        let time = left.saturating_sub(MARGIN);
        if time < LEAST_TIME {
            let operation = "route53:ChangeResourceRecordSets";
            return Err(Error::OutOfTime { operation, subject: key.to_string() });
        }
        Ok(time)
    }

    fn put_claim(&self, claim: &Claim, expects: Option<u64>) -> Result<TransactWriteItem, Error> {
        let put = Put::builder()
            .table_name(&self.config.table_name)
            .set_item(Some(item(&Key::claim(&claim.key), claim)?));
        let put = match expects {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(version) => put
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .set_expression_attribute_values(Some(version_value(version))),
        };
        built(put.build()).map(|put| TransactWriteItem::builder().put(put).build())
    }

    fn put_in_transaction(&self, key: &Key, value: &impl Serialize) -> Result<TransactWriteItem, Error> {
        let put = Put::builder().table_name(&self.config.table_name).set_item(Some(item(key, value)?));
        built(put.build()).map(|put| TransactWriteItem::builder().put(put).build())
    }

    fn delete_in_transaction(&self, key: &Key, expects: Option<u64>) -> Result<TransactWriteItem, Error> {
        let delete = Delete::builder().table_name(&self.config.table_name).set_key(Some(key.attributes()));
        let delete = match expects {
            None => delete,
            Some(version) => delete
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .set_expression_attribute_values(Some(version_value(version))),
        };
        built(delete.build()).map(|delete| TransactWriteItem::builder().delete(delete).build())
    }
}

/// A call that was unsuccessful for some of its items has failed, though AWS accepted it.
fn successful(operation: &'static str, unsuccessful: &[String]) -> Result<(), Error> {
    if unsuccessful.is_empty() {
        return Ok(());
    }
    Err(Error::Unsuccessful { operation, items: unsuccessful.join(", ") })
}

fn version_value(version: u64) -> Item {
    HashMap::from([(":version".to_owned(), AttributeValue::N(version.to_string()))])
}

fn built<T>(part: Result<T, aws_sdk_dynamodb::error::BuildError>) -> Result<T, Error> {
    let what = || "a part of a transaction".to_owned();
    part.map_err(|error| Error::Unreadable { what: what(), source: Box::new(error) })
}
