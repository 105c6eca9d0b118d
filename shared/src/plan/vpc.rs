//! The plan for some VPCs of one account: every defined name in every zone that can hold it.

use std::collections::{BTreeMap, BTreeSet};

use super::contribution::{Contribution, contribution};
use super::endpoint::{Remember, end_wait, wait};
use super::record::{Decision, Desired, decide};
use super::{Plan, Step};
use crate::claim::{Claim, Contribution as Claimed};
use crate::facts::{Association, Facts, RecordFacts, VpcEndpointState, VpcFacts};
use crate::hold::{HoldReason, Subject};
use crate::ids::{ServiceId, VpcEndpointId, VpcId};
use crate::intent::Intent;
use crate::policy::{Adopt, OnRemove, Policy, ServiceDefinition, SharedZones, Ttl};

/// Changes that AWS refused: what had been seen, why it was refused, and from which VPC.
pub type Refused = Vec<(RecordFacts, HoldReason, VpcId)>;

/// Decides what to do in the VPCs of one account.
///
/// `refused` are the changes that AWS refused just before these facts were observed. One that would
/// meet the same record again is held: something that we cannot see stands in its way.
#[must_use]
pub fn plan(intent: &Intent, facts: &Facts, policy: &Policy, refused: &Refused) -> Plan {
    let mut plan = Plan::default();
    // A hold on an endpoint that nobody shows is judged only by an intent that names it.
    let judged = |subject: &Subject| match subject {
        Subject::UnknownEndpoint(_, vpc_endpoint) => intent.vpc_endpoints.contains(vpc_endpoint),
        _ => true,
    };
    let mut stored_holds = facts.holds.clone();
    stored_holds.retain(|subject, _| judged(subject));
    if let Some(denied) = &facts.denied {
        let subject = Subject::Account(facts.account.clone());
        plan.holds.insert(subject, HoldReason::NoAccess(denied.clone()));
    }
    for vpc in &facts.vpcs {
        stored_holds.extend(vpc.holds.clone());
        VpcPlan { intent, facts, policy, refused, vpc, plan: &mut plan }.make();
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
        // What could not be looked at stays as it is, its holds included.
        stored_holds.retain(|subject, _| matches!(subject, Subject::Account(_)));
    }
    plan.settle_holds(&stored_holds, facts.now);
    plan
}

struct VpcPlan<'a> {
    intent: &'a Intent,
    facts: &'a Facts,
    policy: &'a Policy,
    refused: &'a Refused,
    vpc: &'a VpcFacts,
    plan: &'a mut Plan,
}

