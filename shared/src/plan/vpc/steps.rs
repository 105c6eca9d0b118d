//! Decisions as steps: each group is written once, in the order in which it is applied.
//!
//! ```text
//! remember what the claim will name     so that a sweep finds it again
//! reserve room for the request          so that nothing is announced that cannot be done
//! count the removal                     after the room: one that comes back for want of it counts once
//! announce, change, confirm or release
//! send for those who waited for the name, or had to leave the record
//! end the hold                          when the change that it held is made, not before
//! forget endpoints that are gone        with the last claim that names them
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::contribution::Contribution;
use super::effect::{Announced, ClaimRelease, ClaimWrite, Decision, Effect, PutBack};
use super::view::View;
use crate::model::facts::RecordFacts;
use crate::model::hold::HoldReason;
use crate::model::ids::{AccountId, VpcEndpointId, VpcId};
use crate::model::run::RunPart;
use crate::plan::steps::{Plan, Step};
use crate::trigger::intent::Intent;

/// A record, what is decided about it, and the endpoints of this VPC that are to be in it.
pub(super) struct Decided<'a> {
    pub(super) record: &'a RecordFacts,
    pub(super) decision: Decision,
    pub(super) own: BTreeSet<VpcEndpointId>,
}

/// Writes the groups of a VPC's records, and what is held and looked at again. The VPC is sent for once the decisions in
/// `looked_at_again` are carried out.
pub(super) fn write(view: &View, decided: &[Decided], looked_at_again: &BTreeSet<usize>, plan: &mut Plan) {
    let forgotten = forgotten(view, decided);
    for (number, one) in decided.iter().enumerate() {
        let subject = view.subject(one.record);
        let ends_hold = note(view, one, plan);
        let mut steps = steps(view, one);
        if ends_hold && !steps.is_empty() {
            steps.push(Step::DeleteHold { subject: subject.clone() });
        }
        if looked_at_again.contains(&number) {
            let own = BTreeMap::from([(view.vpc.vpc.clone(), view.facts.account.clone())]);
            steps.extend(send_for(view, &own));
        }
        let gone = forgotten.iter().filter(|(_, last)| **last == number);
        // A claim names it still, so that this plan has just had the table keep it.
        steps.extend(gone.filter_map(|(id, _)| view.memory(id, false).step_after_another()));
        plan.push(subject, one.decision.reason.clone(), steps);
    }
}

/// The endpoints that are gone and that no claim names any more, each with the last record that did.
fn forgotten(view: &View, decided: &[Decided]) -> BTreeMap<VpcEndpointId, usize> {
    let (mut released, mut claimed) = (BTreeMap::new(), BTreeSet::new());
    let gone = |id: &&VpcEndpointId| view.contributions.get(*id) == Some(&Contribution::Withdraw);
    // A record about which nothing is decided keeps its claim.
    let is_decided = |record: &&RecordFacts| decided.iter().any(|one| one.record.key == record.key);
    let undecided = view.vpc.records.iter().filter(|record| !is_decided(record));
    claimed.extend(undecided.flat_map(|record| &record.claim).flat_map(|claim| claim.contributions.keys()));
    for (number, Decided { record, decision, .. }) in decided.iter().enumerate() {
        let named = record.claim.iter().flat_map(|claim| claim.contributions.keys());
        for id in named.filter(gone) {
            if decision.effect == Effect::Nothing {
                claimed.insert(id);
            } else {
                released.insert(id.clone(), number);
            }
        }
    }
    released.retain(|id, _| !claimed.contains(id));
    released
}

/// Notes what is held and when to look again. Gives whether a hold ends with this decision's steps.
fn note(view: &View, decided: &Decided, plan: &mut Plan) -> bool {
    let subject = view.subject(decided.record);
    let stored = view.vpc.holds.get(&subject);
    let mut hold = decided.decision.hold.as_ref();
    let ends = hold.is_none() && stored.is_some();
    if let Some(at) = decided.decision.look_again {
        // While a change is on its way, nothing new is known of what was held.
        hold = stored.or(hold);
        // One that AWS refused is tried again by the sweep, not over and over.
        let refused = stored.is_some_and(|stored| {
            matches!(stored, HoldReason::NoAccess(_) | HoldReason::Route53Refused { .. })
                || stored.denied_write().is_some()
        });
        if !refused {
            let earliest = plan.look_again.entry(view.vpc.vpc.clone()).or_insert(at);
            *earliest = at.min(*earliest);
        }
    }
    if let Some(reason) = hold {
        plan.hold(subject, reason.clone());
    }
    ends
}

