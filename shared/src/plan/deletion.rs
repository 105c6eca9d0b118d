//! How many record sets a run may remove.
//!
//! ```text
//! removal of a record set     by                          step
//! any                         an event                    as decided
//! not held                    a run                       reserve it on the run's item, then as decided
//! not held                    a run at its limit          Hold(TooManyDeletes)
//! held as TooManyDeletes      a run, limit not given      it stays held
//! held as TooManyDeletes      a run with allow_deletes    reserve it, then as decided
//! ```
//!
//! A claim that is released while its record set stays removes nothing.

use super::Step;
use super::record::Decision;
use super::vpc::VpcPlan;
use crate::hold::{HoldReason, Subject};

impl VpcPlan<'_> {
    /// The decision, if the run that leads to it may make it.
    pub(super) fn within_limit(&self, mut decision: Decision, subject: &Subject) -> Decision {
        let Some(run) = self.intent.run.as_ref().filter(|_| removes(&decision)) else { return decision };
        let held = self.vpc.holds.get(subject);
        let held = held.filter(|reason| matches!(reason, HoldReason::TooManyDeletes { .. }));
        if let Some(reason) = held.filter(|_| !run.allowed) {
            return Decision { hold: Some(reason.clone()), ..Decision::default() };
        }
        let (run, at_most) = (run.run.clone(), run.deletes);
        if at_most == 0 {
            let reason = HoldReason::TooManyDeletes { run, at_most };
            return Decision { hold: Some(reason), ..Decision::default() };
        }
        // After the room for its request: a removal that comes back for want of room is to count once.
        let room = |step: &Step| matches!(step, Step::Reserve { .. });
        let place = decision.steps.iter().position(room).map_or(0, |room| room + 1);
        decision.steps.insert(place, Step::ReserveDeletion { run, at_most });
        decision
    }
}

/// Whether a record set becomes nothing.
fn removes(decision: &Decision) -> bool {
    if !decision.steps.iter().any(|step| matches!(step, Step::ChangeRecords { .. })) {
        // A claim alone may still bear a change whose time is over.
        return false;
    }
    let announced = decision.steps.iter().filter_map(|step| match step {
        Step::PutClaim { claim, .. } => claim.pending.as_ref(),
        _ => None,
    });
    announced.into_iter().any(|pending| pending.to.is_empty())
}
