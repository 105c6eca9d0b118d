//! What must never happen, judged at each call by what its invocation had observed, and by rules of its own: nothing
//! here asks the plan.

use std::collections::{BTreeMap, BTreeSet};

use shared::error::{CallFailure, Error};
use shared::model::claim::{Claim, Contribution, Origin, Pending};
use shared::model::facts::StoredEndpoint;
use shared::model::ids::{VpcEndpointId, VpcId};
use shared::model::policy::{Adopt, OnRemove, ServiceDefinition, SharedZones, WriteTo};
use shared::model::record::{Addresses, ChangeAction, RecordKey};
use shared::model::table::Key;

use super::errors::call_failed;
use super::observations::Observations;
use super::route53::{Batch, Slot};
use super::world::World;

impl World {
    /// Judges a claim that was written over another one, or over none.
    pub(crate) fn check_claim(&mut self, claim: &Claim, before: Option<&Claim>, seen: &Observations) {
        let sharing = self.policy.services.get(&claim.service).map(|definition| definition.shared_zones);
        let wrong = if sharing == Some(SharedZones::Refuse) && claim.vpcs().len() > 1 {
            Some(format!("{} is shared by {:?}, which is refused", claim.key, claim.vpcs()))
        } else if let Some(undone) = before.and_then(|before| undone(before, Some(claim), seen)) {
            undone.err()
        } else {
            self.check_contributions(&claim.key, before, Some(claim), seen)
        };
        self.count_withdrawals();
        if let Some(wrong) = wrong {
            self.violation(wrong);
        }
    }

    /// An endpoint is forgotten after the last claim that names it, unless something went wrong on the way there.
    pub(crate) fn check_memory(&mut self, stored: &StoredEndpoint, seen: &Observations) {
        // Of several messages one may have read what another one has not.
        if stored.expires_at.is_none() || seen.disturbed || seen.runs.len() != 1 {
            return;
        }
        let stands =
            |claim: &&Claim| self.table.claim(&claim.key).is_some_and(|now| now.version == claim.version);
        let named = seen.claims_of(&stored.vpc_endpoint).find(stands).map(|claim| claim.key.clone());
        if let Some(key) = named {
            self.violation(format!("{} is forgotten before the claim on {key} is", stored.vpc_endpoint));
        }
    }

    /// Judges the end of a claim.
    pub(crate) fn check_release(&mut self, before: &Claim, seen: &Observations) {
        // A claim goes with its zone, whatever was announced there.
        let is_there = !seen.gone.contains(&before.key.zone);
        if let Some(undone) = undone(before, None, seen).filter(|_| is_there) {
            if let Err(wrong) = undone {
                self.violation(wrong);
            }
            return self.tally.count("first claims put back");
        }
        if read_of(seen, &before.key).any(|slot| is_in_the_way(before, &slot)) {
            return self.tally.count("claims released under foreign records");
        }
        let wrong = self.check_contributions(&before.key, Some(before), None, seen);
        self.count_withdrawals();
        if let Some(wrong) = wrong {
            self.violation(wrong);
        }
    }

    fn count_withdrawals(&mut self) {
        if self.closing.judged_by_a_list.take() {
            self.tally.count("withdrawn by a list");
        }
    }

