//! Reconciling: the flow on one screen.

use jiff::SignedDuration;

use crate::aws::{Aws, GroupOutcome, Outcome, apply, journal, observe};
use crate::error::Error;
use crate::facts::{Facts, RecordFacts};
use crate::hold::{HoldReason, Subject};
use crate::ids::VpcId;
use crate::intent::Intent;
use crate::plan::{self, Plan, Step};
use crate::policy::Policy;

/// After losing a race twice, the VPC is looked at again after this many seconds.
const AFTER_RACES: i32 = 5;

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
    let plan = plan::vpc::plan(intent, &facts, policy, &Vec::new());
    let first = carry_out(aws, intent, &facts, &plan).await?;
    if first.raced.is_empty() && first.refused.is_empty() {
        look_again(aws, intent, &plan, &[]).await?;
        return Ok(plan);
    }
    let facts = observe(aws, policy, intent).await?;
    let plan = plan::vpc::plan(intent, &facts, policy, &first.refused);
    let second = carry_out(aws, intent, &facts, &plan).await?;
    let lost = second.raced.into_iter().chain(second.refused.iter().map(|(_, _, vpc)| vpc.clone()));
    look_again(aws, intent, &plan, &lost.collect::<Vec<_>>()).await?;
    Ok(plan)
}

/// What is left after applying a plan: VPCs in which a race was lost, and changes that AWS refused.
#[derive(Default)]
struct Left {
    raced: Vec<VpcId>,
    refused: plan::vpc::Refused,
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
        let refused = |(vpc, record): (VpcId, &RecordFacts), reason| (record.clone(), reason, vpc);
        match (outcome, record) {
            (Outcome::Raced, Some((vpc, _))) => left.raced.push(vpc),
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

/// Sends intents for the VPCs that another worker is busy with.
async fn look_again(aws: &Aws, intent: &Intent, plan: &Plan, lost: &[VpcId]) -> Result<(), Error> {
    let now = aws.now();
    let busy = plan.look_again.iter().map(|(vpc, at)| (vpc, at.duration_since(now)));
    let lost = lost.iter().map(|vpc| (vpc, SignedDuration::from_secs(AFTER_RACES.into())));
    for (vpc, delay) in busy.chain(lost) {
        let next = Intent { vpc_endpoints: [].into(), vpcs: [vpc.clone()].into(), ..intent.clone() };
        // SQS delays by 15 minutes at most; a pending change is over long before.
        let delay_seconds = i32::try_from(delay.as_secs() + 1).unwrap_or(AFTER_RACES).clamp(1, 900);
        let step = Step::SendIntent { intent: next, delay_seconds };
        aws.apply_one(&step).await?;
    }
    Ok(())
}
