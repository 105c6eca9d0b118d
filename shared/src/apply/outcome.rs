//! How the groups of a plan ended.

use jiff::{SignedDuration, Timestamp};

use crate::error::{CallFailure, Error};
use crate::model::facts::Denied;
use crate::model::hold::HoldReason;
use crate::model::zone_claim::NewZone;
use crate::observe::denied_write;
use crate::plan::{Group, RecordChange, Step};

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
    /// It was certainly not made, and may be in some seconds: an earlier change of the zone is not done, or the
    /// request could not be sent.
    NotYet(String),
    /// Route 53 refused the batch, in these words.
    Refused(String),
    /// Route 53 refused to make a zone, or to delete it.
    ZoneRefused(HoldReason),
    /// The run that led here has made as many removals as it may.
    TooManyDeletes {
        /// The run.
        run: String,
        /// How many it may make.
        at_most: u32,
    },
    /// AWS refused a step for want of permission.
    Denied(Denied),
    /// There is no quota for the group's Route 53 requests; after this time there will be.
    NoQuota(SignedDuration),
    /// A step failed.
    Failed(Error),
}

impl Outcome {
    /// What it means that a step fails so.
    pub(super) fn of(step: &Step, error: Error) -> Outcome {
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
            (
                Step::ChangeRecords { account, .. }
                | Step::CreateZone { account, .. }
                | Step::DeleteZone { account, .. },
                error,
            ) if error.is_denied() => Outcome::Denied(denied_write(account, error)),
            // Made or not: what is seen once its time is over will tell.
            (Step::ChangeRecords { .. } | Step::CreateZone { .. } | Step::DeleteZone { .. }, error)
                if error.may_have_been_made() =>
            {
                Outcome::Unanswered(error.chain())
            }
            (
                Step::CreateZone { zone, .. },
                Error::Call { kind: CallFailure::Refused, code, message, .. },
            ) => Outcome::ZoneRefused(refusal_of_a_zone(zone, code, message.as_deref())),
            (Step::DeleteZone { .. }, Error::Call { kind: CallFailure::Refused, code, message, .. }) => {
                let message = format!("{code}: {}", message.as_deref().unwrap_or("no words"));
                Outcome::ZoneRefused(HoldReason::Route53Refused { message })
            }
            (Step::ChangeRecords { .. }, Error::Call { kind: CallFailure::Refused, code, message, .. }) => {
                Outcome::Refused(format!("{code}: {}", message.as_deref().unwrap_or("no words")))
            }
            (
                Step::ChangeRecords { .. } | Step::CreateZone { .. } | Step::DeleteZone { .. },
                Error::Call { .. } | Error::OutOfTime { .. },
            ) => Outcome::NotYet(error.chain()),
            _ => Outcome::Failed(error),
        }
    }
}

/// What it means that Route 53 refuses to make a zone ([CreateHostedZone](
/// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html#API_CreateHostedZone_Errors)).
fn refusal_of_a_zone(zone: &NewZone, code: &str, message: Option<&str>) -> HoldReason {
    let message = format!("{code}: {}", message.unwrap_or("no words"));
    match code {
        "TooManyHostedZones" => HoldReason::ZoneQuota { message },
        // One with this reference lives, and not among the VPC's.
        "HostedZoneAlreadyExists" => {
            HoldReason::ZoneDisassociated { domain: zone.domain.clone(), zone: None }
        }
        _ => HoldReason::Route53Refused { message },
    }
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

    /// The change of a record that was made, and written down as made.
    #[must_use]
    pub fn confirmed_change(&self) -> Option<RecordChange> {
        let (change, place) = self.group.record_change()?;
        // What confirms it comes right after it.
        (self.done > place + 1).then_some(change)
    }

    /// How it ended, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.outcome {
            Outcome::Done => "done".into(),
            Outcome::Raced => format!("raced after {} steps", self.done),
            Outcome::Superseded => "another worker has just done the same".into(),
            Outcome::NoQuota(_) => format!("throttled after {} steps", self.done),
            Outcome::Unanswered(message) => format!("unanswered: {message}"),
            Outcome::NotYet(message) => format!("not made yet, and tried again: {message}"),
            Outcome::TooManyDeletes { run, at_most } => format!("run {run} may make {at_most} removals"),
            Outcome::Refused(message) => format!("refused by Route 53: {message}"),
            Outcome::ZoneRefused(reason) => format!("no zone is made, and none is deleted: {reason}"),
            Outcome::Denied(denied) => format!("denied: {}: {}", denied.operation, denied.message),
            Outcome::Failed(Error::Unsuccessful { items, .. }) => {
                format!("looked again: AWS was unsuccessful for {items}")
            }
            Outcome::Failed(error) => format!("failed after {} steps: {}", self.done, error.chain()),
        }
    }
}
