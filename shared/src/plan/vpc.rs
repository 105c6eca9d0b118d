//! The plan for some VPCs of one account: every defined name in every zone that can hold it.

pub mod by_hand;

use std::collections::{BTreeMap, BTreeSet};

use super::contribution::{Contribution, contribution};
use super::endpoint::{Remember, end_wait, wait};
use super::record::{Decision, decide};
use super::{Plan, Step};
use crate::claim::Claim;
use crate::facts::{Association, Facts, RecordFacts, VpcEndpointState, VpcFacts};
use crate::hold::{HoldReason, Subject};
use crate::ids::{AccountId, VpcEndpointId, VpcId};
use crate::intent::Intent;
use crate::policy::{Policy, ServiceDefinition};

/// A change that AWS refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The VPC for which it was made.
    pub vpc: VpcId,
    /// What had been seen.
    pub record: RecordFacts,
    /// Why it was refused.
    pub reason: HoldReason,
}

/// Decides what to do in the VPCs of one account.
///
/// `refused` are the changes that AWS refused just before these facts were observed. One that would
/// meet the same record again is held: something that we cannot see stands in its way.
#[must_use]
pub fn plan(intent: &Intent, facts: &Facts, policy: &Policy, refused: &[Refused]) -> Plan {
    let mut plan = Plan::default();
    let mut stored_holds = judged_holds(intent, facts);
    if let Some(denied) = &facts.denied {
        let subject = Subject::Account(facts.account.clone());
        plan.holds.insert(subject, HoldReason::NoAccess(denied.clone()));
    }
    for vpc in &facts.vpcs {
        stored_holds.extend(vpc.holds.clone());
        let reserved = vpc.reserved.clone();
        VpcPlan { intent, facts, policy, refused, vpc, reserved, plan: &mut plan }.make();
    }
    for vpc_endpoint in &facts.unknown {
        let subject = Subject::UnknownEndpoint(facts.account.clone(), vpc_endpoint.clone());
        if intent.announced && facts.denied.is_none() {
            wait(&mut plan, facts, subject, vpc_endpoint, None, intent);
        } else {
            end_wait(&mut plan, facts, subject, vpc_endpoint);
        }
    }
    send_rest(&mut plan, intent, facts);
    if facts.denied.is_some() {
        // What could not be looked at stays as it is, its holds included.
        stored_holds.retain(|subject, _| matches!(subject, Subject::Account(_)));
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

/// Sends on the VPCs that were not observed.
fn send_rest(plan: &mut Plan, intent: &Intent, facts: &Facts) {
    let rest: Vec<VpcId> = facts.rest.iter().cloned().collect();
    for vpcs in rest.chunks(Intent::MOST) {
        let vpcs = vpcs.iter().cloned().collect();
        let intent = Intent { vpc_endpoints: BTreeSet::new(), vpcs, ..intent.clone() };
        let step = Step::SendIntent { intent, delay_seconds: facts.rest_after };
        let subject = Subject::Account(facts.account.clone());
        plan.push(subject, "the others have a message of their own", vec![step]);
    }
}

pub(super) struct VpcPlan<'a> {
    pub(super) intent: &'a Intent,
    pub(super) facts: &'a Facts,
    pub(super) policy: &'a Policy,
    refused: &'a [Refused],
    pub(super) vpc: &'a VpcFacts,
    /// What is left of the room that was reserved with the reads.
    reserved: BTreeMap<AccountId, u32>,
    pub(super) plan: &'a mut Plan,
}

impl VpcPlan<'_> {
    fn make(&mut self) {
        let contributions: BTreeMap<_, _> =
            self.vpc.endpoints.keys().map(|id| (id.clone(), self.contribution(id))).collect();
        // First what is known of the endpoints: should this end half-way, the sweep knows whose VPC to visit.
        for vpc_endpoint in contributions.keys() {
            self.remember(vpc_endpoint, &contributions[vpc_endpoint]);
        }
        self.records(&contributions);
        self.zones(&contributions);
        for (vpc_endpoint, contribution) in &contributions {
            self.wait(vpc_endpoint, contribution);
        }
    }

    /// Plans all records. With the last claim that names it goes the memory of an endpoint that is gone.
    fn records(&mut self, contributions: &BTreeMap<VpcEndpointId, Contribution>) {
        let mut released = BTreeMap::new();
        let mut claimed = BTreeSet::new();
        for record in &self.vpc.records {
            let groups = self.plan.groups.len();
            self.record(record, contributions);
            for id in leaving(record, contributions) {
                if self.plan.groups.len() > groups {
                    released.insert(id, groups);
                } else {
                    claimed.insert(id);
                }
            }
        }
        released.retain(|id, _| !claimed.contains(id));
        for (id, group) in released {
            let step = self.memory(&id, &contributions[&id], false).step();
            self.plan.groups[group].steps.extend(step);
        }
    }

    fn contribution(&self, id: &VpcEndpointId) -> Contribution {
        let endpoint = &self.vpc.endpoints[id];
        if self.policy.is_removed(&endpoint.service) {
            return Contribution::Withdraw;
        }
        let definition = self.policy.services.get(&endpoint.service);
        // Where only a review can tell, it accepts the connection before the wait is over, or holds it.
        let may_be_allowed = |definition: &ServiceDefinition| {
            definition.allows(&self.facts.account).is_some() || definition.has_dynamic_principals()
        };
        let allowed = definition.is_some_and(may_be_allowed);
        contribution(endpoint, self.vpc.stored.get(id), allowed, self.facts.now)
    }

    fn record(&mut self, record: &RecordFacts, contributions: &BTreeMap<VpcEndpointId, Contribution>) {
        let subject = Subject::Record(self.vpc.vpc.clone(), record.key.clone());
        if record.association == Association::ZoneGone {
            self.plan.push(subject, "the zone is gone: release it", self.release(record));
            return;
        }
        let Some(wanted) = self.wanted(record, contributions) else { return };
        let decision = decide(record, &wanted.desired, &self.vpc.vpc, self.facts.now);
        let decision = self.unless_refused(decision, record);
        let mut decision = self.within_limit(decision, &subject);
        self.unless_reserved(&mut decision);
        if !decision.steps.is_empty() {
            if wanted.own.is_empty() {
                // This VPC leaves the claim: what is in the way of the record is no concern of it any more.
                decision.hold = None;
            }
            decision.steps.splice(0..0, self.memories(&wanted.own, contributions));
        }
        if decision.steps.iter().any(|step| matches!(step, Step::ReleaseClaim { .. })) {
            decision.steps.extend(self.hand_over(record));
        }
        self.note(subject, decision);
    }

    /// A claim never names an endpoint that the table does not remember: no sweep would find it again.
    fn memories(
        &self,
        own: &BTreeSet<VpcEndpointId>,
        contributions: &BTreeMap<VpcEndpointId, Contribution>,
    ) -> Vec<Step> {
        let new = own.iter().filter(|id| !self.vpc.stored.contains_key(*id));
        let known = new.filter(|id| self.vpc.endpoints.contains_key(*id));
        known.filter_map(|id| self.memory(id, &contributions[id], true).step()).collect()
    }

    /// Sends for the VPCs that were held on a record whose claim is released now.
    fn hand_over(&self, record: &RecordFacts) -> Vec<Step> {
        let intent = |(vpc, account): (&VpcId, &AccountId)| Intent {
            account: account.clone(),
            vpc_endpoints: BTreeSet::new(),
            vpcs: BTreeSet::from([vpc.clone()]),
            ..self.intent.clone()
        };
        record
            .waiting
            .iter()
            .map(|held| Step::SendIntent { intent: intent(held), delay_seconds: 0 })
            .collect()
    }

    fn release(&self, record: &RecordFacts) -> Vec<Step> {
        let release = |claim: &Claim| Step::ReleaseClaim {
            key: record.key.clone(),
            expects: claim.version,
            leaves: claim.vpcs().into_iter().chain([self.vpc.vpc.clone()]).collect(),
        };
        record.claim.iter().map(release).collect()
    }

    fn unless_refused(&self, decision: Decision, record: &RecordFacts) -> Decision {
        let same = |before: &RecordFacts| before.key == record.key && before.seen == record.seen;
        // Its own announcement is still pending, so that another attempt would first wait for it.
        let would_change = decision.look_again.is_some()
            || decision.steps.iter().any(|step| matches!(step, Step::ChangeRecords { .. }));
        match self.refused.iter().find(|refused| same(&refused.record)) {
            Some(refused) if would_change => {
                Decision { hold: Some(refused.reason.clone()), ..Decision::default() }
            }
            _ => decision,
        }
    }

    /// What was reserved with the reads is not reserved again.
    fn unless_reserved(&mut self, decision: &mut Decision) {
        decision.steps.retain(|step| {
            let Step::Reserve { account, requests } = step else { return true };
            match self.reserved.get_mut(account) {
                Some(left) if *left >= *requests => {
                    *left -= requests;
                    false
                }
                _ => true,
            }
        });
    }

    fn note(&mut self, subject: Subject, mut decision: Decision) {
        if let Some(reason) = decision.hold {
            self.plan.holds.insert(subject.clone(), reason);
        } else if !decision.steps.is_empty()
            && self.vpc.holds.contains_key(&subject)
            && !self.plan.holds.contains_key(&subject)
        {
            // What was held ends being held when the change that it held has been made, not before.
            decision.steps.push(Step::DeleteHold { subject: subject.clone() });
        }
        if let Some(at) = decision.look_again {
            // While a change is on its way, nothing new is known of what was held.
            let stored = self.vpc.holds.get(&subject).map(|reason| (subject.clone(), reason.clone()));
            // One that AWS refused is tried again by the sweep, not over and over.
            let refused =
                matches!(stored, Some((_, HoldReason::NoAccess(_) | HoldReason::Route53Refused { .. })));
            self.plan.holds.extend(stored);
            if !refused {
                let earliest = self.plan.look_again.entry(self.vpc.vpc.clone()).or_insert(at);
                *earliest = at.min(*earliest);
            }
        }
        self.plan.push(subject, decision.reason, decision.steps);
    }

    /// Holds what publishes and finds no zone.
    fn zones(&mut self, contributions: &BTreeMap<VpcEndpointId, Contribution>) {
        let published = self.vpc.endpoints.iter().filter_map(|(id, endpoint)| {
            matches!(contributions[id], Contribution::Publish(_)).then_some(&endpoint.service)
        });
        for service in published.collect::<BTreeSet<_>>() {
            let Some(definition) = self.policy.services.get(service) else { continue };
            for name in &definition.names {
                let name = name.as_dns_name();
                let subject = Subject::Name(self.vpc.vpc.clone(), name.clone());
                match &self.vpc.zones {
                    Some(Err(denied)) => {
                        self.plan.holds.insert(subject, HoldReason::NoAccess(denied.clone()));
                    }
                    Some(Ok(zones)) if !zones.values().any(|zone| zone.name.is_zone_of(name)) => {
                        self.plan.holds.insert(subject, HoldReason::NoZone);
                    }
                    _ => {}
                }
            }
        }
    }

    fn remember(&mut self, vpc_endpoint: &VpcEndpointId, contribution: &Contribution) {
        let mut claims = self.vpc.records.iter().filter_map(|record| record.claim.as_ref());
        let claimed = claims.any(|claim| claim.contributions.contains_key(vpc_endpoint));
        let step = self.memory(vpc_endpoint, contribution, claimed).step();
        let subject = Subject::VpcEndpoint(self.vpc.vpc.clone(), vpc_endpoint.clone());
        self.plan.push(subject, "it was seen so", step.into_iter().collect());
    }

    fn memory<'a>(
        &'a self,
        vpc_endpoint: &'a VpcEndpointId,
        contribution: &'a Contribution,
        claimed: bool,
    ) -> Remember<'a> {
        Remember {
            account: &self.facts.account,
            vpc: &self.vpc.vpc,
            vpc_endpoint,
            endpoint: &self.vpc.endpoints[vpc_endpoint],
            contribution,
            stored: self.vpc.stored.get(vpc_endpoint),
            claimed,
            now: self.facts.now,
        }
    }

    fn wait(&mut self, vpc_endpoint: &VpcEndpointId, contribution: &Contribution) {
        let subject = Subject::VpcEndpoint(self.vpc.vpc.clone(), vpc_endpoint.clone());
        let defined = self.policy.services.contains_key(&self.vpc.endpoints[vpc_endpoint].service);
        if let (Contribution::Keep { wait: true, .. }, true) = (contribution, defined) {
            let state = self.vpc.endpoints[vpc_endpoint].state.as_ref().map(VpcEndpointState::as_str);
            wait(self.plan, self.facts, subject, vpc_endpoint, state, self.intent);
            return;
        }
        if let Contribution::Keep { hold: Some(reason), .. } = contribution {
            self.plan.holds.insert(subject.clone(), reason.clone());
        }
        end_wait(self.plan, self.facts, subject, vpc_endpoint);
    }
}

/// The endpoints that withdraw, of those that a record's claim names.
fn leaving(
    record: &RecordFacts,
    contributions: &BTreeMap<VpcEndpointId, Contribution>,
) -> Vec<VpcEndpointId> {
    let named = record.claim.iter().flat_map(|claim| claim.contributions.keys());
    named.filter(|id| contributions.get(*id) == Some(&Contribution::Withdraw)).cloned().collect()
}

#[cfg(test)]
mod tests;
