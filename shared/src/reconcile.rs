//! Reconciling: the flow on one screen.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::{Aws, GroupOutcome, Outcome, apply, journal, observe};
use crate::error::Error;
use crate::facts::{Facts, RecordFacts};
use crate::hold::{HoldReason, Subject};
use crate::ids::VpcId;
use crate::intent::Intent;
use crate::plan::vpc::Refused;
use crate::plan::{self, Plan, Step};
use crate::policy::Policy;

/// After losing a race twice, the VPC is looked at again after this many seconds.
const AFTER_RACES: i64 = 5;

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
    if first.raced.is_empty() && first.refused.is_empty() {
        look_again(aws, intent, &plan, BTreeSet::new()).await?;
        return Ok(plan);
    }
    let facts = observe(aws, policy, intent).await?;
    let plan = plan::vpc::plan(intent, &facts, policy, &first.refused);
    let second = carry_out(aws, intent, &facts, &plan).await?;
    let refused = second.refused.into_iter().map(|refused| refused.vpc);
    look_again(aws, intent, &plan, second.raced.into_iter().chain(refused).collect()).await?;
    Ok(plan)
}

/// What is left after applying a plan: VPCs in which a race was lost, and changes that AWS refused.
#[derive(Default)]
struct Left {
    raced: BTreeSet<VpcId>,
    refused: Vec<Refused>,
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
            (Outcome::Raced, Some((vpc, _))) => _ = left.raced.insert(vpc),
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

/// Sends one intent for each VPC that another worker is busy with.
async fn look_again(aws: &Aws, intent: &Intent, plan: &Plan, lost: BTreeSet<VpcId>) -> Result<(), Error> {
    let now = aws.now();
    let mut delays: BTreeMap<VpcId, i64> = lost.into_iter().map(|vpc| (vpc, AFTER_RACES)).collect();
    for (vpc, at) in &plan.look_again {
        delays.insert(vpc.clone(), at.duration_since(now).as_secs() + 1);
    }
    for (vpc, seconds) in delays {
        let next = Intent { vpc_endpoints: [].into(), vpcs: [vpc].into(), ..intent.clone() };
        // SQS delays by 15 minutes at most; a pending change is over long before.
        let delay_seconds = i32::try_from(seconds.clamp(1, 900)).unwrap_or(900);
        aws.apply_one(&Step::SendIntent { intent: next, delay_seconds }).await?;
    }
    Ok(())
}
