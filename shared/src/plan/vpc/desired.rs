//! What a record is to answer, seen from one VPC: whose name it is, what this VPC's endpoints give, and what
//! other VPCs that share the zone have given. Whose zone it is stands in [`super::owner`].

use std::collections::{BTreeMap, BTreeSet};

use super::contribution::Contribution;
use super::limits::fitting;
use super::record::Desired;
use super::view::View;
use crate::model::claim::{Claim, Contribution as Claimed};
use crate::model::consent::{Consent, Consented};
use crate::model::facts::{Association, RecordFacts};
use crate::model::hold::HoldReason;
use crate::model::ids::{ServiceId, VpcEndpointId};
use crate::model::policy::{Removal, ServiceDefinition};

/// What one record is to answer, and what keeps this VPC out of it.
pub(super) struct Answer<'a> {
    /// None when there is nothing to decide here: nothing is needed, or what is needed is held.
    pub(super) desired: Option<Desired<'a>>,
    /// Which endpoints of this VPC are in it.
    pub(super) own: BTreeSet<VpcEndpointId>,
    /// Whether some leave it because the zone's owner does not consent any more.
    pub(super) is_unwanted: bool,
    /// Whether this VPC has nothing in it only because another of its zones is written.
    pub(super) has_left: bool,
    pub(super) hold: Option<HoldReason>,
}

/// What this VPC's endpoints give to a record.
#[derive(Default)]
pub(super) struct Own {
    pub(super) contributions: BTreeMap<VpcEndpointId, Claimed>,
    /// Those of them that only the claim remembers.
    pub(super) remembered: BTreeSet<VpcEndpointId>,
    /// Whether some are left out because the zone's owner does not consent any more.
    pub(super) is_unwanted: bool,
}

impl Answer<'_> {
    fn nothing(hold: Option<HoldReason>) -> Self {
        Self { desired: None, own: BTreeSet::new(), is_unwanted: false, has_left: false, hold }
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
        let own = if removed { Own::default() } else { self.own(record, definition) };
        let has_left = self.has_left(record, definition) && !own.contributions.is_empty();
        let (mut own, unwanted) = self.consented(record, if has_left { Own::default() } else { own });
        let shared = self.refused_by_sharing(record, definition, &own.contributions);
        if shared.is_some() {
            // Those that are in the record from before leave it.
            own = Own::default();
        }
        let Own { contributions: own, remembered, is_unwanted } = own;
        let hold = unwanted.or(shared).or(taken);
        let of_others =
            |claim: &Claim| !claim.contributions.is_empty() && !claim.vpcs().contains(&self.vpc.vpc);
        if own.is_empty() && claim.is_none_or(of_others) {
            // Nothing here needs it, and nothing here is named in it.
            return Answer::nothing(hold);
        }
        // A removed definition leaves nothing to any VPC.
        let others = claim.filter(|claim| claim.service == service && !removed);
        let others = others.map(|claim| self.others(record, claim, definition, &own)).unwrap_or_default();
        let (own, full) = fitting(own, &others, claim);
        let hold = hold.or(full);
        let named = own.keys().cloned().collect();
        let desired = Desired {
            service: &definition.service,
            contributions: others.into_iter().chain(own).collect(),
            remembered,
            ttl: definition.ttl.seconds(),
            adopt: definition.adopt,
            on_remove: definition.on_remove,
            keeps_records: definition.removed == Some(Removal::KeepRecords),
        };
        Answer { desired: Some(desired), own: named, is_unwanted, has_left, hold }
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
    fn own(&self, record: &RecordFacts, definition: &ServiceDefinition) -> Own {
        let mut own = Own::default();
        if !defines(definition, record) || record.association != Association::Associated {
            return own;
        }
        let claimed = record.claim.iter().flat_map(|claim| &claim.contributions);
        for (id, last) in claimed.filter(|(_, last)| last.vpc == self.vpc.vpc) {
            let keeps = match self.contributions.get(id) {
                Some(Contribution::Keep { .. }) => self.vpc.endpoints[id].service == definition.service,
                Some(Contribution::Publish(_) | Contribution::Withdraw) => false,
                // It was not asked for, because the claim was written in between.
                None => true,
            };
            if keeps {
                own.remembered.insert(id.clone());
                own.contributions.insert(id.clone(), last.clone());
            }
        }
        let consent = (record.consent == Consent::Given).then(Consented::default);
        for (id, _) in self.vpc.endpoints.iter().filter(|(_, e)| e.service == definition.service) {
            if let Contribution::Publish(addresses) = &self.contributions[id] {
                let (vpc, account) = (self.vpc.vpc.clone(), self.facts.account.clone());
                let given = Claimed { vpc, account, addresses: addresses.clone(), consent: consent.clone() };
                own.contributions.insert(id.clone(), given);
            }
        }
        own
    }
}

fn defines(definition: &ServiceDefinition, record: &RecordFacts) -> bool {
    definition.names.iter().any(|name| *name.as_dns_name() == record.key.name)
}
