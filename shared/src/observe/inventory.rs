//! What the table and EC2 say of VPCs, before Route 53 is asked.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{try_join_all, try_join3};

use super::observer::AccountObserver;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::model::claim::Claim;
use crate::model::dns::DnsName;
use crate::model::facts::{EndpointFacts, IpAddressType, StoredEndpoint, VpcEndpointState, Zones};
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::{ServiceId, VpcEndpointId, VpcId};
use crate::model::policy::{Policy, WriteTo, ZoneChoice};
use crate::model::record::RecordKey;
use crate::model::zone::is_passed_over;
use crate::model::zone_claim::{ZoneClaim, ZoneState};

/// What the table and EC2 say of one VPC.
pub(super) struct VpcInventory {
    pub(super) vpc: VpcId,
    pub(super) claims: BTreeMap<RecordKey, Claim>,
    pub(super) zone_claims: Vec<ZoneClaim>,
    pub(super) endpoints: BTreeMap<VpcEndpointId, EndpointFacts>,
    pub(super) stored: BTreeMap<VpcEndpointId, StoredEndpoint>,
    pub(super) holds: BTreeMap<Subject, HoldReason>,
}

impl VpcInventory {
    /// Whether the VPC's zones are listed. Only what is available publishes anew; for the rest the claims say
    /// which zones matter, and a VPC that is gone has no list. Of a zone that may be on its way only the list tells.
    pub(super) fn lists_zones(&self, policy: &Policy) -> bool {
        let is_on_its_way = |claim: &ZoneClaim| claim.zone().is_none();
        self.zone_claims.iter().any(is_on_its_way) || self.publishes(policy)
    }

    /// Whether an endpoint is available.
    pub(super) fn publishes(&self, policy: &Policy) -> bool {
        self.endpoints.values().any(|endpoint| may_publish(endpoint, policy))
    }

    /// Whether Route 53 has anything to say of it.
    pub(super) fn asks_route53(&self, policy: &Policy) -> bool {
        let is_asked_for = |claim: &ZoneClaim| self.may_go(claim, policy);
        self.lists_zones(policy) || !self.claims.is_empty() || self.zone_claims.iter().any(is_asked_for)
    }

    /// Whether the zone of a claim is on its way out, or may have to go, as far as this can be told: no record of the
    /// VPC is claimed in it, no endpoint is there or comes that needs it, and the definitions say that it then goes.
    pub(super) fn may_go(&self, claim: &ZoneClaim, policy: &Policy) -> bool {
        let zone = match &claim.state {
            ZoneState::Making { .. } => return false,
            ZoneState::Removing { .. } => return true,
            ZoneState::Made { zone } => zone,
        };
        let names = policy.names_within(&claim.domain);
        let has_name = |service: &ServiceId| {
            let definition = policy.services.get(service);
            definition.is_some_and(|one| one.names.iter().any(|name| names.contains(name.as_dns_name())))
        };
        let needs = |endpoint: &EndpointFacts| {
            let is_gone = endpoint.state.as_ref().is_none_or(VpcEndpointState::is_going);
            !is_gone && !policy.is_removed(&endpoint.service) && has_name(&endpoint.service)
        };
        policy.deletes_unneeded(&claim.service, &claim.domain)
            && !self.claims.keys().any(|key| key.zone == *zone)
            && !self.endpoints.values().any(needs)
    }

    /// Whether some endpoint is on its way out of its records, or some record out of its zone, as far as this can be
    /// told.
    pub(super) fn may_leave(&self, policy: &Policy, zones: Option<&Zones>) -> bool {
        let goes = |endpoint| !may_publish(endpoint, policy);
        let written = |claim: &Claim| policy.services.get(&claim.service).map(|definition| definition.write);
        let has_left = |claim: &Claim| {
            let zones = zones.filter(|_| written(claim) == Some(WriteTo::Answering));
            zones.is_some_and(|zones| is_passed_over(zones, &claim.key))
        };
        !self.claims.is_empty() && self.endpoints.values().any(goes) || self.claims.values().any(has_left)
    }

    /// The names of the services that have endpoints here.
    pub(super) fn names(&self, policy: &Policy) -> BTreeSet<DnsName> {
        names_of(policy, self.endpoints.values().filter(|endpoint| !policy.is_removed(&endpoint.service)))
    }

    /// The names for which a zone is made where none can hold them.
    pub(super) fn creating_names(&self, policy: &Policy) -> BTreeSet<DnsName> {
        let creates = |endpoint: &&EndpointFacts| {
            let definition = policy.services.get(&endpoint.service);
            definition.is_some_and(|one| one.zones == ZoneChoice::Create) && may_publish(endpoint, policy)
        };
        names_of(policy, self.endpoints.values().filter(creates))
    }

    /// The names of the services that have an available endpoint here.
    pub(super) fn published_names(&self, policy: &Policy) -> BTreeSet<DnsName> {
        names_of(policy, self.endpoints.values().filter(|endpoint| may_publish(endpoint, policy)))
    }
}

