//! Reconciling: the flow on one screen.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::aws::{Aws, GroupOutcome, Outcome, apply, journal, observe};
use crate::error::Error;
use crate::facts::{Facts, RecordFacts};
use crate::hold::{HoldReason, Subject};
use crate::ids::VpcId;
use crate::intent::Intent;
use crate::plan::vpc::Refused;
use crate::plan::{self, Plan, Step};
use crate::policy::Policy;
use crate::rate::delay_seconds;

/// After losing a race twice, the VPC is looked at again after this time.
const AFTER_RACES: SignedDuration = SignedDuration::from_secs(5);

/// Brings the records of the VPCs that `intent` points at to where they should be.
///
/// When another worker was first, or AWS refused a change, everything is observed and planned once more:
/// what is refused again with the same record in front of us becomes a hold.
///
/// # Errors
/// When a read fails, a step fails for a reason that time may mend, or the journal cannot be written. The
/// caller gives the message back; the next try observes afresh.
pub async fn reconcile(aws: &Aws, policy: &Policy, intent: &Intent) -> Result<Plan, Error> {
    let facts = observe(aws, policy, intent).await?;
    let plan = plan::vpc::plan(intent, &facts, policy, &[]);
    let first = carry_out(aws, intent, &facts, &plan).await?;
    let mut waits = busy(aws, &plan);
    waits.extend(first.no_room);
    // Only the VPCs concerned: the others are as they should be.
    let vpcs: BTreeSet<VpcId> =
        first.refused.iter().map(|refused| refused.vpc.clone()).chain(first.raced).collect();
    if !vpcs.is_empty() {
        let again = Intent { vpc_endpoints: BTreeSet::new(), vpcs, ..intent.clone() };
        let facts = observe(aws, policy, &again).await?;
        let plan = plan::vpc::plan(&again, &facts, policy, &first.refused);
        let second = carry_out(aws, &again, &facts, &plan).await?;
        let refused = second.refused.into_iter().map(|refused| refused.vpc);
        waits.extend(busy(aws, &plan));
        waits.extend(second.no_room);
        waits.extend(second.raced.into_iter().chain(refused).map(|vpc| (vpc, AFTER_RACES)));
    }
    look_again(aws, intent, waits).await?;
    Ok(plan)
}

/// What is left after applying a plan.
#[derive(Default)]
struct Left {
    /// Another worker was first.
    raced: BTreeSet<VpcId>,
    /// There was no room for a change, and when there will be.
    no_room: BTreeMap<VpcId, SignedDuration>,
    /// AWS refused a change.
    refused: Vec<Refused>,
}

/// The VPCs in which another worker's change is on its way, and for how long at most.
fn busy(aws: &Aws, plan: &Plan) -> BTreeMap<VpcId, SignedDuration> {
    let now = aws.now();
    plan.look_again.iter().map(|(vpc, at)| (vpc.clone(), at.duration_since(now))).collect()
}

async fn carry_out(aws: &Aws, intent: &Intent, facts: &Facts, plan: &Plan) -> Result<Left, Error> {
    if !plan.is_empty() {
        tracing::info!(account = %intent.account, cause = intent.cause, %plan, "planned");
    }
    let outcomes = apply(aws, plan).await;
    journal(aws, &intent.cause, intent.since, &outcomes).await?;
    let mut left = Left::default();
    let mut failed = None;
    for GroupOutcome { group, outcome, .. } in outcomes {
        let record = match &group.subject {
            Subject::Record(vpc, key) => facts
                .vpcs
                .iter()
                .filter(|facts| facts.vpc == *vpc)
                .flat_map(|facts| &facts.records)
                .find(|record| record.key == *key)
                .map(|record| (vpc.clone(), record)),
            _ => None,
        };
        let refused =
            |(vpc, record): (VpcId, &RecordFacts), reason| Refused { vpc, record: record.clone(), reason };
        match (outcome, record) {
            (Outcome::Raced | Outcome::Unanswered(_), Some((vpc, _))) => _ = left.raced.insert(vpc),
            (Outcome::NoRoom(wait), Some((vpc, _))) => {
                let longest = left.no_room.entry(vpc).or_insert(wait);
                *longest = wait.max(*longest);
            }
            (Outcome::Refused(message), Some(record)) => {
                left.refused.push(refused(record, HoldReason::Route53Refused { message }));
            }
            (Outcome::Denied(denied), Some(record)) => {
                left.refused.push(refused(record, HoldReason::NoAccess(denied)));
            }
            (Outcome::Failed(error), _) => {
                tracing::error!(subject = %group.subject, error = error.chain(), "a step failed");
                failed.get_or_insert(error);
            }
            _ => {}
        }
    }
    failed.map_or(Ok(left), Err)
}

/// Sends one intent for each VPC that has to wait: for room, or for another worker.
async fn look_again(aws: &Aws, intent: &Intent, waits: BTreeMap<VpcId, SignedDuration>) -> Result<(), Error> {
    for (vpc, wait) in waits {
        let next = Intent { vpc_endpoints: BTreeSet::new(), vpcs: [vpc].into(), ..intent.clone() };
        let delay_seconds = delay_seconds(wait, aws.now());
        aws.apply_one(&Step::SendIntent { intent: next, delay_seconds }).await?;
    }
    Ok(())
}
