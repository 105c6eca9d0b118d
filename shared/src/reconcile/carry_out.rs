//! A plan, carried out: applied, counted, journalled, and what is left of it noted.

use super::journal::Cause;
use super::unfinished::Unfinished;
use super::{counts, journal};
use crate::apply::{GroupOutcome, apply};
use crate::cloud::Cloud;
use crate::error::Error;
use crate::metrics::Metric;
use crate::model::facts::Facts;
use crate::model::run::RequestedBy;
use crate::plan::{Plan, Step};
use crate::quota::Reserved;
use crate::trigger::intent::Intent;
use crate::worker::Worker;

/// Applies a plan and journals what became of it, whoever decided that it is applied.
///
/// # Errors
/// When the journal cannot be written. What a step came to is in the outcomes.
pub async fn apply_and_journal<'a, C: Cloud>(
    worker: &Worker<C>,
    plan: &'a Plan,
    reserved: &Reserved,
    cause: Cause<'_>,
) -> Result<Vec<GroupOutcome<'a>>, Error> {
    let outcomes = apply(worker, plan, reserved).await?;
    counts::count(&worker.metrics, &outcomes, cause.since);
    journal::journal(worker, cause, &outcomes).await?;
    Ok(outcomes)
}

/// Applies a plan that was made of `facts`, and notes what it leaves.
///
/// # Errors
/// When the journal cannot be written.
pub(super) async fn carry_out<C: Cloud>(
    worker: &Worker<C>,
    intent: &Intent,
    facts: &Facts,
    plan: &Plan,
    reserved: &Reserved,
    unfinished: &mut Unfinished,
) -> Result<(), Error> {
    if !plan.is_empty() {
        tracing::debug!(account = %intent.account, cause = intent.cause, %plan, "planned");
    }
    let outcomes = apply_and_journal(worker, plan, reserved, intent.into()).await?;
    if is_scheduled(intent) {
        let found = outcomes.iter().filter(|outcome| outcome.confirmed_change().is_some()).count();
        worker.metrics.count(Metric::ChangesFoundBySweep, found);
    }
    unfinished.part.sent_on += outcomes.iter().map(GroupOutcome::messages).sum::<usize>();
    let done = outcomes.iter().flat_map(GroupOutcome::done_steps);
    unfinished.part.changed += done.filter(|step| matches!(step, Step::ChangeRecords { .. })).count();
    for outcome in outcomes {
        unfinished.note(facts, outcome);
    }
    Ok(())
}

/// Whether the schedule led here, and no event.
pub(super) fn is_scheduled(intent: &Intent) -> bool {
    intent.run.as_ref().is_some_and(|run| run.requested_by == RequestedBy::Schedule)
}
