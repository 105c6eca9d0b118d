//! The records of some VPCs, brought to where they should be: the flow on one screen.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::carry_out::{carry_out, is_scheduled};
use super::requeue::requeue;
use super::unfinished::Unfinished;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::metrics::Metric;
use crate::model::policy::Policy;
use crate::model::rate::Priority;
use crate::model::run::Part;
use crate::observe::AccountObserver;
use crate::plan::vpc::Refused;
use crate::plan::{self, Plan};
use crate::trigger::intent::Intent;
use crate::worker::Worker;

/// After losing a race twice, the VPC is looked at again after this time.
const AFTER_RACES: SignedDuration = SignedDuration::from_secs(5);

/// What came of an intent.
#[derive(Debug)]
pub struct Reconciled {
    /// The plan that was made first, with what is held in the end.
    pub plan: Plan,
    /// What all that was done came to.
    pub part: Part,
}

/// Brings the records of the VPCs that `intent` points at to where they should be.
///
/// When another worker was first, or AWS refused a change, everything is observed and planned once more:
/// what is refused again with the same record in front of us becomes a hold.
///
/// # Errors
/// When a read fails, a step fails for a reason that time may mend, or the journal cannot be written. The
/// caller gives the message back; the next try observes afresh.
pub async fn reconcile<C: Cloud>(
    worker: &Worker<C>,
    policy: &Policy,
    intent: &Intent,
) -> Result<Reconciled, Error> {
    let mut unfinished = Unfinished::default();
    let mut plan = pass(worker, policy, intent, &[], &mut unfinished).await?;
    let vpcs = unfinished.part.vpcs;
    let (contested, refused) = unfinished.take_contested();
    if !contested.is_empty() {
        // Only the VPCs concerned: the others are as they should be.
        let again = Intent {
            vpc_endpoints: BTreeSet::new(),
            vpcs: contested,
            priority: Priority::Change,
            ..intent.clone()
        };
        let second = pass(worker, policy, &again, &refused, &mut unfinished).await?;
        plan.holds.retain(|subject, _| subject.vpc().is_none_or(|vpc| !again.vpcs.contains(vpc)));
        plan.holds.extend(second.holds);
        plan.notes.extend(second.notes);
        let (contested, _) = unfinished.take_contested();
        unfinished.wait_for(contested, AFTER_RACES);
    }
    (unfinished.part.held, unfinished.part.vpcs) = (plan.holds.len(), vpcs);
    requeue(worker, intent, &mut unfinished).await?;
    unfinished.failed.map_or(Ok(Reconciled { plan, part: unfinished.part }), Err)
}

/// Observes, plans, applies and journals, a few VPCs at a time. A step that fails stops none of the others.
async fn pass<C: Cloud>(
    worker: &Worker<C>,
    policy: &Policy,
    intent: &Intent,
    refused: &[Refused],
    unfinished: &mut Unfinished,
) -> Result<Plan, Error> {
    let mut whole = Plan::default();
    let mut observer = AccountObserver::new(worker, policy, intent);
    while let Some(observed) = observer.next().await? {
        unfinished.deferred.extend(observed.deferred);
        let Some(facts) = observed.facts else { continue };
        if is_scheduled(intent) {
            worker.metrics.measure(Metric::PendingAge, facts.pending_age());
        }
        let mut plan = plan::vpc::plan(intent, &facts, policy, refused);
        plan.send_for(intent.run.as_ref(), &mut unfinished.numbered);
        unfinished.part.vpcs += facts.vpcs.len();
        carry_out(worker, intent, &facts, &plan, observer.reserved(), unfinished).await?;
        unfinished.look_again(&plan, worker.now());
        whole.extend(plan);
    }
    Ok(whole)
}
