//! Observing VPCs: their endpoints, zones, record sets and claims.

use std::collections::{BTreeMap, BTreeSet};

use super::clients::{AccountClients, Aws, or_denied};
use super::ec2::SeenEndpoint;
use crate::claim::Claim;
use crate::dns::DnsName;
use crate::error::Error;
use crate::facts::{
    Association, Denied, EndpointFacts, Facts, IpAddressType, PrivateHostedZone, RecordFacts, StoredEndpoint,
    VpcEndpointState, VpcFacts,
};
use crate::ids::{AccountId, HostedZoneId, NetworkInterfaceId, VpcEndpointId, VpcId};
use crate::intent::Intent;
use crate::plan::vpc::VPCS_AT_ONCE;
use crate::policy::Policy;
use crate::rate::{Priority, delay_seconds};
use crate::record::{RecordKey, SeenRecords};

/// Reads everything that the plan for `intent` needs.
///
/// What is refused for want of permission becomes a fact.
///
/// # Errors
/// When a read fails for any other reason: then nothing is known, and nothing may be decided.
pub async fn observe(aws: &Aws, policy: &Policy, intent: &Intent) -> Result<Facts, Error> {
    let mut facts = Facts {
        account: intent.account.clone(),
        now: aws.now(),
        denied: None,
        holds: aws.holds(&format!("{}/", intent.account)).await?,
        vpcs: Vec::new(),
        rest: BTreeSet::new(),
        rest_after: 0,
        unknown: BTreeSet::new(),
        waits: BTreeMap::new(),
    };
    let stored = aws.stored_endpoints(policy.services.keys(), intent.vpc_endpoints.iter()).await?;
    let clients = match or_denied(&intent.account, aws.of(&intent.account).await)? {
        Ok(clients) => clients,
        Err(denied) => {
            facts.denied = Some(denied);
            return Ok(facts);
        }
    };
    let mut observation = Observation {
        aws,
        policy,
        clients,
        stored,
        endpoints: BTreeMap::new(),
        priority: intent.priority,
        absent: BTreeSet::new(),
    };
    match or_denied(&intent.account, observation.fill(intent, &mut facts).await)? {
        Ok(()) => {}
        Err(denied) => {
            aws.forget(&intent.account).await;
            facts.denied = Some(denied);
            facts.vpcs.clear();
            facts.rest.clear();
            facts.unknown.clear();
        }
    }
    Ok(facts)
}

struct Observation<'a> {
    aws: &'a Aws,
    policy: &'a Policy,
    clients: AccountClients,
    stored: BTreeMap<VpcEndpointId, StoredEndpoint>,
    endpoints: BTreeMap<VpcEndpointId, SeenEndpoint>,
    priority: Priority,
    /// Asked for alone, and not found.
    absent: BTreeSet<VpcEndpointId>,
}