    /// What a claim is to say from now on, against what was observed.
    fn check_contributions(
        &self,
        key: &RecordKey,
        claim: Option<&Claim>,
        written: Option<&Claim>,
        seen: &Observations,
    ) -> Option<String> {
        let after = written.map(|claim| claim.contributions.clone()).unwrap_or_default();
        let before = claim.map(|claim| claim.contributions.clone()).unwrap_or_default();
        let (before, after) = (giving(&before), giving(&after));
        let same = |id: &VpcEndpointId, given: &Contribution| {
            before.get(id).is_some_and(|was| (&was.vpc, &was.addresses) == (&given.vpc, &given.addresses))
        };
        for (id, given) in after.iter().filter(|(id, given)| !same(id, given)) {
            let remembered = written.and_then(|claim| self.table.get(&Key::endpoint(&claim.service, id)));
            if remembered.is_none() && !self.forgotten.contains(id.as_str()) {
                return Some(format!("{key} names {id}, which the table does not remember"));
            }
            if !self.may_be_written(key, given, seen) {
                return Some(format!(
                    "{key} takes {} of {id} in, without the zone owner's consent",
                    given.addresses
                ));
            }
            if !seen.publishes(id, &given.addresses) {
                return Some(format!(
                    "{key} publishes {} of {id}, which it was not seen to have",
                    given.addresses
                ));
            }
        }
        if seen.gone.contains(&key.zone) || claim.is_some_and(|claim| self.is_removed(claim)) {
            return None;
        }
        // What neither stands nor is on its way is nobody's loss: a person has deleted it while its endpoint was waited
        // for.
        let stands = |given: &Contribution| claim.is_some_and(|claim| may_stand(claim, &given.addresses));
        let lost = before.iter().filter(|(id, given)| !after.contains_key(*id) && stands(given));
        for (id, given) in lost {
            let left = seen.left.contains(&(given.vpc.clone(), key.zone.clone()));
            let gone = left || seen.is_gone(id, self.now / 1_000);
            if gone || self.makes_room(key, given, written) || self.was_taken_away(key, given, seen) {
                continue;
            }
            if claim.is_some_and(|claim| self.is_over_by_a_list(&claim.service, id, given, seen)) {
                self.closing.judged_by_a_list.set(true);
                continue;
            }
            if !claim.is_some_and(|claim| self.has_left(claim, &given.vpc, seen)) {
                return Some(format!("{key} loses {} of {id}, which is not gone", given.addresses));
            }
            let removes = written.and_then(|claim| claim.pending.as_ref()).is_some_and(|p| p.to.is_empty());
            if removes && seen.runs.iter().all(Option::is_none) {
                return Some(format!("an event removes {key}, which only the choice of zones leaves"));
            }
        }
        None
    }

    /// Whether a VPC was seen to have a closer zone that its record is to stand in alone.
    fn has_left(&self, claim: &Claim, vpc: &VpcId, seen: &Observations) -> bool {
        let definition = self.policy.services.get(&claim.service).or_else(|| self.lost.get(&claim.service));
        definition.is_some_and(|one| one.write == WriteTo::Answering) && seen.has_closer_zone(vpc, &claim.key)
    }

    fn is_removed(&self, claim: &Claim) -> bool {
        let definition = self.policy.services.get(&claim.service).or_else(|| self.lost.get(&claim.service));
        definition.is_some_and(|definition| definition.removed.is_some())
    }

    /// `route53:ChangeResourceRecordSets`, at the moment at which it is done.
    pub(crate) fn change(&mut self, batch: &Batch, seen: &mut Observations) -> Result<(), Error> {
        let key = &batch.key;
        let after = self.route53.outcome(key, &batch.changes).map_err(|(code, words)| {
            self.tally.count("batches refused");
            seen.may_be_made(key, false);
            let operation = "route53:ChangeResourceRecordSets";
            call_failed(operation, key.to_string(), code, Some(words), CallFailure::Refused)
        })?;
        let slot = self.route53.slots.get(key).cloned().unwrap_or_default();
        let to = after.addresses();
        if let Some(wrong) = self.check_batch(batch, &slot, &to) {
            self.violation(format!("{key} from {} to {to}: {wrong}", slot.seen.addresses()));
        }
        self.check_removal(batch, seen);
        self.check_additions(batch, &to, seen);
        self.tally.count("batches done");
        self.check_repair(key, &slot.seen, &after);
        let touched = slot.touched;
        // Who repairs a TTL has not made the record his own.
        let same = slot.seen.addresses() == to;
        // What somebody touched while the change was on its way is no longer as it was seen.
        let by_a_person = touched_since(&slot, batch) || (slot.by_a_person && same);
        self.route53.slots.insert(key.clone(), Slot { seen: after, by_a_person, touched });
        Ok(())
    }

