//! The decision table of one name in one zone: what stands there, whose it is, what is desired.
//!
//! ```text
//! record sets seen          claim             desired   step
//! absent                    –                 values    claim, CREATE
//! absent                    ours              values    claim, CREATE (drift)
//! absent, edited            any               values that are only remembered    nothing
//! as desired                ours, same        values    nothing
//! as desired                ours, other       values    claim only
//! as desired, any TTL       –                 values    adopt: claim, and repair the TTL
//! differs                   ours              values    claim, DELETE seen + CREATE desired
//! differs                   –                 values    Hold(ForeignRecord), unless adopt: any
//! differs again and again   ours              values    Hold(Contended) for an hour, and the claim settles
//! any, marked by another    any               values    Hold(ForeignController), and the claim settles
//! any, marked by another    ours              none      release
//! CNAME, alias, weighted…   any               values    Hold(IncompatibleRecord), and the claim settles
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
//! while a claim is pending  its time not over: wait; then seen = to under our TTL: ours;
//!                           seen = from, what we wrote before, or nothing: may be replaced;
//!                           else, and when seen = to under another TTL: as without a claim, and what is
//!                           held is released
//! differs                   was deleted or edited, or its TTL, since we wrote it. That it is put right is a repair, and
//!                           the claim says when; four within an hour are "again and again". What the endpoints or the
//!                           definition have changed is none
//! it was certainly not done the claim says again what it said before; none before: release
//! ```

pub(super) mod claims;
mod others;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::effect::{ClaimWrite, Decision, Effect};
use crate::model::claim::{Claim, Contribution, Origin, Released, union};
use crate::model::facts::RecordFacts;
use crate::model::hold::HoldReason;
use crate::model::ids::{ServiceId, VpcEndpointId, VpcId};
use crate::model::policy::{Adopt, OnRemove};
use crate::model::record::{Addresses, SeenRecords};
use crate::model::repairs::Repairs;

/// What the name is to answer, and by which rules it may become ours.
pub(super) struct Desired<'a> {
    pub(super) service: &'a ServiceId,
    pub(super) contributions: BTreeMap<VpcEndpointId, Contribution>,
    /// Those of them that are remembered: the endpoint is not available just now. What stands of it stays, and nothing
    /// is written for its sake.
    pub(super) remembered: BTreeSet<VpcEndpointId>,
    pub(super) ttl: u32,
    pub(super) adopt: Adopt,
    pub(super) on_remove: OnRemove,
    /// The definition was removed, and its record sets are to stay.
    pub(super) keeps_records: bool,
}

impl Desired<'_> {
    /// What the name is to answer where `seen` answers now.
    fn addresses(&self, seen: &Addresses) -> Addresses {
        let mut addresses = Addresses::default();
        for (id, given) in &self.contributions {
            if !self.remembered.contains(id) || given.addresses.is_within(seen) {
                addresses.merge(&given.addresses);
            }
        }
        addresses
    }
}

/// Whose the record sets are that were seen.
enum Ownership {
    NotOurs,
    Ours {
        confirmed: Addresses,
    },
    Busy {
        until: Timestamp,
    },
    /// A person has taken it back.
    Released(Released),
}

fn ownership(claim: Option<&Claim>, seen: &SeenRecords, now: Timestamp) -> Ownership {
    let Some(claim) = claim else { return Ownership::NotOurs };
    if let Some(released) = &claim.released {
        return Ownership::Released(released.clone());
    }
    match &claim.pending {
        None => Ownership::Ours { confirmed: claim.confirmed.clone() },
        // Even when `to` is seen: the SDK may send the request once more, and it lands again.
        Some(pending) if now < pending.until => Ownership::Busy { until: pending.until },
        // Its time is over: nothing is on the way any more.
        Some(pending) if pending.is_in_place(seen) => Ownership::Ours { confirmed: pending.to.clone() },
        Some(pending) => {
            let stands = seen.addresses();
            if stands == pending.from || stands == claim.confirmed || stands.is_empty() {
                Ownership::Ours { confirmed: claim.confirmed.clone() }
            } else {
                // Somebody else wrote it while our change was on its way, and ours was refused. That is so even of the
                // values that we wanted, when they stand under another TTL.
                Ownership::NotOurs
            }
        }
    }
}

