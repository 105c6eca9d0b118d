//! The claims of one record, as a row of the table writes them: announced, confirmed, put back, released.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::effect::{Announced, ClaimRelease, ClaimWrite, PutBack};
use super::Row;
use crate::model::claim::{Claim, Contribution, Origin, Pending};
use crate::model::facts::RecordFacts;
use crate::model::ids::VpcId;
use crate::model::record::{Addresses, Change};

impl Row<'_> {
    /// The change to `to`, as `claim` announces it. `confirmed` is what is known to be ours now.
    pub(super) fn announced(
        &self,
        mut claim: Claim,
        to: &Addresses,
        changes: Vec<Change>,
        confirmed: &Addresses,
    ) -> Announced {
        let until = self.until();
        let (from, ttl) = (self.seen.addresses(), Some(self.desired.ttl));
        claim.pending = Some(Pending { from, to: to.clone(), ttl, until });
        if self.facts.claim.is_some() {
            // What was adopted becomes ours to remove when the change is in place, not before.
            claim.origin = self.origin();
        }
        let put_back = self.put_back(&claim, confirmed);
        Announced { announce: self.put(claim), changes, until, put_back }
    }

    /// Until when a change that is announced now may be on its way.
    fn until(&self) -> Timestamp {
        self.now + Pending::MAY_TAKE
    }

    /// What undoes the announcement of a change that was certainly not made. What this VPC adds and what is not known
    /// to stand there goes: should it be what AWS refuses, it stands in nobody's way.
    fn put_back(&self, announced: &Claim, confirmed: &Addresses) -> PutBack {
        let Some(before) = &self.facts.claim else {
            let mut leaves = announced.vpcs();
            leaves.insert(self.vpc.clone());
            let key = self.facts.key.clone();
            return PutBack::Release(ClaimRelease { key, expects: announced.version, leaves });
        };
        // The number of the announcement is never used again: its late confirmation meets another one.
        let mut claim = Claim { version: announced.version + 1, ..before.clone() };
        if let Some(pending) = claim.pending.take_if(|pending| pending.is_in_place(self.seen)) {
            // An older change has turned out to be made. Whoever edits the record from now on edits this.
            (claim.origin, claim.confirmed, claim.ttl) = (self.origin(), pending.to, pending.ttl);
        }
        let stands = |given: &Contribution| given.vpc != *self.vpc || given.addresses.is_within(confirmed);
        if claim.contributions.values().any(stands) {
            claim.contributions.retain(|_, given| stands(given));
        } else {
            // Emptied, they say which VPCs find the claim.
            claim.contributions.values_mut().for_each(|given| given.addresses = Addresses::default());
        }
        PutBack::Write(Box::new(over(announced, claim, self.vpc)))
    }

    /// Where what is seen came from, under the claim that stands there.
    pub(super) fn origin(&self) -> Origin {
        let Some(claim) = &self.facts.claim else { return Origin::Created };
        let Some(pending) = &claim.pending else { return claim.origin };
        let stands = self.seen.addresses();
        if pending.from != pending.to && pending.is_in_place(self.seen) {
            Origin::Created
        } else if stands == pending.from || stands == claim.confirmed || stands.is_empty() {
            claim.origin
        } else {
            // Somebody else wrote it meanwhile.
            Origin::Adopted
        }
    }

    /// The claim as it is to be, one version on.
    pub(super) fn claim(&self, origin: Origin, confirmed: Addresses) -> Claim {
        Claim {
            key: self.facts.key.clone(),
            zone_account: self.facts.zone_account.clone(),
            service: self.desired.service.clone(),
            contributions: self.desired.contributions.clone(),
            origin,
            confirmed,
            ttl: self.facts.claim.as_ref().and_then(|claim| claim.ttl),
            repairs: self.repairs(),
            pending: None,
            released: None,
            version: self
                .facts
                .claim
                .as_ref()
                .map_or_else(|| self.first_version(), |claim| claim.version + 1),
        }
    }

    /// The clock's nanoseconds: a claim that is made anew never repeats the versions of one that was
    /// released, so that a late confirmation of the old one meets no version of the new one.
    fn first_version(&self) -> u64 {
        u64::try_from(self.now.as_nanosecond()).unwrap_or_default()
    }

    /// `claim`, written over the one that was seen.
    pub(super) fn put(&self, claim: Claim) -> ClaimWrite {
        if let Some(before) = &self.facts.claim {
            return over(before, claim, self.vpc);
        }
        let joins = finders(&claim, self.vpc);
        ClaimWrite { expects: None, claim, joins, leaves: BTreeSet::new() }
    }

    pub(super) fn release(&self, expects: u64) -> ClaimRelease {
        release(self.facts, self.vpc, expects)
    }
}

/// `claim`, written over `before` by a worker that looks at `vpc`.
fn over(before: &Claim, claim: Claim, vpc: &VpcId) -> ClaimWrite {
    let (before_it, after) = (before.vpcs(), finders(&claim, vpc));
    ClaimWrite {
        expects: Some(before.version),
        claim,
        joins: after.difference(&before_it).cloned().collect(),
        leaves: before_it.difference(&after).cloned().collect(),
    }
}

/// The VPCs that are to find the claim. Somebody must find it again should its release never come.
fn finders(claim: &Claim, vpc: &VpcId) -> BTreeSet<VpcId> {
    let mut finders = claim.vpcs();
    if finders.is_empty() {
        finders.insert(vpc.clone());
    }
    finders
}

/// The release of the claim on a record, seen from the VPC `vpc`.
pub(in crate::plan::vpc) fn release(facts: &RecordFacts, vpc: &VpcId, expects: u64) -> ClaimRelease {
    let mut leaves = facts.claim.as_ref().map(Claim::vpcs).unwrap_or_default();
    leaves.insert(vpc.clone());
    ClaimRelease { key: facts.key.clone(), expects, leaves }
}
