//! The decision table of one name in one zone: what stands there, whose it is, what is desired.
//!
//! ```text
//! record sets seen          claim             desired   step
//! absent                    –                 values    claim, CREATE
//! absent                    ours              values    claim, CREATE (drift)
//! as desired                ours, same        values    nothing
//! as desired                ours, other       values    claim only
//! as desired, any TTL       –                 values    adopt: claim, and repair the TTL
//! differs                   ours              values    claim, DELETE seen + CREATE desired
//! differs                   –                 values    Hold(ForeignRecord), unless adopt: any
//! CNAME, alias, weighted…   any               values    Hold(IncompatibleRecord)
//! CNAME, alias, weighted…   ours              none      release
//! any                       another service's values    Hold(NameTaken)
//! any                       ours, records kept by a removed definition    release
//! as we wrote it            ours, created     none      claim, DELETE, release
//! as we found it            ours, adopted     none      release (on_remove: delete opts in)
//! edited since we wrote it  ours              none      release
//! absent                    ours              none      release
//! any                       –                 none      nothing
//! any                       released          values    Hold(Released)
//! any                       released          none      nothing
//!
//! while a claim is pending  its time not over: wait; then seen = to: ours;
//!                           seen = from, what we wrote before, or nothing: may be replaced; else foreign
//! ```

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::effect::{Announced, ClaimRelease, ClaimWrite, Decision, Effect};
use crate::model::claim::{Claim, Contribution, Origin, Pending, Released, union};
use crate::model::facts::RecordFacts;
use crate::model::hold::HoldReason;
use crate::model::ids::{ServiceId, VpcEndpointId, VpcId};
use crate::model::policy::{Adopt, OnRemove};
use crate::model::record::{Addresses, SeenRecords};

/// What the name is to answer, and by which rules it may become ours.
pub(super) struct Desired<'a> {
    pub(super) service: &'a ServiceId,
    pub(super) contributions: BTreeMap<VpcEndpointId, Contribution>,
    pub(super) ttl: u32,
    pub(super) adopt: Adopt,
    pub(super) on_remove: OnRemove,
    /// The definition was removed, and its record sets are to stay.
    pub(super) keeps_records: bool,
}

/// Whose the record sets are that were seen.
enum Ownership {
    NotOurs,
    Ours {
        confirmed: Addresses,
    },
    Foreign,
    Busy {
        until: Timestamp,
    },
    /// A person has taken it back.
    Released(Released),
}

fn ownership(claim: Option<&Claim>, seen: &Addresses, now: Timestamp) -> Ownership {
    let Some(claim) = claim else { return Ownership::NotOurs };
    if let Some(released) = &claim.released {
        return Ownership::Released(released.clone());
    }
    match &claim.pending {
        None => Ownership::Ours { confirmed: claim.confirmed.clone() },
        // Even when `to` is seen: the SDK may send the request once more, and it lands again.
        Some(pending) if now < pending.until => Ownership::Busy { until: pending.until },
        // Its time is over: nothing is on the way any more.
        Some(pending) if *seen == pending.to => Ownership::Ours { confirmed: pending.to.clone() },
        Some(pending) if *seen == pending.from || *seen == claim.confirmed || seen.is_empty() => {
            Ownership::Ours { confirmed: claim.confirmed.clone() }
        }
        Some(_) => Ownership::Foreign,
    }
}

/// Decides on one record, seen from the VPC `vpc`.
pub(super) fn decide(facts: &RecordFacts, desired: &Desired, vpc: &VpcId, now: Timestamp) -> Decision {
    let seen = match &facts.seen {
        Ok(seen) => seen,
        Err(denied) => return Decision::hold(HoldReason::NoAccess(denied.clone())),
    };
    let row = Row { facts, seen, desired, vpc, now };
    let addresses = union(&desired.contributions);
    let ownership = ownership(facts.claim.as_ref(), &seen.addresses(), now);
    match ownership {
        Ownership::Busy { until } => Decision { look_again: Some(until), ..Decision::nothing() },
        Ownership::Released(_) if addresses.is_empty() => Decision::nothing(),
        Ownership::Released(Released { by, at }) => Decision::hold(HoldReason::Released { by, at }),
        _ if addresses.is_empty() => row.remove(&ownership),
        _ => row.write(&ownership, &addresses),
    }
}

/// The claim by which a person hands over what stands there: as it stands, with what is desired in it.
pub(super) fn take_over(
    facts: &RecordFacts,
    seen: &SeenRecords,
    desired: &Desired,
    vpc: &VpcId,
    now: Timestamp,
) -> ClaimWrite {
    let row = Row { facts, seen, desired, vpc, now };
    let seen = seen.addresses();
    let origin = if seen.is_empty() { Origin::Created } else { Origin::Adopted };
    row.put(row.claim(origin, seen))
}