fn names_of<'a>(policy: &Policy, endpoints: impl Iterator<Item = &'a EndpointFacts>) -> BTreeSet<DnsName> {
    let services: BTreeSet<_> = endpoints.map(|endpoint| &endpoint.service).collect();
    let definitions = services.into_iter().filter_map(|service| policy.services.get(service));
    definitions.flat_map(|definition| &definition.names).map(|name| name.as_dns_name().clone()).collect()
}

fn may_publish(endpoint: &EndpointFacts, policy: &Policy) -> bool {
    endpoint.state == Some(VpcEndpointState::Available) && !policy.is_removed(&endpoint.service)
}

impl<C: Cloud> AccountObserver<'_, C> {
    /// What the table and EC2 say of some VPCs.
    pub(super) async fn inventories(&mut self, vpcs: &BTreeSet<VpcId>) -> Result<Vec<VpcInventory>, Error> {
        let scopes: Vec<_> = vpcs.iter().map(|vpc| format!("{vpc}/")).collect();
        let worker = self.worker;
        let (references, holds, ()) = try_join3(
            try_join_all(vpcs.iter().map(|vpc| worker.references(vpc))),
            try_join_all(scopes.iter().map(|scope| worker.holds(scope))),
            self.ec2.read_interfaces(worker, &self.intent.account),
        )
        .await?;
        let claims = worker.claims(references.iter().flat_map(|all| &all.records)).await?;
        self.read_stored(vpcs, &claims).await?;
        let mut inventories = Vec::new();
        for ((vpc, references), holds) in vpcs.iter().zip(references).zip(holds) {
            let claimed = |key: RecordKey| claims.get(&key).map(|claim| (key, claim.clone()));
            let claims: BTreeMap<_, _> = references.records.into_iter().filter_map(claimed).collect();
            let zone_claims = references.zones;
            let endpoints = self.endpoints_of(vpc, &claims).await?;
            let stored = self.stored.iter().filter(|(id, _)| endpoints.contains_key(id));
            let stored = stored.map(|(id, stored)| (id.clone(), stored.clone())).collect();
            inventories.push(VpcInventory {
                vpc: vpc.clone(),
                claims,
                zone_claims,
                endpoints,
                stored,
                holds,
            });
        }
        Ok(inventories)
    }

    /// Reads what the table remembers of endpoints that were not named, in one go.
    async fn read_stored(
        &mut self,
        vpcs: &BTreeSet<VpcId>,
        claims: &BTreeMap<RecordKey, Claim>,
    ) -> Result<(), Error> {
        let here = self.ec2.endpoints.values().filter(|endpoint| vpcs.contains(&endpoint.vpc));
        let here = here.map(|endpoint| &endpoint.vpc_endpoint);
        let ids = here.chain(claims.values().flat_map(|claim| claim.contributions.keys()));
        let ids = ids.filter(|id| !self.stored.contains_key(id) && !self.intent.vpc_endpoints.contains(id));
        // A claim may be of a service that nothing defines.
        let services = self.policy.services.keys().chain(claims.values().map(|claim| &claim.service));
        let services: BTreeSet<_> = services.collect();
        let more = self.worker.stored_endpoints(services.iter().copied(), ids).await?;
        self.stored.extend(more);
        Ok(())
    }

    /// The VPC's endpoints of defined services, and those that a claim or the table still knows.
    async fn endpoints_of(
        &mut self,
        vpc: &VpcId,
        claims: &BTreeMap<RecordKey, Claim>,
    ) -> Result<BTreeMap<VpcEndpointId, EndpointFacts>, Error> {
        let expected = self.expected(vpc, claims);
        // A closed account is not asked.
        for id in expected.keys().filter(|_| self.closed.is_none()) {
            self.ec2.read_alone(self.worker, &self.intent.account, id).await?;
        }
        self.ec2.read_interfaces(self.worker, &self.intent.account).await?;
        let services = self.policy.service_names();
        let mut endpoints = BTreeMap::new();
        for endpoint in self.ec2.endpoints.values().filter(|endpoint| endpoint.vpc == *vpc) {
            let defined = services.get(&endpoint.service_name).cloned();
            if let Some(service) = defined.or_else(|| expected.get(&endpoint.vpc_endpoint).cloned()) {
                endpoints.insert(endpoint.vpc_endpoint.clone(), self.ec2.facts(endpoint, service));
            }
        }
        for (id, service) in expected {
            endpoints.entry(id).or_insert_with(|| EndpointFacts {
                service,
                state: None,
                ip_address_type: IpAddressType::default(),
                subnets: BTreeSet::new(),
                interfaces: BTreeMap::new(),
            });
        }
        Ok(endpoints)
    }

    /// The endpoints that claims and the table know in a VPC, each with its service.
    fn expected(
        &self,
        vpc: &VpcId,
        claims: &BTreeMap<RecordKey, Claim>,
    ) -> BTreeMap<VpcEndpointId, ServiceId> {
        let of_claims = claims.values().flat_map(|claim| {
            let of_vpc = claim.contributions.iter().filter(|(_, contribution)| contribution.vpc == *vpc);
            of_vpc.map(|(id, _)| (id.clone(), claim.service.clone()))
        });
        let of_table = self.stored.values().filter(|stored| stored.vpc == *vpc);
        let of_table = of_table.map(|stored| (stored.vpc_endpoint.clone(), stored.service.clone()));
        of_claims.chain(of_table).collect()
    }
}