/// From where and when a record is looked at.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) vpc: &'a VpcId,
    pub(super) now: Timestamp,
    /// Who has written the record, by the event that led here. A word to show: it decides nothing.
    pub(super) by: Option<&'a str>,
}

/// Decides on one record.
pub(super) fn decide(facts: &RecordFacts, desired: &Desired, look: Look) -> Decision {
    let Look { vpc, now, by } = look;
    let seen = match &facts.seen {
        Ok(seen) => seen,
        Err(denied) => return Decision::hold(HoldReason::NoAccess(denied.clone())),
    };
    let row = Row { facts, seen, desired, vpc, now, by, is_drift: false };
    let is_needed = !union(&desired.contributions).is_empty();
    let addresses = desired.addresses(&seen.addresses());
    let ownership = ownership(facts.claim.as_ref(), seen, now);
    let row = Row { is_drift: is_needed && row.is_drift(&ownership, &addresses), ..row };
    match ownership {
        Ownership::Busy { until } => Decision { look_again: Some(until), ..Decision::nothing() },
        Ownership::Released(_) if !is_needed => Decision::nothing(),
        Ownership::Released(Released { by, at }) => Decision::hold(HoldReason::Released { by, at }),
        _ if !is_needed => row.remove(&ownership),
        // Only remembered, and it does not stand: until the endpoints are available nothing is known to be right.
        _ if addresses.is_empty() => row.wait(&ownership),
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
    let row = Row { facts, seen, desired, vpc, now, by: None, is_drift: false };
    let seen = seen.addresses();
    let origin = if seen.is_empty() { Origin::Created } else { Origin::Adopted };
    // A person's word begins anew: what was repaired before does not count.
    row.put(Claim { repairs: Repairs::default(), ..row.claim(origin, seen) })
}

struct Row<'a> {
    facts: &'a RecordFacts,
    seen: &'a SeenRecords,
    desired: &'a Desired<'a>,
    vpc: &'a VpcId,
    now: Timestamp,
    by: Option<&'a str>,
    /// Whether somebody else has written a record of ours.
    is_drift: bool,
}