    /// A sweep removes nothing that it has not counted for its run.
    fn check_removal(&mut self, batch: &Batch, seen: &mut Observations) {
        let pending = batch.announced.as_ref().and_then(|announced| announced.pending.as_ref());
        if !pending.is_some_and(|pending| pending.to.is_empty()) {
            return;
        }
        self.take_counted(&batch.key.to_string(), seen);
    }

    /// A removal is made: for a run, one that was counted.
    pub(crate) fn take_counted(&mut self, what: &str, seen: &mut Observations) {
        if let Some(counted) = seen.removals.values_mut().find(|counted| **counted > 0) {
            *counted -= 1;
            self.tally.count("removals by sweeps");
        } else if !seen.runs.is_empty() && seen.runs.iter().all(Option::is_some) {
            self.violation(format!("a removal of {what} for {:?} is not counted", seen.runs));
        }
    }

    /// A change adds nothing of an endpoint that its worker saw, and did not see to give it.
    fn check_additions(&mut self, batch: &Batch, to: &Addresses, seen: &Observations) {
        let from = batch.announced.as_ref().and_then(|announced| Some(&announced.pending.as_ref()?.from));
        let (Some(from), Some(claim)) = (from, self.table.claim(&batch.key)) else { return };
        // What other VPCs have in it is believed as the claim says it.
        if claim.vpcs().len() > 1 {
            return;
        }
        let is_wrong = |(id, given): &(&VpcEndpointId, &Contribution)| {
            let unseen = seen.knows(id) && !seen.publishes(id, &given.addresses);
            unseen || !self.may_be_written(&batch.key, given, seen)
        };
        // EC2 gives the address of an endpoint that is gone to another one: one of those that name it is enough.
        let added = to.a.difference(&from.a);
        let wrong = added.flat_map(|address| {
            let gives = claim.contributions.iter().filter(|(_, given)| given.addresses.a.contains(address));
            let (wrong, right): (Vec<_>, Vec<_>) = gives.partition(is_wrong);
            if right.is_empty() { wrong } else { Vec::new() }
        });
        let wrong: Vec<_> = wrong.map(|(id, given)| format!("{} of {id}", given.addresses)).collect();
        if !wrong.is_empty() {
            self.violation(format!(
                "{} is made to answer {wrong:?}, which it was not seen to have, or may not be there",
                batch.key
            ));
        }
    }

    fn check_batch(&self, batch: &Batch, slot: &Slot, to: &Addresses) -> Option<String> {
        let announced = batch.announced.as_ref();
        let until = announced.and_then(|announced| Some(announced.pending.as_ref()?.until));
        if let Some(until) = until.filter(|until| self.timestamp() > *until) {
            return Some(format!("a request lands after its until, {until}"));
        }
        if batch.changes.iter().any(|change| change.set.values.is_empty()) {
            return Some("an empty record set".into());
        }
        let claim = self.table.claim(&batch.key);
        if claim.is_some_and(|claim| claim.released.is_some()) {
            return Some("a record that was taken back is changed".into());
        }
        let pending = claim.and_then(|claim| claim.pending.as_ref());
        let is_announced = pending.is_some_and(|pending| pending.to == *to && Some(pending.until) == until);
        // A TTL alone changes hands with nobody.
        let moves = slot.seen.addresses() != *to;
        if !is_announced && !touched_since(slot, batch) && moves {
            return Some(format!("no claim announces it, but {claim:?}"));
        }
        let observed = announced.map_or(claim, |announced| announced.before.as_ref());
        let definition = self.policy.services.values().find(|definition| match observed {
            Some(claim) => claim.service == definition.service,
            None => claim.is_none_or(|claim| claim.service == definition.service),
        })?;
        if slot.seen.mark.is_some() && !touched_since(slot, batch) {
            return Some("a record that another controller has marked is changed".into());
        }
        // Beside a record set of the other family nobody's is changed.
        let deletes = batch.changes.iter().any(|change| change.action == ChangeAction::Delete);
        (slot.by_a_person && deletes && !may_replace(observed, definition, slot, to))
            .then(|| "somebody else's record is changed".into())
    }