fn steps(view: &View, decided: &Decided) -> Vec<Step> {
    let Decided { record, decision, own } = decided;
    if decision.effect == Effect::Nothing {
        return Vec::new();
    }
    let mut steps = memories(view, own);
    steps.extend(effect_steps(&decision.effect, &record.zone_account, view.intent.run.as_ref()));
    let made = view.made_zone(&record.key.zone);
    for step in &mut steps {
        if let Step::PutClaim { expects: None, zone, .. } = step {
            *zone = made.map(|claim| Box::new(claim.clone()));
        }
    }
    if decision.effect.releases() {
        steps.extend(send_for(view, &record.waiting));
    }
    if let Effect::Change(announced, _) = &decision.effect {
        steps.extend(send_for(view, &displaced(view, record, announced)));
    }
    steps
}

/// The steps of an effect alone; a removal is counted for the run that makes it, where it has one.
pub(super) fn effect_steps(effect: &Effect, zone_account: &AccountId, run: Option<&RunPart>) -> Vec<Step> {
    let reserve = || Step::Reserve { account: zone_account.clone(), requests: 1 };
    let change = |announced: &Announced, returned: Option<Step>| Step::ChangeRecords {
        account: zone_account.clone(),
        key: announced.announce.claim.key.clone(),
        changes: announced.changes.clone(),
        until: announced.until,
        put_back: [put_back(&announced.put_back)].into_iter().chain(returned).collect(),
    };
    match effect {
        Effect::Nothing => Vec::new(),
        Effect::Claim(write) => vec![put(write)],
        Effect::Release(gone) => vec![release(gone)],
        Effect::Change(announced, confirm) => {
            vec![reserve(), put(&announced.announce), change(announced, None), put(confirm)]
        }
        Effect::Remove(announced, gone) => {
            let counted = run.map(|run| Step::ReserveDeletion { run: run.run.clone(), at_most: run.deletes });
            let returned = run.map(|run| Step::ReturnDeletion { run: run.run.clone() });
            let mut steps = vec![reserve()];
            steps.extend(counted);
            steps.extend([put(&announced.announce), change(announced, returned), release(gone)]);
            steps
        }
    }
}

fn put_back(to: &PutBack) -> Step {
    match to {
        PutBack::Write(write) => put(write),
        PutBack::Release(gone) => release(gone),
    }
}

/// A claim never names an endpoint that the table does not remember: no sweep would find it again.
pub(super) fn memories(view: &View, own: &BTreeSet<VpcEndpointId>) -> Vec<Step> {
    let new = own.iter().filter(|id| !view.vpc.stored.contains_key(*id));
    let known = new.filter(|id| view.vpc.endpoints.contains_key(*id));
    known.filter_map(|id| view.memory(id, true).step()).collect()
}

/// The VPCs of which a change leaves nothing in the record, though they gave something to it: they are held from now
/// on, and whoever is held is sent for when the record becomes free.
fn displaced(view: &View, record: &RecordFacts, announced: &Announced) -> BTreeMap<VpcId, AccountId> {
    let stay = announced.announce.claim.vpcs();
    let gave = record.claim.iter().flat_map(|claim| claim.contributions.values());
    let gave = gave.filter(|given| given.vpc != view.vpc.vpc && !given.addresses.is_empty());
    let gone = gave.filter(|given| !stay.contains(&given.vpc));
    gone.map(|given| (given.vpc.clone(), given.account.clone())).collect()
}

/// Sends for VPCs: for those that were held on a record whose claim is released now, and those that have to leave one.
fn send_for(view: &View, vpcs: &BTreeMap<VpcId, AccountId>) -> Vec<Step> {
    let intent = |(vpc, account): (&VpcId, &AccountId)| Intent {
        account: account.clone(),
        vpc_endpoints: BTreeSet::new(),
        vpcs: BTreeSet::from([vpc.clone()]),
        reviewed: BTreeMap::new(),
        gone: None,
        ..view.intent.clone()
    };
    vpcs.iter().map(|vpc| Step::SendIntent { intent: intent(vpc), delay_seconds: 0 }).collect()
}

pub(super) fn put(write: &ClaimWrite) -> Step {
    Step::PutClaim {
        claim: Box::new(write.claim.clone()),
        expects: write.expects,
        joins: write.joins.clone(),
        leaves: write.leaves.clone(),
        zone: None,
    }
}

fn release(gone: &ClaimRelease) -> Step {
    Step::ReleaseClaim { key: gone.key.clone(), expects: gone.expects, leaves: gone.leaves.clone() }
}