impl VpcPlan<'_> {
    fn make(&mut self) {
        let contributions: BTreeMap<_, _> =
            self.vpc.endpoints.keys().map(|id| (id.clone(), self.contribution(id))).collect();
        let mut still_claimed = BTreeSet::new();
        for record in &self.vpc.records {
            still_claimed.extend(self.record(record, &contributions));
        }
        self.zones(&contributions);
        for (vpc_endpoint, contribution) in &contributions {
            self.endpoint(vpc_endpoint, contribution, !still_claimed.contains(vpc_endpoint));
        }
    }

    fn contribution(&self, id: &VpcEndpointId) -> Contribution {
        let endpoint = &self.vpc.endpoints[id];
        let definition = self.policy.services.get(&endpoint.service);
        let allowed = definition.is_some_and(|definition| definition.allows(&self.facts.account).is_some());
        contribution(endpoint, self.vpc.stored.get(id), allowed, self.facts.now)
    }

    /// Plans one record; gives the endpoints of this VPC that its claim still names afterwards.
    fn record(
        &mut self,
        record: &RecordFacts,
        contributions: &BTreeMap<VpcEndpointId, Contribution>,
    ) -> BTreeSet<VpcEndpointId> {
        let subject = Subject::Record(self.vpc.vpc.clone(), record.key.clone());
        let claim = record.claim.as_ref();
        if record.association == Association::ZoneGone {
            if let Some(claim) = claim {
                let step = Step::ReleaseClaim {
                    key: record.key.clone(),
                    expects: claim.version,
                    leaves: claim.vpcs().into_iter().chain([self.vpc.vpc.clone()]).collect(),
                };
                self.plan.push(subject, "the zone is gone: release it", vec![step]);
            }
            return BTreeSet::new();
        }
        let Some(service) = self.service_of(record, contributions) else { return BTreeSet::new() };
        let definition = self.policy.services.get(&service);
        let own = self.own(record, &service, contributions);
        if let Some(other) = self.refused_by_sharing(claim, definition)
            && !own.is_empty()
        {
            self.plan.holds.insert(subject, other);
            return BTreeSet::new();
        }
        let others = claim.filter(|claim| claim.service == service).map(|claim| self.others(claim));
        let desired = Desired {
            service: &service,
            contributions: others.into_iter().flatten().chain(own.clone()).collect(),
            ttl: definition.map_or(Ttl::default(), |definition| definition.ttl).seconds(),
            adopt: definition.map_or(Adopt::default(), |definition| definition.adopt),
            on_remove: definition.map_or(OnRemove::default(), |definition| definition.on_remove),
        };
        let decision = self.unless_refused(decide(record, &desired, &self.vpc.vpc, self.facts.now), record);
        let blocked = decision.hold.is_some() || decision.look_again.is_some();
        self.note(subject, decision);
        let named: BTreeSet<_> = if blocked {
            claim.into_iter().flat_map(|claim| claim.contributions.keys().cloned()).collect()
        } else {
            own.into_keys().collect()
        };
        named.into_iter().filter(|id| self.vpc.endpoints.contains_key(id)).collect()
    }

    /// The service that the record is to lead to. The claim's, while it has endpoints here; a name that
    /// several services define goes to the first, and the others are held.
    fn service_of(
        &mut self,
        record: &RecordFacts,
        contributions: &BTreeMap<VpcEndpointId, Contribution>,
    ) -> Option<ServiceId> {
        let defining = self.policy.services.values().filter(|definition| defines(definition, record));
        let publishing: Vec<ServiceId> = defining
            .map(|definition| definition.service.clone())
            .filter(|service| {
                self.vpc.endpoints.iter().any(|(id, endpoint)| {
                    endpoint.service == *service && matches!(contributions[id], Contribution::Publish(_))
                })
            })
            .collect();
        let claimed = record.claim.as_ref().map(|claim| claim.service.clone());
        let service = claimed.or_else(|| publishing.first().cloned())?;
        if publishing.iter().any(|other| *other != service) {
            let subject = Subject::Record(self.vpc.vpc.clone(), record.key.clone());
            self.plan.holds.insert(subject, HoldReason::NameTaken { service: service.clone() });
        }
        Some(service)
    }

    /// What this VPC's endpoints give to the record.
    fn own(
        &self,
        record: &RecordFacts,
        service: &ServiceId,
        contributions: &BTreeMap<VpcEndpointId, Contribution>,
    ) -> BTreeMap<VpcEndpointId, Claimed> {
        let defined = self.policy.services.get(service).is_some_and(|definition| defines(definition, record));
        if !defined || record.association != Association::Associated {
            return BTreeMap::new();
        }
        let mut own = BTreeMap::new();
        for (id, _) in self.vpc.endpoints.iter().filter(|(_, endpoint)| endpoint.service == *service) {
            let last = record.claim.as_ref().and_then(|claim| claim.contributions.get(id));
            let addresses = match &contributions[id] {
                Contribution::Publish(addresses) => Some(addresses.clone()),
                Contribution::Keep { .. } => last.map(|last| last.addresses.clone()),
                Contribution::Withdraw => None,
            };
            let (vpc, account) = (self.vpc.vpc.clone(), self.facts.account.clone());
            own.extend(addresses.map(|addresses| (id.clone(), Claimed { vpc, account, addresses })));
        }
        own
    }

    fn others(&self, claim: &Claim) -> BTreeMap<VpcEndpointId, Claimed> {
        let of_others = claim.contributions.iter().filter(|(_, claimed)| claimed.vpc != self.vpc.vpc);
        of_others.map(|(id, claimed)| (id.clone(), claimed.clone())).collect()
    }

    /// Whether another VPC has the zone's record to itself.
    fn refused_by_sharing(
        &self,
        claim: Option<&Claim>,
        definition: Option<&ServiceDefinition>,
    ) -> Option<HoldReason> {
        if definition?.shared_zones == SharedZones::Merge {
            return None;
        }
        let vpcs = claim?.vpcs();
        if vpcs.contains(&self.vpc.vpc) {
            return None;
        }
        vpcs.into_iter().next().map(|vpc| HoldReason::SharedZone { vpc })
    }

    fn unless_refused(&self, decision: Decision, record: &RecordFacts) -> Decision {
        let same = |before: &RecordFacts| before.key == record.key && before.seen == record.seen;
        match self.refused.iter().find(|(before, _, _)| same(before)) {
            Some((_, reason, _)) if decision.hold.is_none() => {
                Decision { hold: Some(reason.clone()), ..Decision::default() }
            }
            _ => decision,
        }
    }

    fn note(&mut self, subject: Subject, decision: Decision) {
        if let Some(reason) = decision.hold {
            self.plan.holds.insert(subject.clone(), reason);
        }
        if let Some(at) = decision.look_again {
            let earliest = self.plan.look_again.entry(self.vpc.vpc.clone()).or_insert(at);
            *earliest = at.min(*earliest);
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
                    Err(denied) => {
                        self.plan.holds.insert(subject, HoldReason::NoAccess(denied.clone()));
                    }
                    Ok(zones) if !zones.values().any(|zone| zone.name.is_zone_of(name)) => {
                        self.plan.holds.insert(subject, HoldReason::NoZone);
                    }
                    Ok(_) => {}
                }
            }
        }
    }

    fn endpoint(&mut self, vpc_endpoint: &VpcEndpointId, contribution: &Contribution, unclaimed: bool) {
        let endpoint = &self.vpc.endpoints[vpc_endpoint];
        let subject = Subject::VpcEndpoint(self.vpc.vpc.clone(), vpc_endpoint.clone());
        let remember = Remember {
            account: &self.facts.account,
            vpc: &self.vpc.vpc,
            vpc_endpoint,
            endpoint,
            contribution,
            stored: self.vpc.stored.get(vpc_endpoint),
            unclaimed,
            now: self.facts.now,
        };
        self.plan.push(subject.clone(), "it was seen so", remember.step().into_iter().collect());
        if let Contribution::Keep { wait: true, .. } = contribution {
            let state = endpoint.state.as_ref().map(VpcEndpointState::as_str);
            wait(self.plan, self.facts, subject, vpc_endpoint, state, self.intent);
            return;
        }
        if let Contribution::Keep { hold: Some(reason), .. } = contribution {
            self.plan.holds.insert(subject.clone(), reason.clone());
        }
        end_wait(self.plan, self.facts, subject, vpc_endpoint);
    }
}

fn defines(definition: &ServiceDefinition, record: &RecordFacts) -> bool {
    definition.names.iter().any(|name| *name.as_dns_name() == record.key.name)
}

#[cfg(test)]
mod tests;