    /// Each claim can be found by each VPC that it names, and by sweeps through the index, at every moment.
    pub(crate) fn check_references(&mut self) {
        let references: BTreeSet<_> = self.table.references().collect();
        let referred: BTreeSet<_> = references.iter().map(|(_, key)| *key).collect();
        let mut wrong = Vec::new();
        let mut index: BTreeMap<String, _> =
            self.table.indexed().map(|(key, indexed)| (key.to_owned(), indexed)).collect();
        for claim in self.table.zone_claims() {
            let key = Key::indexed_zone_claim(&claim.vpc, &claim.domain).sk;
            let (says, is) = (index.remove(&key).cloned(), Some(claim.indexed()));
            if says != is {
                wrong.push(format!("of {claim:?} the index says {says:?}"));
            }
        }
        // A mark is found by its key alone.
        for claim in self.table.claims().filter(|claim| claim.released.is_none()) {
            let found = |vpc: &_| references.contains(&(Clone::clone(vpc), &claim.key));
            let lost: Vec<_> = claim.vpcs().into_iter().filter(|vpc| !found(vpc)).collect();
            if !lost.is_empty() || !referred.contains(&claim.key) {
                wrong.push(format!("{lost:?} do not find their claim on {}", claim.key));
            }
        }
        for claim in self.table.claims() {
            let (says, is) = (index.remove(&claim.key.to_string()).cloned(), claim.indexed());
            if says != is {
                wrong.push(format!("of {claim:?} the index says {says:?}"));
            }
        }
        wrong.extend(index.keys().map(|key| format!("the index has {key}, and there is no claim")));
        for wrong in wrong {
            self.violation(wrong);
        }
    }
}

/// Whether any of these addresses stands under a claim, or is on its way there, as far as the claim knows.
fn may_stand(claim: &Claim, addresses: &Addresses) -> bool {
    let to = claim.pending.as_ref().map(|pending| &pending.to);
    [Some(&claim.confirmed), to]
        .into_iter()
        .flatten()
        .any(|stands| !stands.a.is_disjoint(&addresses.a) || !stands.aaaa.is_disjoint(&addresses.aaaa))
}

/// Whether a claim that this invocation has written as `announced` becomes again what it was before, and if so, whether
/// it may: only when the change cannot be made any more. None when it becomes anything else.
fn undone(announced: &Claim, after: Option<&Claim>, seen: &Observations) -> Option<Result<(), String>> {
    let pending = announced.pending.as_ref()?;
    let own = seen.announced(&announced.key).filter(|own| own.pending.as_ref() == Some(pending))?;
    let is_end = match after {
        Some(after) => after.pending.is_none() && after.confirmed == pending.to,
        None => pending.to.is_empty(),
    };
    // Of a change of the TTL alone both look alike.
    if is_end && (own.may_be_made || pending.from != pending.to) {
        return None;
    }
    let content = |claim: &Claim| (claim.pending.clone(), claim.confirmed.clone(), claim.origin);
    let settled = |claim: &Claim| {
        // An older change that was seen to be made.
        let is_made = claim.pending.as_ref().is_some_and(|older| older.to == pending.from);
        let mut settled = if is_made { claim.confirm() } else { claim.clone() };
        settled.origin = after.map_or(settled.origin, |after| after.origin);
        content(&settled)
    };
    let before = own.before.as_ref();
    let same = before.map(content) == after.map(content) || before.map(settled) == after.map(content);
    let adds_nothing = after.is_none_or(|after| {
        let before = own.before.as_ref().map(|before| giving(&before.contributions)).unwrap_or_default();
        giving(&after.contributions).iter().all(|(id, given)| before.get(id) == Some(given))
    });
    Some(match (same && adds_nothing, own.may_be_made) {
        (false, _) => Err(format!("{} is put back as something else: {after:?}", announced.key)),
        (true, true) => Err(format!("{} is put back, and its change may be made", announced.key)),
        (true, false) => Ok(()),
    })
}