impl Observation<'_> {
    async fn fill(&mut self, intent: &Intent, facts: &mut Facts) -> Result<(), Error> {
        let foreign = self.read_named(intent).await?;
        let mut vpcs = self.vpcs(intent, &foreign);
        facts.rest = vpcs.iter().skip(VPCS_AT_ONCE).cloned().collect();
        vpcs.retain(|vpc| !facts.rest.contains(vpc));
        self.read_vpcs(&vpcs).await?;
        for vpc in &vpcs {
            match self.aws.room_after(self.observe_vpc(vpc).await).await? {
                Ok(vpc_facts) => facts.vpcs.push(vpc_facts),
                Err(wait) => {
                    // What was observed so far is seen through; the rest comes back when there is room.
                    facts.rest.extend(vpcs.range(vpc..).cloned());
                    facts.rest_after = delay_seconds(wait, facts.now);
                    break;
                }
            }
        }
        let remembered = |id| self.stored.get(id).is_some_and(|stored| stored.account == intent.account);
        let placed = |id| self.endpoints.contains_key(id) || remembered(id) || foreign.contains(id);
        facts.unknown = intent.vpc_endpoints.iter().filter(|id| !placed(id)).cloned().collect();
        let known = facts.vpcs.iter().flat_map(|vpc| vpc.endpoints.keys());
        let waits = self.aws.waits(known.chain(&facts.unknown)).await?;
        facts.waits = waits;
        Ok(())
    }

    /// Finds the named endpoints, one that a batch does not show alone. Gives those of other services.
    async fn read_named(&mut self, intent: &Intent) -> Result<BTreeSet<VpcEndpointId>, Error> {
        if intent.vpc_endpoints.is_empty() {
            return Ok(BTreeSet::new());
        }
        // As a filter: among ids, one that is unknown would fail the whole call.
        let ids = intent.vpc_endpoints.iter().map(ToString::to_string).collect();
        for endpoint in self.clients.vpc_endpoints(&[("vpc-endpoint-id", ids)]).await? {
            self.endpoints.insert(endpoint.vpc_endpoint.clone(), endpoint);
        }
        for id in &intent.vpc_endpoints {
            self.read_alone(id).await?;
        }
        let services = self.policy.service_names();
        let foreign = self.endpoints.values().filter(|found| !services.contains_key(&found.service_name));
        let foreign: BTreeSet<_> = foreign.map(|found| found.vpc_endpoint.clone()).collect();
        self.endpoints.retain(|id, _| !foreign.contains(id));
        Ok(foreign)
    }

    /// Asks for one endpoint by its id, unless it was found or asked for already.
    async fn read_alone(&mut self, id: &VpcEndpointId) -> Result<(), Error> {
        if self.endpoints.contains_key(id) || self.absent.contains(id) {
            return Ok(());
        }
        match self.clients.vpc_endpoint(id).await? {
            Some(found) => _ = self.endpoints.insert(id.clone(), found),
            None => _ = self.absent.insert(id.clone()),
        }
        Ok(())
    }

    fn vpcs(&self, intent: &Intent, foreign: &BTreeSet<VpcEndpointId>) -> BTreeSet<VpcId> {
        let found = self.endpoints.values().map(|endpoint| endpoint.vpc.clone());
        let own = |stored: &&StoredEndpoint| {
            stored.account == intent.account && !foreign.contains(&stored.vpc_endpoint)
        };
        let remembered = self.stored.values().filter(own).map(|stored| stored.vpc.clone());
        found.chain(remembered).chain(intent.vpcs.iter().cloned()).collect()
    }

    /// Finds the other endpoints of defined services in these VPCs.
    async fn read_vpcs(&mut self, vpcs: &BTreeSet<VpcId>) -> Result<(), Error> {
        let services = self.policy.service_names();
        if vpcs.is_empty() || services.is_empty() {
            return Ok(());
        }
        let vpcs = vpcs.iter().map(ToString::to_string).collect();
        let names = services.into_keys().collect();
        for endpoint in self.clients.vpc_endpoints(&[("vpc-id", vpcs), ("service-name", names)]).await? {
            self.endpoints.insert(endpoint.vpc_endpoint.clone(), endpoint);
        }
        Ok(())
    }

    async fn observe_vpc(&mut self, vpc: &VpcId) -> Result<VpcFacts, Error> {
        let references = self.aws.references(vpc).await?;
        let claims = self.aws.claims(references.iter()).await?;
        let endpoints = self.endpoints_of(vpc, &claims).await?;
        let stored = self.stored.iter().filter(|(id, _)| endpoints.contains_key(id));
        let stored = stored.map(|(id, stored)| (id.clone(), stored.clone())).collect();
        let names = self.names(&endpoints);
        // Only what is available publishes anew; for the rest the claims say which zones matter, and a VPC
        // that is gone has no list.
        let may_publish = |e: &EndpointFacts| e.state == Some(VpcEndpointState::Available);
        let lists_zones = endpoints.values().any(may_publish);
        // One list, and one read for each name that is claimed or defined. More zones are paid for below.
        let expected = if lists_zones { 1 + names.len().max(claims.len()) } else { claims.len() };
        self.reserve(&self.clients.account, expected).await?;
        let zones = if lists_zones {
            let zones = self.clients.zones_of_vpc(vpc, &self.policy.region).await;
            Some(or_denied(&self.clients.account, zones)?)
        } else {
            None
        };
        let complete = zones.as_ref().and_then(|zones| zones.as_ref().ok());
        let has_claims = !claims.is_empty();
        let mut records =
            self.records(vpc, &names, complete, claims, expected - usize::from(lists_zones)).await?;
        // Only what leaves a record can make room for those that are held on it.
        let stays = |e: &EndpointFacts| e.state == Some(VpcEndpointState::Available);
        if has_claims && !endpoints.values().all(stays) {
            let mut waiting = self.aws.waiting().await?;
            for record in &mut records {
                record.waiting = waiting.remove(&record.key).unwrap_or_default();
            }
        }
        let holds = self.aws.holds(&format!("{vpc}/")).await?;
        Ok(VpcFacts { vpc: vpc.clone(), endpoints, stored, zones, records, holds })
    }

    /// The VPC's endpoints of defined services, and those that a claim or the table still knows.
    async fn endpoints_of(
        &mut self,
        vpc: &VpcId,
        claims: &BTreeMap<RecordKey, Claim>,
    ) -> Result<BTreeMap<VpcEndpointId, EndpointFacts>, Error> {
        let services = self.policy.service_names();
        let claimed = claims.values().flat_map(|claim| {
            let of_vpc = claim.contributions.iter().filter(|(_, contribution)| contribution.vpc == *vpc);
            of_vpc.map(|(id, _)| (id.clone(), claim.service.clone()))
        });
        let mut known: BTreeMap<_, _> = claimed.collect();
        for stored in self.stored.values().filter(|stored| stored.vpc == *vpc) {
            known.insert(stored.vpc_endpoint.clone(), stored.service.clone());
        }
        for id in known.keys() {
            self.read_alone(id).await?;
        }
        let here = self.endpoints.values().filter(|endpoint| endpoint.vpc == *vpc);
        let here: Vec<SeenEndpoint> = here.cloned().collect();
        let ids =
            here.iter().map(|endpoint| &endpoint.vpc_endpoint).filter(|id| !self.stored.contains_key(id));
        let more = self.aws.stored_endpoints(self.policy.services.keys(), ids.chain(known.keys())).await?;
        self.stored.extend(more);

        let available = here.iter().filter(|endpoint| endpoint.state == VpcEndpointState::Available);
        let ids: BTreeSet<NetworkInterfaceId> = available.flat_map(|e| e.interfaces.clone()).collect();
        let interfaces = self.clients.network_interfaces(&ids.into_iter().collect::<Vec<_>>()).await?;
        let mut endpoints = BTreeMap::new();
        for endpoint in here {
            let defined = services.get(&endpoint.service_name).cloned();
            if let Some(service) = defined.or_else(|| known.get(&endpoint.vpc_endpoint).cloned()) {
                endpoints.insert(endpoint.vpc_endpoint.clone(), endpoint.facts(service, &interfaces));
            }
        }
        for (id, service) in known {
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

    /// Each defined name in each zone that can hold it, and each further name on which the VPC has a claim.
    async fn records(
        &self,
        vpc: &VpcId,
        names: &BTreeSet<DnsName>,
        zones: Option<&BTreeMap<HostedZoneId, PrivateHostedZone>>,
        claims: BTreeMap<RecordKey, Claim>,
        reserved: usize,
    ) -> Result<Vec<RecordFacts>, Error> {
        let mut wanted: BTreeMap<RecordKey, AccountId> =
            claims.values().map(|claim| (claim.key.clone(), claim.zone_account.clone())).collect();
        for (id, zone) in zones.into_iter().flatten() {
            for name in names.iter().filter(|name| zone.name.is_zone_of(name)) {
                let key = RecordKey { zone: id.clone(), name: (*name).clone() };
                wanted.insert(key, zone.account.clone());
            }
        }
        let missing = |key: &RecordKey| zones.is_some_and(|zones| !zones.contains_key(&key.zone));
        let mut requests: BTreeMap<&AccountId, usize> = BTreeMap::new();
        for (key, account) in &wanted {
            *requests.entry(account).or_default() += 1 + usize::from(missing(key));
        }
        for (account, requests) in requests {
            let reserved = if *account == self.clients.account { reserved } else { 0 };
            self.reserve(account, requests.saturating_sub(reserved)).await?;
        }
        let mut records = Vec::new();
        for (key, zone_account) in wanted {
            let missing = missing(&key);
            let (association, seen) = self.read_record(vpc, &key, &zone_account, missing).await?;
            let claim = claims.get(&key).cloned();
            let waiting = BTreeMap::new();
            records.push(RecordFacts { key, zone_account, association, seen, claim, waiting });
        }
        // After the record sets: one that another worker has just written does not look foreign. Where a
        // claim turns up, the record sets are read again: a claim speaks of what is seen after it.
        let unclaimed = records.iter().filter(|record| record.claim.is_none()).map(|record| &record.key);
        let mut others = self.aws.claims(unclaimed).await?;
        for record in &mut records {
            if let Some(claim) = others.remove(&record.key) {
                let missing = zones.is_some_and(|zones| !zones.contains_key(&record.key.zone));
                let read = self.read_record(vpc, &record.key, &record.zone_account, missing).await?;
                (record.association, record.seen) = read;
                record.claim = Some(claim);
            }
        }
        Ok(records)
    }

    async fn reserve(&self, account: &AccountId, requests: usize) -> Result<(), Error> {
        let requests = u32::try_from(requests).unwrap_or(u32::MAX);
        if requests == 0 { Ok(()) } else { self.aws.reserve(account, requests, self.priority).await }
    }

    /// The names of the services that have endpoints here.
    fn names(&self, endpoints: &BTreeMap<VpcEndpointId, EndpointFacts>) -> BTreeSet<DnsName> {
        let services: BTreeSet<_> = endpoints.values().map(|endpoint| &endpoint.service).collect();
        let definitions = services.into_iter().filter_map(|service| self.policy.services.get(service));
        definitions.flat_map(|definition| &definition.names).map(|name| name.as_dns_name().clone()).collect()
    }

    /// What stands at a name, read with the rights of the zone's account. A zone that is missing from the
    /// VPC's list is asked itself whether it still answers the VPC.
    async fn read_record(
        &self,
        vpc: &VpcId,
        key: &RecordKey,
        account: &AccountId,
        missing: bool,
    ) -> Result<(Association, Result<SeenRecords, Denied>), Error> {
        let read = async {
            let clients = self.aws.of(account).await?;
            let association =
                if missing { clients.association(&key.zone, vpc).await? } else { Association::Associated };
            let seen = match association {
                Association::ZoneGone => None,
                _ => clients.record_sets(key).await?,
            };
            Ok(seen.map_or((Association::ZoneGone, SeenRecords::default()), |seen| (association, seen)))
        };
        Ok(match or_denied(account, read.await)? {
            Ok((association, seen)) => (association, Ok(seen)),
            Err(denied) => (Association::Associated, Err(denied)),
        })
    }
}
