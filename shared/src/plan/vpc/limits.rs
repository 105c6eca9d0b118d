//! What is not done though the table of a record says so: what AWS has just refused, and what a run may not remove.
//!
//! ```text
//! removal of a record set     by                          effect
//! in a zone that was left     an event                    it stays for a run
//! any                         an event                    as decided
//! not held                    a run                       as decided, counted on the run's item first
//! not held                    a run at its limit          Hold(TooManyDeletes)
//! held as TooManyDeletes      a run, limit not given      it stays held
//! held as TooManyDeletes      a run with allow_deletes    as decided, counted on the run's item first
//! ```
//!
//! A claim that is released while its record set stays removes nothing. What stands in a zone that the definition has
//! left (`write: answering`) goes by a run alone: one event may tell of many VPCs' zones.
//!
//! ```text
//! write that AWS denied        by                     effect
//! not before                   any                    as decided
//! by AWS Cloud Map             any but a person       it stays held: the zone stays Cloud Map's
//! else, an hour ago, on the    any                    as decided
//!   first day; then a day ago
//! else                         any but a person       it stays held
//! any                          a run by hand          as decided
//! ```

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::effect::{Decision, Effect};
use super::view::View;
use crate::model::claim::{Claim, Contribution, union};
use crate::model::dns::DnsName;
use crate::model::facts::{Denied, RecordFacts, Tried};
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::{HostedZoneId, VpcEndpointId, VpcId};

/// How many values a record set may have (Amazon Route 53 Developer Guide, "Quotas on records"; it cannot be raised).
/// The 32,000 characters that one batch may have are more than 400 addresses take.
const VALUES: usize = 400;

/// What of this VPC fits into the record beside what others have in it, and why the rest does not. What stands in the
/// claim already comes first. An endpoint's addresses go in together, or not at all.
pub(super) fn fitting(
    own: BTreeMap<VpcEndpointId, Contribution>,
    others: &BTreeMap<VpcEndpointId, Contribution>,
    claim: Option<&Claim>,
) -> (BTreeMap<VpcEndpointId, Contribution>, Option<HoldReason>) {
    let mut all = union(others);
    let mut fitting = BTreeMap::new();
    let mut full = None;
    let is_in = |id: &VpcEndpointId| claim.is_some_and(|claim| claim.contributions.contains_key(id));
    let (old, new): (Vec<_>, Vec<_>) = own.into_iter().partition(|(id, _)| is_in(id));
    for (id, given) in old.into_iter().chain(new) {
        let mut with_it = all.clone();
        with_it.merge(&given.addresses);
        let values = with_it.a.len().max(with_it.aaaa.len());
        if values > VALUES {
            full.get_or_insert(HoldReason::RecordFull { values, at_most: VALUES });
        } else {
            all = with_it;
            fitting.insert(id, given);
        }
    }
    (fitting, full)
}

/// How Route 53 says that a zone is AWS Cloud Map's, with a code that each denial has. (Believed stable: where it says
/// it in other words, the zone is one that denies writes as any other.)
const BY_CLOUD_MAP: &str = "can only be managed through AWS Cloud Map";

/// What stood where a change was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Met {
    /// This was seen of the record.
    Record(Box<RecordFacts>),
    /// No zone could hold the names of this domain.
    NoZone(DnsName),
    /// This zone was to be deleted.
    Zone(HostedZoneId),
}

impl Refused {
    /// Whether it met this record, as it is seen now too.
    fn is_of_record(&self, record: &RecordFacts) -> bool {
        matches!(&self.met, Met::Record(before) if before.key == record.key && before.seen == record.seen)
    }

    /// Whether it was to make the zone of this domain in a VPC.
    pub(super) fn is_of_zone(&self, vpc: &VpcId, domain: &DnsName) -> bool {
        self.vpc == *vpc && matches!(&self.met, Met::NoZone(of) if of == domain)
    }

    /// Whether it was to delete this zone, which was made for a VPC.
    pub(super) fn is_of_the_end_of(&self, vpc: &VpcId, zone: &HostedZoneId) -> bool {
        self.vpc == *vpc && matches!(&self.met, Met::Zone(of) if of == zone)
    }
}

/// A change that AWS refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The VPC for which it was made.
    pub vpc: VpcId,
    /// What it met.
    pub met: Met,
    /// Why it was refused.
    pub reason: HoldReason,
}

