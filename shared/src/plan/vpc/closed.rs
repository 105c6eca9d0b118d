//! An account that cannot be read: what is done by its provider's list of connections (docs/decisions/0034).
//!
//! ```text
//! the account    the endpoint in the list    the record                        step
//! can be read    any                         any                               as its own answer says
//! is closed      over                        in a zone of another account      the endpoint leaves it, as any that is gone
//! is closed      over                        the same, and the zone's account  Hold(NoAccess) on the record
//!                                              is closed too
//! is closed      over                        in a zone of its own account      it stays; Hold(NoAccess) on the account
//! is closed      connected, or not said      any                               it stays; Hold(NoAccess) on the account
//! is closed      over, and so is all that    –                                 the account is not held: the next sweep
//!                  the intent leads to                                           ends its hold
//! is closed      read an hour ago            any                               as if the list had said nothing
//! ```
//!
//! What the list does not say over stays as it is: no record is put right for its sake, nothing is remembered anew, and
//! its holds stay. What a record loses here it loses by the rules for all records: who shares it stays in it, a removal
//! counts against what a run may remove, and what somebody has edited is left.

use super::contribution::Contribution;
use crate::model::claim::Claim;
use crate::model::facts::{Facts, RecordFacts, VpcFacts};
use crate::model::hold::Subject;
use crate::model::ids::VpcEndpointId;
use crate::trigger::intent::Intent;

/// What an endpoint gives whose account cannot be read.
pub(super) fn contribution(intent: &Intent, facts: &Facts, id: &VpcEndpointId) -> Contribution {
    if intent.is_gone(id, facts.now) {
        Contribution::Withdraw
    } else {
        Contribution::Keep { wait: false, hold: None }
    }
}

/// Whether anything is decided about a record.
pub(super) fn is_decided(intent: &Intent, facts: &Facts, record: &RecordFacts) -> bool {
    if facts.denied.is_none() {
        return true;
    }
    let mut named = record.claim.iter().flat_map(|claim| claim.contributions.keys());
    record.zone_account != facts.account && named.any(|id| intent.is_gone(id, facts.now))
}

/// Whether nothing is left of all that an intent leads to: what it names is over, and no claim leads there. So it is in
/// an account that is closed for good, and there is nothing to hold.
#[must_use]
pub fn is_nothing_left(intent: &Intent, facts: &Facts) -> bool {
    let is_gone = |id: &VpcEndpointId| intent.is_gone(id, facts.now);
    intent.evidence(facts.now).is_some()
        && !intent.is_of_all()
        && intent.vpc_endpoints.iter().all(is_gone)
        && facts.vpcs.iter().all(|vpc| {
            is_over(intent, facts, vpc) && claims(vpc).next().is_none() && vpc.zone_claims.is_empty()
        })
}

/// Whether a stored hold is judged by what was seen of a closed account. What could not be looked at stays as it is, its
/// holds included.
pub(super) fn judges(intent: &Intent, facts: &Facts, subject: &Subject) -> bool {
    let over = |vpc: &VpcFacts| is_over(intent, facts, vpc);
    let seen = |subject: &Subject| facts.vpcs.iter().find(|vpc| subject.vpc() == Some(&vpc.vpc));
    match subject {
        // Whether another intent leads to more is the sweep's to say: it ends the hold.
        Subject::Account(_) => !is_nothing_left(intent, facts),
        Subject::VpcEndpoint(_, id) | Subject::UnknownEndpoint(_, id) => intent.is_gone(id, facts.now),
        Subject::Name(..) => seen(subject).is_some_and(over),
        Subject::Record(_, key) => seen(subject).is_some_and(|vpc| {
            let Some(claim) = claims(vpc).find(|claim| claim.key == *key) else { return over(vpc) };
            let mut named = claim.contributions.keys();
            claim.zone_account != facts.account && named.any(|id| intent.is_gone(id, facts.now))
        }),
        _ => false,
    }
}

/// Whether all endpoints of a VPC that are known here are over.
fn is_over(intent: &Intent, facts: &Facts, vpc: &VpcFacts) -> bool {
    !vpc.endpoints.is_empty() && vpc.endpoints.keys().all(|id| intent.is_gone(id, facts.now))
}

fn claims(vpc: &VpcFacts) -> impl Iterator<Item = &Claim> {
    vpc.records.iter().filter_map(|record| record.claim.as_ref())
}
