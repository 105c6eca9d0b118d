//! Whose zone it is. Its owner's VPCs come first, and others are written where the owner consents: that a zone is
//! associated with a VPC is no right to write into it.
//!
//! ```text
//! this VPC    the zone's owner     its addresses in the claim      contribution
//! owner's     –                    any                             as it is
//! another's   consents             any                             as it is; the claim says so
//! another's   does not             none, or they do not stand      none; Hold(ZoneOwnerConsent)
//! another's   does not             from before anybody asked       as claimed, remembered; Hold(ZoneOwnerConsent)
//! another's   had, and does not    consent was given               the same; the claim says since when
//! another's   had, and does not    denied for 15 minutes or more   none; Hold(ZoneOwnerConsent)
//! another's   cannot be asked      any                             nothing is decided: Hold(NoAccess)
//!
//! shared_zones: refuse, this VPC publishes, and is not in the claim
//! this VPC    in the claim         step
//! owner's     others' alone        they leave, this VPC takes the record in one batch, and they are sent for
//! owner's     owner's              Hold(SharedZone)
//! another's   any                  Hold(SharedZone)
//! ```
//!
//! What stands from before anybody asked is not taken away: an answer that is missing is worse than one that somebody
//! may not have wanted. Nothing is written for its sake either, so that its owner may delete it: in a record that
//! others share, too, whichever VPC is looked at first.
//!
//! ```text
//! another VPC's addresses in a shared record    they stand    when this VPC writes the record
//! of the zone's owner, or with consent          any           they are in it
//! a guest's, from before anybody asked, or
//!   with a consent that is denied now           yes           they are in it
//! the same                                      no            they leave it, and that VPC is sent for
//! ```

use std::collections::BTreeMap;

use super::desired::Own;
use super::view::View;
use crate::model::claim::{Claim, Contribution as Claimed};
use crate::model::consent::Consent;
use crate::model::facts::RecordFacts;
use crate::model::hold::HoldReason;
use crate::model::ids::VpcEndpointId;
use crate::model::policy::{ServiceDefinition, SharedZones};

impl View<'_> {
    /// What of this VPC may be in the record, and what is held for want of the zone owner's consent.
    pub(super) fn consented(&self, record: &RecordFacts, own: Own) -> (Own, Option<HoldReason>) {
        let is_own = record.zone_account == self.facts.account;
        let Some(seen) = record.seen.as_ref().ok().filter(|_| !is_own && record.consent != Consent::Given)
        else {
            return (own, None);
        };
        let claimed = record.claim.as_ref().map(|claim| &claim.contributions);
        let stands =
            |given: &&Claimed| !given.addresses.is_empty() && given.addresses.is_within(&seen.addresses());
        let (mut kept, mut publishes) = (Own::default(), false);
        let is_denied = record.consent == Consent::NotGiven;
        for (id, last) in own.contributions {
            let is_remembered = own.remembered.contains(&id);
            if is_remembered && !is_denied {
                // Nobody was asked about what is not available just now.
                kept.remembered.insert(id.clone());
                kept.contributions.insert(id, last);
                continue;
            }
            publishes |= !is_remembered;
            let Some(given) = claimed.and_then(|claimed| claimed.get(&id)).filter(stands) else { continue };
            let denies = is_denied && !is_remembered;
            let consent =
                given.consent.clone().map(|had| if denies { had.denied(self.facts.now) } else { had });
            if denies && consent.as_ref().is_some_and(|had| had.is_gone(self.facts.now)) {
                kept.is_unwanted = true;
                continue;
            }
            kept.remembered.insert(id.clone());
            kept.contributions.insert(id, Claimed { consent, ..given.clone() });
        }
        let hold = publishes.then(|| HoldReason::ZoneOwnerConsent {
            zone_account: record.zone_account.clone(),
            vpc_account: self.facts.account.clone(),
        });
        (kept, hold)
    }

    /// Whether another VPC has the zone's record to itself. One whose endpoints have all left the record comes
    /// after those that are in it, though new endpoints stand in their place.
    pub(super) fn refused_by_sharing(
        &self,
        record: &RecordFacts,
        definition: &ServiceDefinition,
        own: &BTreeMap<VpcEndpointId, Claimed>,
    ) -> Option<HoldReason> {
        if !self.enters_alone(record, definition, own) {
            return None;
        }
        let others = record.claim.iter().flat_map(|claim| claim.contributions.values());
        let others = others.filter(|given| given.vpc != self.vpc.vpc && !given.addresses.is_empty());
        let first = others.filter(|given| !self.comes_before(record, given)).map(|given| &given.vpc).min();
        first.map(|vpc| HoldReason::SharedZone { vpc: vpc.clone() })
    }

    /// What others have in the record, and keep in it when this VPC is in it too.
    pub(super) fn others(
        &self,
        record: &RecordFacts,
        claim: &Claim,
        definition: &ServiceDefinition,
        own: &BTreeMap<VpcEndpointId, Claimed>,
    ) -> BTreeMap<VpcEndpointId, Claimed> {
        let alone = self.enters_alone(record, definition, own);
        let leaves =
            |given: &Claimed| was_taken_out(record, given) || (alone && self.comes_before(record, given));
        let stays =
            |given: &Claimed| given.vpc != self.vpc.vpc && !given.addresses.is_empty() && !leaves(given);
        let of_others = claim.contributions.iter().filter(|(_, given)| stays(given));
        of_others.map(|(id, given)| (id.clone(), given.clone())).collect()
    }

    /// Whether this VPC gives addresses to a record that is one VPC's alone, and is not in it yet.
    fn enters_alone(
        &self,
        record: &RecordFacts,
        definition: &ServiceDefinition,
        own: &BTreeMap<VpcEndpointId, Claimed>,
    ) -> bool {
        let gives = own.values().any(|given| !given.addresses.is_empty());
        let claimed = record.claim.iter().flat_map(|claim| &claim.contributions);
        let mut ours = claimed.filter(|(_, given)| given.vpc == self.vpc.vpc && !given.addresses.is_empty());
        definition.shared_zones == SharedZones::Refuse && gives && !ours.any(|(id, _)| own.contains_key(id))
    }

    /// Whether this VPC is the zone's owner's, and the one that gives this is not.
    fn comes_before(&self, record: &RecordFacts, given: &Claimed) -> bool {
        self.facts.account == record.zone_account && given.account != record.zone_account
    }
}

/// Whether a guest's addresses, to which the zone's owner does not consent as far as the claim says, were taken out of
/// the record by somebody. While a change is on its way nothing can be told.
fn was_taken_out(record: &RecordFacts, given: &Claimed) -> bool {
    let is_settled = record.claim.as_ref().is_some_and(|claim| claim.pending.is_none());
    let is_guest = given.account != record.zone_account;
    let has_consent = given.consent.as_ref().is_some_and(|had| had.denied_since.is_none());
    let stands = record.seen.as_ref().is_ok_and(|seen| given.addresses.is_within(&seen.addresses()));
    is_settled && is_guest && !has_consent && record.seen.is_ok() && !stands
}

#[cfg(test)]
mod tests;