/// Holds what would be refused again, because the same record stands in front of us.
pub(super) fn unless_refused(
    decision: Decision,
    view: &View,
    record: &RecordFacts,
    refused: &[Refused],
) -> Decision {
    // Its own announcement is still pending, so that another attempt would first wait for it.
    let would_change = decision.look_again.is_some() || decision.effect.changes_records();
    match refused.iter().find(|refused| refused.is_of_record(record)) {
        Some(refused) if would_change => Decision::hold(denied_now(
            &refused.reason,
            view.vpc.holds.get(&view.subject(record)),
            view.facts.now,
        )),
        _ => decision,
    }
}

/// A refusal with what is to be remembered of it: when a denied write was tried.
pub(super) fn denied_now(reason: &HoldReason, stored: Option<&HoldReason>, now: Timestamp) -> HoldReason {
    match reason {
        HoldReason::NoAccess(denied) if denied.message.contains(BY_CLOUD_MAP) => {
            HoldReason::CloudMapZone { message: denied.message.clone() }
        }
        HoldReason::NoAccess(denied) => {
            let first = stored.and_then(HoldReason::denied_write).and_then(HoldReason::since).unwrap_or(now);
            HoldReason::NoAccess(Denied { tried: Some(Tried { first, last: now }), ..denied.clone() })
        }
        other => other.clone(),
    }
}

/// Holds a write that AWS has denied before and that is not to be tried again yet.
pub(super) fn unless_denied(decision: Decision, view: &View, subject: &Subject) -> Decision {
    let denied = view.vpc.holds.get(subject).and_then(HoldReason::denied_write);
    let is_asked = decision.effect.changes_records() && !view.intent.is_by_hand();
    let Some(denied) = denied.filter(|_| is_asked) else {
        return decision;
    };
    match denied {
        HoldReason::NoAccess(Denied { tried: Some(tried), .. }) if tried.is_due(view.facts.now) => decision,
        denied => Decision::hold(denied.clone()),
    }
}

/// Holds a removal that the run may not make, and leaves to a run what no event is to remove: `has_left` says that only
/// the definition's choice of zones does.
pub(super) fn within_limit(decision: Decision, view: &View, subject: &Subject, has_left: bool) -> Decision {
    if !matches!(decision.effect, Effect::Remove(..)) {
        return decision;
    }
    if view.intent.run.is_none() && has_left {
        return Decision { hold: too_many(view, subject).cloned(), ..Decision::nothing() };
    }
    over_limit(view, subject).map_or(decision, Decision::hold)
}

/// Why a removal is not for this run: it may make none any more, or was held by one before. An event makes each.
pub(super) fn over_limit(view: &View, subject: &Subject) -> Option<HoldReason> {
    let run = view.intent.run.as_ref()?;
    if let Some(reason) = too_many(view, subject).filter(|_| !run.allowed) {
        return Some(reason.clone());
    }
    (run.deletes == 0).then(|| HoldReason::TooManyDeletes { run: run.run.clone(), at_most: 0 })
}

/// What is held of a subject because a run was to remove too much.
fn too_many<'a>(view: &'a View, subject: &Subject) -> Option<&'a HoldReason> {
    let held = view.vpc.holds.get(subject);
    held.filter(|reason| matches!(reason, HoldReason::TooManyDeletes { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::Addresses;

    fn given(vpc: u8, hosts: std::ops::Range<u8>) -> Contribution {
        Contribution {
            vpc: format!("vpc-{vpc:08}").parse().unwrap(),
            account: "444455556666".parse().unwrap(),
            addresses: Addresses {
                a: hosts.map(|host| [10, 0, vpc, host].into()).collect(),
                ..Addresses::default()
            },
            consent: None,
        }
    }

    fn id(number: u8) -> VpcEndpointId {
        format!("vpce-{number:08}").parse().unwrap()
    }

    #[test]
    fn only_the_endpoint_that_does_not_fit_is_left_out_and_held() {
        let others = BTreeMap::from([(id(1), given(1, 0..200)), (id(2), given(2, 0..199))]);
        let own = BTreeMap::from([(id(3), given(3, 0..2)), (id(4), given(4, 0..1))]);
        let (fits, held) = fitting(own, &others, None);
        assert_eq!(fits.into_keys().collect::<Vec<_>>(), [id(4)]);
        assert_eq!(held, Some(HoldReason::RecordFull { values: 401, at_most: 400 }));
    }

    #[test]
    fn full_record_takes_nothing_more_and_nothing_is_held_where_all_fits() {
        let others = BTreeMap::from([(id(1), given(1, 0..200)), (id(2), given(2, 0..200))]);
        assert!(fitting(BTreeMap::from([(id(3), given(3, 0..1))]), &others, None).0.is_empty());
        assert_eq!(fitting(others.clone(), &BTreeMap::new(), None), (others, None));
    }
}
