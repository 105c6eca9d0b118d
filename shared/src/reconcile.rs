//! Reconciling: the flow on one screen.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::aws::{Aws, GroupOutcome, Look, Outcome, apply, journal};
use crate::error::Error;
use crate::facts::{Facts, RecordFacts};
use crate::hold::{HoldReason, Subject};
use crate::ids::VpcId;
use crate::intent::Intent;
use crate::metrics::Metric;
use crate::plan::vpc::Refused;
use crate::plan::{self, Plan, Step};
use crate::policy::Policy;
use crate::rate::delay_seconds_apart;
use crate::run::{Part, RequestedBy};

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
pub async fn reconcile(aws: &Aws, policy: &Policy, intent: &Intent) -> Result<Reconciled, Error> {
    let (mut plan, mut left) = look_and_do(aws, policy, intent, &[], Counted::default()).await?;
    // Only the VPCs concerned: the others are as they should be.
    let refused = std::mem::take(&mut left.refused);
    let vpcs: BTreeSet<VpcId> =
        refused.iter().map(|refused| refused.vpc.clone()).chain(std::mem::take(&mut left.raced)).collect();
    if !vpcs.is_empty() {
        let again = Intent { vpc_endpoints: BTreeSet::new(), vpcs, ..intent.clone() };
        let seen = left.counted.part.vpcs;
        let counted = std::mem::take(&mut left.counted);
        let (planned, second) = look_and_do(aws, policy, &again, &refused, counted).await?;
        plan.holds.retain(|subject, _| subject.vpc().is_none_or(|vpc| !again.vpcs.contains(vpc)));
        plan.holds.extend(planned.holds);
        let refused = second.refused.into_iter().map(|refused| refused.vpc);
        left.waits.extend(second.waits);
        left.waits.extend(second.raced.into_iter().chain(refused).map(|vpc| (vpc, AFTER_RACES)));
        left.failed = left.failed.or(second.failed);
        left.counted = second.counted;
        left.counted.part.vpcs = seen;
    }
    let Counted { mut part, numbered } = left.counted;
    (part.held, part.sent_on) = (plan.holds.len(), part.sent_on + left.waits.len());
    look_again(aws, intent, left.waits, numbered).await?;
    left.failed.map_or(Ok(Reconciled { plan, part }), Err)
}

/// What came of an intent.
#[derive(Debug)]
pub struct Reconciled {
    /// The plan that was made first, with what is held in the end.
    pub plan: Plan,
    /// What all that was done came to.
    pub part: Part,
}

/// Observes, plans, applies and journals, a few VPCs at a time. A step that fails stops none of the others.
async fn look_and_do(
    aws: &Aws,
    policy: &Policy,
    intent: &Intent,
    refused: &[Refused],
    counted: Counted,
) -> Result<(Plan, Left), Error> {
    let (mut whole, mut left) = (Plan::default(), Left { counted, ..Left::default() });
    let mut look = Look::new(aws, policy, intent);
    while let Some(facts) = look.next().await? {
        if is_scheduled(intent) {
            aws.metrics().measure(Metric::PendingAge, facts.pending_age());
        }
        let mut plan = plan::vpc::plan(intent, &facts, policy, refused);
        plan.send_for(intent.run.as_ref(), &mut left.counted.numbered);
        left.counted.part.vpcs += facts.vpcs.len();
        carry_out(aws, intent, &facts, &plan, &mut left).await?;
        left.waits.extend(busy(aws, &plan));
        whole.extend(plan);
    }
    Ok((whole, left))
}

/// Applies a plan and journals what became of it, whoever decided that it is applied.
///
/// # Errors
/// When the journal cannot be written. What a step came to is in the outcomes.
pub async fn apply_and_journal<'a>(
    aws: &Aws,
    plan: &'a Plan,
    cause: &str,
    since: Option<Timestamp>,
) -> Result<Vec<GroupOutcome<'a>>, Error> {
    let outcomes = apply(aws, plan).await;
    aws.count_outcomes(&outcomes, since);
    journal(aws, cause, since, &outcomes).await?;
    Ok(outcomes)
}

