//! What the table and EC2 know of VPCs before Route 53 is asked.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{try_join_all, try_join3};

use super::clients::AccountClients;
use super::observe::Look;
use crate::claim::Claim;
use crate::error::Error;
use crate::facts::{EndpointFacts, IpAddressType, StoredEndpoint};
use crate::hold::{HoldReason, Subject};
use crate::ids::{VpcEndpointId, VpcId};
use crate::plan::contribution::{Contribution, contribution};
use crate::record::RecordKey;

/// What is known of a VPC before Route 53 is asked.
pub(super) struct KnownVpc {
    pub(super) vpc: VpcId,
    pub(super) claims: BTreeMap<RecordKey, Claim>,
    pub(super) endpoints: BTreeMap<VpcEndpointId, EndpointFacts>,
    pub(super) stored: BTreeMap<VpcEndpointId, StoredEndpoint>,
    pub(super) holds: BTreeMap<Subject, HoldReason>,
    /// What each endpoint gives, as the plan will see it.
    pub(super) contributions: BTreeMap<VpcEndpointId, Contribution>,
}

impl Look<'_> {
    /// What the table and EC2 know of some VPCs.
    pub(super) async fn known(
        &mut self,
        clients: &AccountClients,
        vpcs: &BTreeSet<VpcId>,
    ) -> Result<Vec<KnownVpc>, Error> {
        let scopes: Vec<_> = vpcs.iter().map(|vpc| format!("{vpc}/")).collect();
        let aws = self.aws;
        let (references, holds, ()) = try_join3(
            try_join_all(vpcs.iter().map(|vpc| aws.references(vpc))),
            try_join_all(scopes.iter().map(|scope| aws.holds(scope))),
            self.seen.read_interfaces(clients),
        )
        .await?;
        let claims = self.aws.claims(references.iter().flatten()).await?;
        self.remember(vpcs, &claims).await?;
        let mut known = Vec::new();
        for ((vpc, references), holds) in vpcs.iter().zip(references).zip(holds) {
            let claimed = |key: RecordKey| claims.get(&key).map(|claim| (key, claim.clone()));
            let claims: BTreeMap<_, _> = references.into_iter().filter_map(claimed).collect();
            let endpoints = self.endpoints_of(clients, vpc, &claims).await?;
            let stored = self.stored.iter().filter(|(id, _)| endpoints.contains_key(id));
            let stored: BTreeMap<_, _> = stored.map(|(id, stored)| (id.clone(), stored.clone())).collect();
            let now = self.aws.now();
            let gives = |(id, endpoint): (&VpcEndpointId, &EndpointFacts)| {
                let given = if self.policy.is_removed(&endpoint.service) {
                    Contribution::Withdraw
                } else {
                    contribution(endpoint, stored.get(id), true, now)
                };
                (id.clone(), given)
            };
            let contributions = endpoints.iter().map(gives).collect();
            known.push(KnownVpc { vpc: vpc.clone(), claims, endpoints, stored, holds, contributions });
        }
        Ok(known)
    }

    /// Reads what the table remembers of endpoints that were not named, in one go.
    async fn remember(
        &mut self,
        vpcs: &BTreeSet<VpcId>,
        claims: &BTreeMap<RecordKey, Claim>,
    ) -> Result<(), Error> {
        let here = self.seen.endpoints.values().filter(|endpoint| vpcs.contains(&endpoint.vpc));
        let here = here.map(|endpoint| &endpoint.vpc_endpoint);
        let ids = here.chain(claims.values().flat_map(|claim| claim.contributions.keys()));
        let ids = ids.filter(|id| !self.stored.contains_key(id) && !self.intent.vpc_endpoints.contains(id));
        // A claim may be of a service that nothing defines.
        let services = self.policy.services.keys().chain(claims.values().map(|claim| &claim.service));
        let services: BTreeSet<_> = services.collect();
        let more = self.aws.stored_endpoints(services.iter().copied(), ids).await?;
        self.stored.extend(more);
        Ok(())
    }

    /// The VPC's endpoints of defined services, and those that a claim or the table still knows.
    async fn endpoints_of(
        &mut self,
        clients: &AccountClients,
        vpc: &VpcId,
        claims: &BTreeMap<RecordKey, Claim>,
    ) -> Result<BTreeMap<VpcEndpointId, EndpointFacts>, Error> {
        let services = self.policy.service_names();
        let of_claims = claims.values().flat_map(|claim| {
            let of_vpc = claim.contributions.iter().filter(|(_, contribution)| contribution.vpc == *vpc);
            of_vpc.map(|(id, _)| (id.clone(), claim.service.clone()))
        });
        let of_table = self.stored.values().filter(|stored| stored.vpc == *vpc);
        let of_table = of_table.map(|stored| (stored.vpc_endpoint.clone(), stored.service.clone()));
        let expected: BTreeMap<_, _> = of_claims.chain(of_table).collect();
        for id in expected.keys() {
            self.seen.read_alone(clients, id).await?;
        }
        self.seen.read_interfaces(clients).await?;
        let mut endpoints = BTreeMap::new();
        for endpoint in self.seen.endpoints.values().filter(|endpoint| endpoint.vpc == *vpc) {
            let defined = services.get(&endpoint.service_name).cloned();
            if let Some(service) = defined.or_else(|| expected.get(&endpoint.vpc_endpoint).cloned()) {
                let facts = endpoint.facts(service, &self.seen.interfaces);
                endpoints.insert(endpoint.vpc_endpoint.clone(), facts);
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
}

/// Whether a change is likely, so that room for it is reserved with the reads: a change that found no room
/// would have to be observed again. A wrong guess costs a request's room, or one reservation more.
impl KnownVpc {
    /// Whether EC2 says something else of this VPC's endpoints than a claim does.
    pub(super) fn is_news(&self, claim: &Claim) -> bool {
        let of_service = self.contributions.iter().filter(|(id, _)| {
            self.endpoints.get(*id).is_some_and(|endpoint| endpoint.service == claim.service)
        });
        if self.is_too_many(&claim.key) {
            return false;
        }
        claim.pending.is_some()
            || of_service.into_iter().any(|(id, contribution)| {
                let claimed = claim.contributions.get(id).map(|claimed| &claimed.addresses);
                match contribution {
                    Contribution::Publish(addresses) => claimed != Some(addresses),
                    Contribution::Keep { .. } => false,
                    Contribution::Withdraw => claimed.is_some(),
                }
            })
    }

    pub(super) fn publishes(&self) -> bool {
        self.contributions.values().any(|one| matches!(one, Contribution::Publish(_)))
    }

    /// Whether a removal is held until somebody allows it.
    fn is_too_many(&self, key: &RecordKey) -> bool {
        let held = self.holds.get(&Subject::Record(self.vpc.clone(), key.clone()));
        matches!(held, Some(HoldReason::TooManyDeletes { .. }))
    }

    pub(super) fn is_held(&self, key: &RecordKey) -> bool {
        self.holds.contains_key(&Subject::Record(self.vpc.clone(), key.clone()))
    }
}