impl Row<'_> {
    fn write(&self, ownership: &Ownership, addresses: &Addresses) -> Decision {
        let (seen, adopt) = (self.seen.addresses(), self.desired.adopt);
        if let Some(claim) = &self.facts.claim
            && claim.service != *self.desired.service
        {
            return Decision::hold(HoldReason::NameTaken { service: claim.service.clone() });
        }
        if let Some(reason) = self.in_the_way() {
            return self.held(ownership, reason);
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
            Ownership::NotOurs | Ownership::Busy { .. } | Ownership::Released(_) => {
                self.held(ownership, HoldReason::ForeignRecord { seen })
            }
        }
    }

    /// What stands there is left, and the claim is settled with it.
    fn held(&self, ownership: &Ownership, reason: HoldReason) -> Decision {
        let (why, effect) = self.settled(ownership);
        // Without the claim, what was only remembered is not wanted any more.
        let is_wanted = !matches!(effect, Effect::Release(_)) || self.publishes();
        Decision { reason: why.into(), effect, hold: is_wanted.then_some(reason), ..Decision::nothing() }
    }

    /// Whether an endpoint of this VPC is available now.
    fn publishes(&self) -> bool {
        let is_own = |(id, given): (&VpcEndpointId, &Contribution)| {
            given.vpc == *self.vpc && !self.desired.remembered.contains(id)
        };
        self.desired.contributions.iter().any(is_own)
    }

    /// Writes nothing of the record: an empty answer is no answer.
    fn wait(&self, ownership: &Ownership) -> Decision {
        if let Ownership::Ours { .. } = ownership {
            return Decision::nothing();
        }
        let (reason, effect) = self.settled(ownership);
        Decision { reason: reason.into(), effect, ..Decision::nothing() }
    }

    /// What becomes of a claim whose record may not be changed. Endpoints that have left go out of it, so that the last
    /// one that leaves finds nothing in it. A change whose time is over says nothing any more that could be of use:
    /// without it, nobody waits for it. One that was never made over a record of somebody else leaves nothing of ours.
    fn settled(&self, ownership: &Ownership) -> (&'static str, Effect) {
        let Some(claim) = &self.facts.claim else { return ("", Effect::Nothing) };
        let ours = match ownership {
            Ownership::Ours { confirmed } if !confirmed.is_empty() => Some(confirmed),
            _ => None,
        };
        if claim.pending.is_some() && ours.is_none() {
            let reason =
                "the change that it announces was not made, and another record stands there: release it";
            return (reason, Effect::Release(self.release(claim.version)));
        }
        // What another VPC has in it is that VPC's to take out: two that took it from each other would never end.
        let stays = |id: &VpcEndpointId, given: &Contribution| {
            given.vpc != *self.vpc || self.desired.contributions.contains_key(id)
        };
        if claim.pending.is_none() && claim.contributions.iter().all(|(id, given)| stays(id, given)) {
            return ("", Effect::Nothing);
        }
        let confirmed = ours.unwrap_or(&claim.confirmed).clone();
        let (version, repairs) = (claim.version + 1, self.made_repairs());
        let mut smaller = Claim { version, pending: None, confirmed, repairs, ..claim.clone() };
        smaller.contributions.retain(|id, given| stays(id, given));
        if smaller.contributions.is_empty() {
            // Emptied, those who want the record say which VPCs find the claim.
            smaller.contributions.clone_from(&self.desired.contributions);
            smaller.contributions.values_mut().for_each(|one| one.addresses = Addresses::default());
        }
        ("an endpoint has left, or a change was interrupted", Effect::claim(self.put(smaller)))
    }

    /// Brings claim and record sets to `addresses`: both, the claim alone, or nothing.
    fn change(&self, addresses: &Addresses, origin: Origin, confirmed: &Addresses, why: &str) -> Decision {
        let changes = self.seen.changes_to(addresses, self.desired.ttl);
        let mut claim = self.claim(origin, confirmed.clone());
        if changes.is_empty() {
            (claim.confirmed, claim.ttl) = (addresses.clone(), Some(self.desired.ttl));
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
        let edited = self.edited_ttl().filter(|_| self.is_drift && ttl_only);
        let reason = match edited {
            Some((ours, other)) => format!("drift: the TTL differs, it was edited from {ours} to {other}"),
            None => (if ttl_only { "the TTL differs" } else { why }).to_owned(),
        };
        let announced = self.announced(claim.clone(), addresses, changes, confirmed);
        // Of the claim before it is announced: from its change on, the record is of the origin it names.
        let pending = announced.announce.claim.pending.clone();
        let confirm = ClaimWrite {
            expects: Some(claim.version),
            claim: Claim { pending, ..claim }.confirm(),
            joins: BTreeSet::new(),
            leaves: BTreeSet::new(),
        };
        let effect = Effect::Change(Box::new(announced), Box::new(confirm));
        Decision { reason, effect, ..Decision::nothing() }
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
        if self.seen.mark.is_some() {
            return release("nothing needs it, and another controller has marked it: release it");
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
        let mut going = self.claim(self.origin(), seen.clone());
        // Emptied, they say which VPCs find the claim, should its release never come.
        going.contributions.clone_from(&claim.contributions);
        going.contributions.values_mut().for_each(|gone| gone.addresses = Addresses::default());
        let changes = self.seen.changes_to(&none, self.desired.ttl);
        let announced = self.announced(going, &none, changes, &seen);
        let release = self.release(claim.version + 1);
        let effect = Effect::Remove(Box::new(announced), release);
        Decision { reason: "nothing needs it any more: remove it".into(), effect, ..Decision::nothing() }
    }
}

#[cfg(test)]
mod tests;
