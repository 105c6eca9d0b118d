//! The plan for some VPCs of one account: every defined name in every zone that can hold it.

mod closed;
mod contribution;
mod desired;
mod effect;
mod endpoint;
pub mod handover;
mod limits;
mod owner;
mod record;
mod steps;
mod view;
mod zone;
mod zoneless;

use std::collections::{BTreeMap, BTreeSet};

pub use self::closed::is_nothing_left;
use self::contribution::Contribution;
use self::effect::{Decision, Effect};
pub use self::endpoint::{WAIT_AT_MOST, chain_delay};
use self::endpoint::{end_wait, wait};
pub use self::limits::{Met, Refused};
use self::limits::{unless_denied, unless_refused, within_limit};
use self::record::claims::release;
use self::record::decide;
use self::steps::{Decided, write};
use self::view::View;
use self::zoneless::hold_without_zone;
use crate::model::claim::Claim;
use crate::model::facts::{Association, Facts, RecordFacts, VpcEndpointState};
use crate::model::hold::{HoldReason, Subject};
use crate::model::policy::Policy;
use crate::plan::steps::Plan;
use crate::trigger::intent::Intent;

/// Decides what to do in the VPCs of one account.
///
/// `refused` are the changes that AWS refused just before these facts were observed. One that would
/// meet the same record again is held: something that we cannot see stands in its way.
#[must_use]
pub fn plan(intent: &Intent, facts: &Facts, policy: &Policy, refused: &[Refused]) -> Plan {
    let mut plan = Plan::default();
    let mut stored_holds = judged_holds(intent, facts);
    if let Some(denied) = facts.denied.as_ref().filter(|_| !is_nothing_left(intent, facts)) {
        let subject = Subject::Account(facts.account.clone());
        plan.holds.insert(subject, HoldReason::NoAccess(denied.clone()));
    }
    for vpc in &facts.vpcs {
        stored_holds.extend(vpc.holds.clone());
        let view = View::new(intent, facts, policy, vpc);
        // First what is known of the endpoints: should this end half-way, the sweep knows whose VPC to visit.
        remember(&view, &mut plan);
        let decided: Vec<_> =
            vpc.records.iter().filter_map(|record| decided(&view, record, refused, &mut plan)).collect();
        let looked_at_again = zone::looked_at_again(&view, &decided);
        write(&view, &decided, &looked_at_again, &mut plan);
        let zone_holds = zone::write(&view, &decided, refused, &mut plan);
        hold_without_zone(&view, &zone_holds, &mut plan);
        wait_for_endpoints(&view, &mut plan);
    }
    for vpc_endpoint in &facts.unknown {
        let subject = Subject::UnknownEndpoint(facts.account.clone(), vpc_endpoint.clone());
        if intent.announced && facts.denied.is_none() {
            wait(&mut plan, facts, subject, vpc_endpoint, None, intent);
        } else {
            end_wait(&mut plan, facts, subject, vpc_endpoint);
        }
    }
    if facts.denied.is_some() {
        stored_holds.retain(|subject, _| closed::judges(intent, facts, subject));
    }
    plan.settle_holds(&stored_holds, Some(&facts.account), facts.now);
    plan
}

/// The account's stored holds on which these facts have a say.
fn judged_holds(intent: &Intent, facts: &Facts) -> BTreeMap<Subject, HoldReason> {
    let judged = |subject: &Subject, reason: &HoldReason| match (subject, reason) {
        // Only an intent that names an endpoint can tell that it is still not shown.
        (Subject::UnknownEndpoint(_, vpc_endpoint), _) => intent.vpc_endpoints.contains(vpc_endpoint),
        (Subject::Account(_), HoldReason::NoAccess(denied)) => {
            facts.interfaces_read || facts.denied.is_some() || !denied.is_rarely_met()
        }
        _ => true,
    };
    let mut holds = facts.holds.clone();
    holds.retain(|subject, reason| judged(subject, reason));
    holds
}