/// What is left after applying a plan.
#[derive(Default)]
struct Left {
    /// Another worker was first.
    raced: BTreeSet<VpcId>,
    /// There was no room for a change, or another worker's is on its way; and for how long.
    waits: BTreeMap<VpcId, SignedDuration>,
    /// AWS refused a change.
    refused: Vec<Refused>,
    /// The first step that failed for a reason that time may mend.
    failed: Option<Error>,
    counted: Counted,
}

/// What a message of a run comes to.
#[derive(Default)]
struct Counted {
    part: Part,
    /// Messages that have their names, sent or not.
    numbered: usize,
}

/// Whether the schedule led here, and no event.
fn is_scheduled(intent: &Intent) -> bool {
    intent.run.as_ref().is_some_and(|run| run.requested_by == RequestedBy::Schedule)
}

/// The VPCs in which another worker's change is on its way, and for how long at most.
fn busy(aws: &Aws, plan: &Plan) -> BTreeMap<VpcId, SignedDuration> {
    let now = aws.now();
    plan.look_again.iter().map(|(vpc, at)| (vpc.clone(), at.duration_since(now))).collect()
}

async fn carry_out(
    aws: &Aws,
    intent: &Intent,
    facts: &Facts,
    plan: &Plan,
    left: &mut Left,
) -> Result<(), Error> {
    if !plan.is_empty() {
        tracing::debug!(account = %intent.account, cause = intent.cause, %plan, "planned");
    }
    let outcomes = apply_and_journal(aws, plan, &intent.cause, intent.since).await?;
    if is_scheduled(intent) {
        let found = outcomes.iter().filter(|outcome| outcome.confirmed_change().is_some()).count();
        aws.metrics().count(Metric::ChangesFoundBySweep, found);
    }
    let part = &mut left.counted.part;
    part.sent_on += outcomes.iter().map(GroupOutcome::messages).sum::<usize>();
    let done = outcomes.iter().flat_map(GroupOutcome::done_steps);
    part.changed += done.filter(|step| matches!(step, Step::ChangeRecords { .. })).count();
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
                let longest = left.waits.entry(vpc).or_insert(wait);
                *longest = wait.max(*longest);
            }
            (Outcome::Refused(message), Some(record)) => {
                left.refused.push(refused(record, HoldReason::Route53Refused { message }));
            }
            (Outcome::TooManyDeletes { run, at_most }, Some(record)) => {
                left.refused.push(refused(record, HoldReason::TooManyDeletes { run, at_most }));
            }
            (Outcome::Denied(denied), Some(record)) => {
                left.refused.push(refused(record, HoldReason::NoAccess(denied)));
            }
            (Outcome::Failed(error), _) => {
                // What is journalled is told already.
                if !group.is_journalled() {
                    tracing::warn!(subject = %group.subject, error = error.chain(), "a step failed");
                }
                left.failed.get_or_insert(error);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Sends one intent for each VPC that has to wait: for room, or for another worker. `numbered` messages of this
/// one have their names already.
async fn look_again(
    aws: &Aws,
    intent: &Intent,
    waits: BTreeMap<VpcId, SignedDuration>,
    numbered: usize,
) -> Result<(), Error> {
    for (number, (vpc, wait)) in (numbered + 1..).zip(waits) {
        let run = intent.run.as_ref().map(|run| run.sent_on(number));
        let next = Intent { vpc_endpoints: BTreeSet::new(), vpcs: [vpc].into(), run, ..intent.clone() };
        let delay_seconds = delay_seconds_apart(wait, aws.now());
        aws.apply_one(&Step::SendIntent { intent: next, delay_seconds }).await?;
    }
    Ok(())
}
