//! What is not done though the table of a record says so: what AWS has just refused, and what a run may not remove.
//!
//! ```text
//! removal of a record set     by                          effect
//! any                         an event                    as decided
//! not held                    a run                       as decided, counted on the run's item first
//! not held                    a run at its limit          Hold(TooManyDeletes)
//! held as TooManyDeletes      a run, limit not given      it stays held
//! held as TooManyDeletes      a run with allow_deletes    as decided, counted on the run's item first
//! ```
//!
//! A claim that is released while its record set stays removes nothing.

use super::effect::{Decision, Effect};
use super::view::View;
use crate::model::facts::RecordFacts;
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::VpcId;
use crate::plan::steps::Step;

/// A change that AWS refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The VPC for which it was made.
    pub vpc: VpcId,
    /// What had been seen.
    pub record: RecordFacts,
    /// Why it was refused.
    pub reason: HoldReason,
}

/// Holds what would be refused again, because the same record stands in front of us.
pub(super) fn unless_refused(decision: Decision, record: &RecordFacts, refused: &[Refused]) -> Decision {
    let same = |before: &RecordFacts| before.key == record.key && before.seen == record.seen;
    // Its own announcement is still pending, so that another attempt would first wait for it.
    let would_change = decision.look_again.is_some() || decision.effect.changes_records();
    match refused.iter().find(|refused| same(&refused.record)) {
        Some(refused) if would_change => Decision::hold(refused.reason.clone()),
        _ => decision,
    }
}

/// Holds a removal that the run may not make.
pub(super) fn within_limit(decision: Decision, view: &View, subject: &Subject) -> Decision {
    let Some(run) = view.intent.run.as_ref().filter(|_| removes(&decision.effect)) else { return decision };
    let held = view.vpc.holds.get(subject);
    let held = held.filter(|reason| matches!(reason, HoldReason::TooManyDeletes { .. }));
    if let Some(reason) = held.filter(|_| !run.allowed) {
        return Decision::hold(reason.clone());
    }
    if run.deletes == 0 {
        return Decision::hold(HoldReason::TooManyDeletes { run: run.run.clone(), at_most: 0 });
    }
    decision
}

/// The step that counts a removal on the item of the run that makes it.
pub(super) fn count_removal(effect: &Effect, view: &View) -> Option<Step> {
    let run = view.intent.run.as_ref().filter(|_| removes(effect))?;
    Some(Step::ReserveDeletion { run: run.run.clone(), at_most: run.deletes })
}

/// Whether a record set becomes nothing.
fn removes(effect: &Effect) -> bool {
    matches!(effect, Effect::Remove(..))
}