/// What becomes of one record: its row of the table, through the filters. What keeps this VPC out of it is held.
fn decided<'a>(
    view: &View<'a>,
    record: &'a RecordFacts,
    refused: &[Refused],
    plan: &mut Plan,
) -> Option<Decided<'a>> {
    let subject = view.subject(record);
    if !closed::is_decided(view.intent, view.facts, record) {
        return None;
    }
    if record.association == Association::ZoneGone {
        return Some(Decided { record, decision: release_with_zone(view, record), own: BTreeSet::new() });
    }
    let answer = view.answer(record);
    let Some(desired) = answer.desired else {
        if let Some(reason) = view.unless_shadowed(record, answer.hold) {
            plan.hold(subject, reason);
        }
        return None;
    };
    let decision = decide(record, &desired, view.look(record));
    let decision = unless_refused(decision, view, record, refused);
    let decision = unless_denied(decision, view, &subject);
    let decision = zone::unless_removed(decision, view, record);
    let mut decision = within_limit(decision, view, &subject, answer.has_left);
    if answer.own.is_empty() && decision.effect != Effect::Nothing {
        // This VPC leaves the claim: what is in the way of the record is no concern of it any more.
        decision.hold = None;
    }
    if let Some(why) = why_it_leaves(view, answer.is_unwanted, &decision.effect) {
        decision.reason = format!("{why}: {}", decision.reason);
    }
    let mut kept_out = answer.hold;
    if matches!(decision.effect, Effect::Release(_)) && kept_out.is_some() {
        kept_out = hold_without_claim(view, record).or(kept_out);
    }
    decision.hold = view.unless_shadowed(record, decision.hold.or(kept_out));
    Some(Decided { record, decision, own: answer.own })
}

fn release_with_zone(view: &View, record: &RecordFacts) -> Decision {
    let released = |claim: &Claim| Effect::Release(release(record, &view.vpc.vpc, claim.version));
    let effect = record.claim.as_ref().map_or(Effect::Nothing, released);
    Decision { reason: "the zone is gone: release it".into(), effect, ..Decision::nothing() }
}

/// Why endpoints leave a record that have not gone by the word of their own account.
fn why_it_leaves(view: &View, is_unwanted: bool, effect: &Effect) -> Option<&'static str> {
    if view.facts.denied.is_some() && *effect != Effect::Nothing {
        return Some("its provider shows the endpoint no more, and its account is closed");
    }
    (is_unwanted && effect.changes_records()).then_some("the zone's owner does not consent any more")
}

/// What is in this VPC's way once the claim that kept it out is released.
fn hold_without_claim(view: &View, record: &RecordFacts) -> Option<HoldReason> {
    let unclaimed = RecordFacts { claim: None, ..record.clone() };
    let answer = view.answer(&unclaimed);
    let desired = answer.desired?;
    decide(&unclaimed, &desired, view.look(record)).hold.or(answer.hold)
}

/// Has the table remember the endpoints as they were seen.
fn remember(view: &View, plan: &mut Plan) {
    for vpc_endpoint in view.vpc.endpoints.keys() {
        let mut claims = view.vpc.records.iter().filter_map(|record| record.claim.as_ref());
        let claimed = claims.any(|claim| claim.contributions.contains_key(vpc_endpoint));
        if view.facts.denied.is_some() && view.contributions[vpc_endpoint] != Contribution::Withdraw {
            continue;
        }
        let step = view.memory(vpc_endpoint, claimed).step();
        let subject = Subject::VpcEndpoint(view.vpc.vpc.clone(), vpc_endpoint.clone());
        plan.push(subject, "it was seen so", step.into_iter().collect());
    }
}

/// Plans the waiting chains of a VPC's endpoints, and holds those for which waiting does not help.
fn wait_for_endpoints(view: &View, plan: &mut Plan) {
    for (vpc_endpoint, contribution) in &view.contributions {
        if view.facts.denied.is_some() && *contribution != Contribution::Withdraw {
            continue;
        }
        let subject = Subject::VpcEndpoint(view.vpc.vpc.clone(), vpc_endpoint.clone());
        let endpoint = &view.vpc.endpoints[vpc_endpoint];
        let defined = view.policy.services.contains_key(&endpoint.service);
        if let (Contribution::Keep { wait: true, .. }, true) = (contribution, defined) {
            let state = endpoint.state.as_ref().map(VpcEndpointState::as_str);
            wait(plan, view.facts, subject, vpc_endpoint, state, view.intent);
            continue;
        }
        if let Contribution::Keep { hold: Some(reason), .. } = contribution {
            plan.holds.insert(subject.clone(), reason.clone());
        }
        end_wait(plan, view.facts, subject, vpc_endpoint);
    }
}

#[cfg(test)]
mod tests;
