//! What a record is to answer, seen from one VPC: whose name it is, what this VPC's endpoints give, and what
//! other VPCs that share the zone have given.

use std::collections::{BTreeMap, BTreeSet};

use super::contribution::Contribution;
use super::record::Desired;
use super::view::View;
use crate::model::claim::{Claim, Contribution as Claimed};
use crate::model::facts::{Association, RecordFacts};
use crate::model::hold::HoldReason;
use crate::model::ids::{ServiceId, VpcEndpointId};
use crate::model::policy::{Removal, ServiceDefinition, SharedZones};

/// What one record is to answer, and what keeps this VPC out of it.
pub(super) struct Answer<'a> {
    /// None when there is nothing to decide here: nothing is needed, or what is needed is held.
    pub(super) desired: Option<Desired<'a>>,
    /// Which endpoints of this VPC are in it.
    pub(super) own: BTreeSet<VpcEndpointId>,
    pub(super) hold: Option<HoldReason>,
}

impl Answer<'_> {
    fn nothing(hold: Option<HoldReason>) -> Self {
        Self { desired: None, own: BTreeSet::new(), hold }
    }
}

impl<'a> View<'a> {
    /// What a record is to answer.
    pub(super) fn answer(&self, record: &RecordFacts) -> Answer<'a> {
        let claim = record.claim.as_ref();
        let (service, taken) = self.service_of(record);
        let Some(service) = service else { return Answer::nothing(None) };
        let Some(definition) = self.policy.services.get(&service) else {
            // A definition that is missing or cannot be read is no order to remove anything.
            return Answer::nothing(Some(HoldReason::NotDefined { service }));
        };
        let removed = definition.removed.is_some();
        let mut own = if removed { BTreeMap::new() } else { self.own(record, definition) };
        let shared = self.refused_by_sharing(claim, definition, &own);
        if shared.is_some() {
            // Those that are in the record from before leave it.
            own.clear();
        }
        let hold = shared.or(taken);
        let of_others =
            |claim: &Claim| !claim.contributions.is_empty() && !claim.vpcs().contains(&self.vpc.vpc);
        if own.is_empty() && claim.is_none_or(of_others) {
            // Nothing here needs it, and nothing here is named in it.
            return Answer::nothing(hold);
        }
        // A removed definition leaves nothing to any VPC.
        let others =
            claim.filter(|claim| claim.service == service && !removed).map(|claim| self.others(claim));
        let named = own.keys().cloned().collect();
        let desired = Desired {
            service: &definition.service,
            contributions: others.into_iter().flatten().chain(own).collect(),
            ttl: definition.ttl.seconds(),
            adopt: definition.adopt,
            on_remove: definition.on_remove,
            keeps_records: definition.removed == Some(Removal::KeepRecords),
        };
        Answer { desired: Some(desired), own: named, hold }
    }

    /// The service that the record is to lead to: the claim's while there is a claim, else the first one
    /// that defines the name and publishes. Others that do are held.
    fn service_of(&self, record: &RecordFacts) -> (Option<ServiceId>, Option<HoldReason>) {
        let defining = self.policy.services.values().filter(|definition| defines(definition, record));
        let publishing: Vec<ServiceId> = defining
            .map(|definition| definition.service.clone())
            .filter(|service| {
                self.vpc.endpoints.iter().any(|(id, endpoint)| {
                    endpoint.service == *service && matches!(self.contributions[id], Contribution::Publish(_))
                })
            })
            .collect();
        // What a person has taken back is nobody's: it is held for whoever needs it.
        let claimed = record.claim.as_ref().filter(|claim| claim.released.is_none());
        let claimed = claimed.map(|claim| claim.service.clone());
        let Some(service) = claimed.or_else(|| publishing.first().cloned()) else { return (None, None) };
        let others = publishing.iter().any(|other| *other != service);
        let taken = others.then(|| HoldReason::NameTaken { service: service.clone() });
        (Some(service), taken)
    }

    /// What this VPC's endpoints give to the record.
    fn own(&self, record: &RecordFacts, definition: &ServiceDefinition) -> BTreeMap<VpcEndpointId, Claimed> {
        if !defines(definition, record) || record.association != Association::Associated {
            return BTreeMap::new();
        }
        // An endpoint that a claim names and that was not asked for, because the claim was written in between.
        let unseen = |(id, last): &(&VpcEndpointId, &Claimed)| {
            last.vpc == self.vpc.vpc && !self.vpc.endpoints.contains_key(*id)
        };
        let claimed = record.claim.iter().flat_map(|claim| &claim.contributions).filter(unseen);
        let mut own: BTreeMap<_, _> = claimed.map(|(id, last)| (id.clone(), last.clone())).collect();
        for (id, _) in self.vpc.endpoints.iter().filter(|(_, e)| e.service == definition.service) {
            let last = record.claim.as_ref().and_then(|claim| claim.contributions.get(id));
            let addresses = match &self.contributions[id] {
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
        let of_others = claim
            .contributions
            .iter()
            .filter(|(_, claimed)| claimed.vpc != self.vpc.vpc && !claimed.addresses.is_empty());
        of_others.map(|(id, claimed)| (id.clone(), claimed.clone())).collect()
    }

    /// Whether another VPC has the zone's record to itself. One whose endpoints have all left the record comes
    /// after those that are in it, though new endpoints stand in their place.
    fn refused_by_sharing(
        &self,
        claim: Option<&Claim>,
        definition: &ServiceDefinition,
        own: &BTreeMap<VpcEndpointId, Claimed>,
    ) -> Option<HoldReason> {
        let gives = own.values().any(|claimed| !claimed.addresses.is_empty());
        if definition.shared_zones == SharedZones::Merge || !gives {
            return None;
        }
        let giving = claim?.contributions.iter().filter(|(_, claimed)| !claimed.addresses.is_empty());
        let (ours, others): (Vec<_>, Vec<_>) = giving.partition(|(_, claimed)| claimed.vpc == self.vpc.vpc);
        if ours.iter().any(|(id, _)| own.contains_key(*id)) {
            return None;
        }
        let first = others.into_iter().map(|(_, claimed)| &claimed.vpc).min();
        first.map(|vpc| HoldReason::SharedZone { vpc: vpc.clone() })
    }
}

fn defines(definition: &ServiceDefinition, record: &RecordFacts) -> bool {
    definition.names.iter().any(|name| *name.as_dns_name() == record.key.name)
}