/// What a read of a name may have shown: what stood there, or A records of one moment beside AAAA records of a later
/// one, where a list took several pages.
fn read_of(seen: &Observations, key: &RecordKey) -> impl Iterator<Item = Slot> {
    let slots: Vec<Slot> = seen.slots(key).cloned().collect();
    let pairs = (0..slots.len()).flat_map(|first| (first..slots.len()).map(move |later| (first, later)));
    let read: Vec<Slot> = pairs
        .map(|(first, later)| {
            let (first, later) = (&slots[first], &slots[later]);
            let mut read = later.clone();
            read.seen.a.clone_from(&first.seen.a);
            read.by_a_person |= first.by_a_person || first.touched != later.touched;
            read
        })
        .collect();
    read.into_iter()
}

/// Whether a change was interrupted, and what was seen is neither what it was to make nor what it was to replace.
fn is_in_the_way(claim: &Claim, slot: &Slot) -> bool {
    let Some(pending) = &claim.pending else { return false };
    let stands = slot.seen.addresses();
    let incompatible = !slot.seen.incompatible.is_empty() && claim.confirmed.is_empty();
    let written = stands == pending.to && slot_ttls(slot).all(|ttl| pending.ttl == Some(ttl));
    let ours = written || stands == pending.from || stands == claim.confirmed || stands.is_empty();
    slot.by_a_person && (incompatible || !ours)
}

/// One without addresses gives nothing.
fn giving(all: &BTreeMap<VpcEndpointId, Contribution>) -> BTreeMap<VpcEndpointId, Contribution> {
    let giving = all.iter().filter(|(_, given)| !given.addresses.is_empty());
    giving.map(|(id, given)| (id.clone(), given.clone())).collect()
}

fn slot_ttls(slot: &Slot) -> impl Iterator<Item = u32> {
    [&slot.seen.a, &slot.seen.aaaa].into_iter().flatten().map(|set| set.ttl)
}

fn touched_since(slot: &Slot, batch: &Batch) -> bool {
    slot.touched.is_some_and(|at| batch.observed_at.is_none_or(|observed_at| at >= observed_at))
}

/// Whether a record that a person wrote last may be replaced, by the claim that the worker saw.
fn may_replace(
    observed: Option<&Claim>,
    definition: &ServiceDefinition,
    slot: &Slot,
    to: &Addresses,
) -> bool {
    let stands = slot.seen.addresses();
    let Some(claim) = observed else {
        let same = stands == *to && definition.adopt != Adopt::Never;
        return definition.adopt == Adopt::Any || same;
    };
    // What a claim announces it does not name under another TTL: the change was refused, and somebody else's stands.
    let written =
        |pending: &Pending| stands == pending.to && slot_ttls(slot).all(|ttl| pending.ttl == Some(ttl));
    let adopts = stands == *to && definition.adopt != Adopt::Never;
    let ours = match &claim.pending {
        Some(pending) => {
            written(pending)
                || stands == pending.from
                || stands == claim.confirmed
                || adopts
                || (definition.adopt == Adopt::Any && !to.is_empty())
        }
        None if to.is_empty() => stands == claim.confirmed,
        None => true,
    };
    let removable = claim.origin == Origin::Created || definition.on_remove == OnRemove::Delete;
    ours && (!to.is_empty() || removable)
}