struct Row<'a> {
    facts: &'a RecordFacts,
    seen: &'a SeenRecords,
    desired: &'a Desired<'a>,
    vpc: &'a VpcId,
    now: Timestamp,
}

impl Row<'_> {
    fn write(&self, ownership: &Ownership, addresses: &Addresses) -> Decision {
        let (seen, adopt) = (self.seen.addresses(), self.desired.adopt);
        let held = |reason| {
            let (why, effect) = ("an endpoint has left".into(), self.without_leavers());
            Decision { reason: why, effect, ..Decision::hold(reason) }
        };
        if let Some(claim) = &self.facts.claim
            && claim.service != *self.desired.service
        {
            return Decision::hold(HoldReason::NameTaken { service: claim.service.clone() });
        }
        if !self.seen.incompatible.is_empty() {
            let kinds = self.seen.incompatible.iter().cloned().collect();
            return held(HoldReason::IncompatibleRecord { kinds });
        }
        match ownership {
            Ownership::NotOurs if seen.is_empty() => {
                self.change(addresses, Origin::Created, &seen, "no record stands there: create it")
            }
            Ownership::NotOurs if seen == *addresses && adopt != Adopt::Never => {
                self.change(addresses, Origin::Adopted, &seen, "the right record stands there: adopt it")
            }
            Ownership::NotOurs if adopt == Adopt::Any => {
                let none = Addresses::default();
                self.change(addresses, Origin::Created, &none, "another record stands there: take it over")
            }
            Ownership::Ours { confirmed } if seen == *addresses => {
                self.change(addresses, self.origin(), confirmed, "the record is right")
            }
            Ownership::Ours { confirmed } if seen == *confirmed => {
                self.change(addresses, Origin::Created, confirmed, "the endpoints' addresses have changed")
            }
            Ownership::Ours { confirmed } if seen.is_empty() => {
                self.change(addresses, Origin::Created, confirmed, "drift: our record was deleted")
            }
            Ownership::Ours { confirmed } => {
                let reason = format!("drift: our record was edited from {confirmed} to {seen}");
                self.change(addresses, Origin::Created, confirmed, &reason)
            }
            Ownership::NotOurs | Ownership::Foreign | Ownership::Busy { .. } | Ownership::Released(_) => {
                held(HoldReason::ForeignRecord { seen })
            }
        }
    }

    /// Takes endpoints that have left out of a claim whose record may not be changed, so that the last one that
    /// leaves finds nothing in it.
    fn without_leavers(&self) -> Effect {
        let Some(claim) = &self.facts.claim else { return Effect::Nothing };
        // What another VPC has in it is that VPC's to take out: two that took it from each other would never end.
        let stays = |id: &VpcEndpointId, given: &Contribution| {
            given.vpc != *self.vpc || self.desired.contributions.contains_key(id)
        };
        if claim.contributions.iter().all(|(id, given)| stays(id, given)) {
            return Effect::Nothing;
        }
        // A change whose time is over still says which values were ours.
        let mut smaller = Claim { version: claim.version + 1, ..claim.clone() };
        smaller.contributions.retain(|id, given| stays(id, given));
        if smaller.contributions.is_empty() {
            // Emptied, those who want the record say which VPCs find the claim.
            smaller.contributions.clone_from(&self.desired.contributions);
            smaller.contributions.values_mut().for_each(|one| one.addresses = Addresses::default());
        }
        Effect::claim(self.put(smaller))
    }

    /// Brings claim and record sets to `addresses`: both, the claim alone, or nothing.
    fn change(&self, addresses: &Addresses, origin: Origin, confirmed: &Addresses, why: &str) -> Decision {
        let changes = self.seen.changes_to(addresses, self.desired.ttl);
        let mut claim = self.claim(origin, confirmed.clone());
        if changes.is_empty() {
            claim.confirmed = addresses.clone();
            let same = self.facts.claim.as_ref().is_some_and(|old| {
                (&old.contributions, &old.pending, &old.confirmed)
                    == (&claim.contributions, &None, &claim.confirmed)
            });
            if same {
                return Decision::nothing();
            }
            let reason =
                if self.facts.claim.is_some() { "the record is right: claim its content" } else { why };
            let effect = Effect::claim(self.put(claim));
            return Decision { reason: reason.into(), effect, ..Decision::nothing() };
        }
        let ttl_only = self.seen.addresses() == *addresses && self.facts.claim.is_some();
        let reason = if ttl_only { "the TTL differs" } else { why };
        let (announce, until) = self.announce(claim.clone(), addresses);
        // Of the claim before it is announced: from its change on, the record is of the origin it names.
        let confirmed = Claim { pending: announce.claim.pending.clone(), ..claim }.confirm();
        let confirm = ClaimWrite {
            expects: Some(announce.claim.version),
            claim: confirmed,
            joins: BTreeSet::new(),
            leaves: BTreeSet::new(),
        };
        let effect = Effect::Change(Box::new(Announced { announce, changes, until }), Box::new(confirm));
        Decision { reason: reason.into(), effect, ..Decision::nothing() }
    }

    fn remove(&self, ownership: &Ownership) -> Decision {
        let Some(claim) = &self.facts.claim else { return Decision::nothing() };
        if claim.service != *self.desired.service {
            return Decision::nothing();
        }
        let seen = self.seen.addresses();
        let ours = matches!(ownership, Ownership::Ours { confirmed } if *confirmed == seen);
        let may_delete = self.origin() == Origin::Created || self.desired.on_remove == OnRemove::Delete;
        let release = |reason: &str| Decision {
            reason: reason.into(),
            effect: Effect::Release(self.release(claim.version)),
            ..Decision::nothing()
        };
        if self.desired.keeps_records {
            return release("the definition was removed with its records kept: release it");
        }
        if !self.seen.incompatible.is_empty() {
            return release("nothing needs it, and another kind of record stands there: release it");
        }
        if seen.is_empty() {
            return release("nothing needs it, and no record stands there: release it");
        }
        if !ours {
            return release("EditedRecord: nothing needs it, but it was edited since we wrote it: leave it");
        }
        if !may_delete {
            return release("AdoptedRecord: nothing needs it, but it stood there before us: leave it");
        }
        let none = Addresses::default();
        let mut going = self.claim(self.origin(), seen);
        // Emptied, they say which VPCs find the claim, should its release never come.
        going.contributions.clone_from(&claim.contributions);
        going.contributions.values_mut().for_each(|gone| gone.addresses = Addresses::default());
        let changes = self.seen.changes_to(&none, self.desired.ttl);
        let (announce, until) = self.announce(going, &none);
        let release = self.release(claim.version + 1);
        let effect = Effect::Remove(Box::new(Announced { announce, changes, until }), release);
        Decision { reason: "nothing needs it any more: remove it".into(), effect, ..Decision::nothing() }
    }

    /// The claim that announces a change to `to`, and until when that may take.
    fn announce(&self, mut claim: Claim, to: &Addresses) -> (ClaimWrite, Timestamp) {
        let until = self.now + Pending::MAY_TAKE;
        claim.pending = Some(Pending { from: self.seen.addresses(), to: to.clone(), until });
        if self.facts.claim.is_some() {
            // What was adopted becomes ours to remove when the change is in place, not before.
            claim.origin = self.origin();
        }
        (self.put(claim), until)
    }

    /// Where what is seen came from, under the claim that stands there.
    fn origin(&self) -> Origin {
        let Some(claim) = &self.facts.claim else { return Origin::Created };
        match &claim.pending {
            Some(pending) if pending.from != pending.to && self.seen.addresses() == pending.to => {
                Origin::Created
            }
            _ => claim.origin,
        }
    }

    /// The claim as it is to be, one version on.
    fn claim(&self, origin: Origin, confirmed: Addresses) -> Claim {
        Claim {
            key: self.facts.key.clone(),
            zone_account: self.facts.zone_account.clone(),
            service: self.desired.service.clone(),
            contributions: self.desired.contributions.clone(),
            origin,
            confirmed,
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

    fn put(&self, claim: Claim) -> ClaimWrite {
        let before = self.facts.claim.as_ref().map(Claim::vpcs).unwrap_or_default();
        let mut after = claim.vpcs();
        if after.is_empty() {
            // Somebody must find the claim again should its release never come.
            after.insert(self.vpc.clone());
        }
        ClaimWrite {
            expects: self.facts.claim.as_ref().map(|claim| claim.version),
            claim,
            joins: after.difference(&before).cloned().collect(),
            leaves: before.difference(&after).cloned().collect(),
        }
    }

    fn release(&self, expects: u64) -> ClaimRelease {
        release(self.facts, self.vpc, expects)
    }
}

/// The release of the claim on a record, seen from the VPC `vpc`.
pub(super) fn release(facts: &RecordFacts, vpc: &VpcId, expects: u64) -> ClaimRelease {
    let mut leaves = facts.claim.as_ref().map(Claim::vpcs).unwrap_or_default();
    leaves.insert(vpc.clone());
    ClaimRelease { key: facts.key.clone(), expects, leaves }
}

#[cfg(test)]
mod tests;
