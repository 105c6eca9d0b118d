//! Observing VPCs, call by call in the order of `aws/observe.rs`.

use std::collections::{BTreeMap, BTreeSet};

use shared::claim::Claim;
use shared::dns::DnsName;
use shared::facts::{
    Association, Denied, EndpointFacts, Facts, InterfaceFacts, IpAddressType, PrivateHostedZone, RecordFacts,
    StoredEndpoint, VpcEndpointState, VpcFacts,
};
use shared::ids::{AccountId, HostedZoneId, NetworkInterfaceId, ServiceId, VpcEndpointId, VpcId};
use shared::intent::Intent;
use shared::policy::Policy;
use shared::record::{RecordKey, SeenRecords};

use super::api::{Api, Fail};
use super::ec2::SeenEndpoint;
use super::reads::or_denied;

pub(crate) async fn observe(api: &Api, policy: &Policy, intent: &Intent) -> Result<Facts, Fail> {
    let now = api.now();
    let mut facts = Facts {
        account: intent.account.clone(),
        now,
        denied: None,
        holds: api.holds(&format!("{}/", intent.account)).await?,
        vpcs: Vec::new(),
        rest: BTreeSet::new(),
        rest_after: 0,
        unknown: BTreeSet::new(),
        waits: BTreeMap::new(),
        interfaces_read: false,
    };
    let services: Vec<ServiceId> = policy.services.keys().cloned().collect();
    let stored = api.stored_endpoints(&services, intent.vpc_endpoints.clone()).await?;
    if let Err(denied) = or_denied(&intent.account, api.of(&intent.account).await)? {
        facts.denied = Some(denied);
        return Ok(facts);
    }
    let account = intent.account.clone();
    let mut observation = Observation {
        api,
        policy,
        services,
        account,
        stored,
        endpoints: BTreeMap::new(),
        absent: BTreeSet::new(),
        interfaces: BTreeMap::new(),
        asked: BTreeSet::new(),
    };
    match or_denied(&intent.account, observation.fill(intent, &mut facts).await)? {
        Ok(()) => {}
        Err(denied) => {
            api.assumed.borrow_mut().remove(&intent.account);
            facts.denied = Some(denied);
            facts.vpcs.clear();
            facts.rest.clear();
            facts.unknown.clear();
        }
    }
    Ok(facts)
}

struct Observation<'a> {
    api: &'a Api,
    policy: &'a Policy,
    services: Vec<ServiceId>,
    account: AccountId,
    stored: BTreeMap<VpcEndpointId, StoredEndpoint>,
    endpoints: BTreeMap<VpcEndpointId, SeenEndpoint>,
    absent: BTreeSet<VpcEndpointId>,
    interfaces: BTreeMap<NetworkInterfaceId, InterfaceFacts>,
    asked: BTreeSet<NetworkInterfaceId>,
}

impl Observation<'_> {
    async fn fill(&mut self, intent: &Intent, facts: &mut Facts) -> Result<(), Fail> {
        let foreign = self.read_named(intent).await?;
        let vpcs = self.vpcs(intent, &foreign);
        self.read_vpcs(&vpcs).await?;
        self.read_interfaces().await?;
        facts.interfaces_read = !self.asked.is_empty();
        for vpc in &vpcs {
            let vpc_facts = self.observe_vpc(vpc).await?;
            facts.vpcs.push(vpc_facts);
        }
        let remembered = |id| self.stored.get(id).is_some_and(|stored| stored.account == intent.account);
        let placed = |id| self.endpoints.contains_key(id) || remembered(id) || foreign.contains(id);
        facts.unknown = intent.vpc_endpoints.iter().filter(|id| !placed(id)).cloned().collect();
        let known = facts.vpcs.iter().flat_map(|vpc| vpc.endpoints.keys());
        let ids = known.chain(&facts.unknown).cloned().collect();
        let waits = self.api.waits(ids).await?;
        facts.waits = waits;
        Ok(())
    }

    async fn read_named(&mut self, intent: &Intent) -> Result<BTreeSet<VpcEndpointId>, Fail> {
        if intent.vpc_endpoints.is_empty() {
            return Ok(BTreeSet::new());
        }
        let named = |id: &VpcEndpointId, _: &SeenEndpoint| intent.vpc_endpoints.contains(id);
        let found = self.api.vpc_endpoints(&self.account, named).await?;
        self.endpoints.extend(found);
        for id in &intent.vpc_endpoints {
            self.read_alone(id).await?;
        }
        let foreign = self.endpoints.iter().filter(|(_, found)| !self.services.contains(&found.service));
        let foreign: BTreeSet<_> = foreign.map(|(id, _)| id.clone()).collect();
        self.endpoints.retain(|id, _| !foreign.contains(id));
        Ok(foreign)
    }

    async fn read_alone(&mut self, id: &VpcEndpointId) -> Result<(), Fail> {
        if self.endpoints.contains_key(id) || self.absent.contains(id) {
            return Ok(());
        }
        match self.api.vpc_endpoint(&self.account, id).await? {
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

    async fn read_vpcs(&mut self, vpcs: &BTreeSet<VpcId>) -> Result<(), Fail> {
        if vpcs.is_empty() || self.services.is_empty() {
            return Ok(());
        }
        let here =
            |_: &VpcEndpointId, e: &SeenEndpoint| vpcs.contains(&e.vpc) && self.services.contains(&e.service);
        let found = self.api.vpc_endpoints(&self.account, here).await?;
        self.endpoints.extend(found);
        Ok(())
    }

    async fn read_interfaces(&mut self) -> Result<(), Fail> {
        let available = self.endpoints.values().filter(|e| e.shape.state == VpcEndpointState::Available);
        let ids: BTreeSet<_> = available.flat_map(|e| e.shape.interfaces.keys().cloned()).collect();
        let ids: BTreeSet<_> = ids.difference(&self.asked).cloned().collect();
        self.interfaces.extend(self.api.network_interfaces(&self.account, &ids).await?);
        self.asked.extend(ids);
        Ok(())
    }

    async fn observe_vpc(&mut self, vpc: &VpcId) -> Result<VpcFacts, Fail> {
        let references = self.api.references(vpc).await?;
        let holds = self.api.holds(&format!("{vpc}/")).await?;
        let claims = self.api.claims(references).await?;
        let endpoints = self.endpoints_of(vpc, &claims).await?;
        let stored = self.stored.iter().filter(|(id, _)| endpoints.contains_key(id));
        let stored = stored.map(|(id, stored)| (id.clone(), stored.clone())).collect();
        let may_publish = |e: &EndpointFacts| {
            e.state == Some(VpcEndpointState::Available) && !self.policy.is_removed(&e.service)
        };
        let zones = if endpoints.values().any(may_publish) {
            let zones = self.api.zones_of_vpc(&self.account, vpc).await;
            Some(or_denied(&self.account, zones)?)
        } else {
            None
        };
        let complete = zones.as_ref().and_then(|zones| zones.as_ref().ok());
        let records = self.records(vpc, &endpoints, complete, claims).await?;
        let (vpc, reserved) = (vpc.clone(), BTreeMap::new());
        Ok(VpcFacts { vpc, endpoints, stored, zones, records, holds, reserved })
    }

    async fn endpoints_of(
        &mut self,
        vpc: &VpcId,
        claims: &BTreeMap<RecordKey, Claim>,
    ) -> Result<BTreeMap<VpcEndpointId, EndpointFacts>, Fail> {
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
        self.read_interfaces().await?;
        let here = self.endpoints.iter().filter(|(_, endpoint)| endpoint.vpc == *vpc);
        let here: Vec<_> = here.map(|(id, endpoint)| (id.clone(), endpoint.clone())).collect();
        let ids = here.iter().map(|(id, _)| id).filter(|id| !self.stored.contains_key(id));
        let ids = ids.chain(known.keys()).cloned().collect();
        let of: BTreeSet<_> = self.services.iter().chain(known.values()).cloned().collect();
        let more = self.api.stored_endpoints(&of.into_iter().collect::<Vec<_>>(), ids).await?;
        self.stored.extend(more);

        let mut endpoints = BTreeMap::new();
        for (id, endpoint) in here {
            if self.services.contains(&endpoint.service) || known.contains_key(&id) {
                endpoints.insert(id, endpoint.facts(&self.interfaces));
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

    async fn records(
        &self,
        vpc: &VpcId,
        endpoints: &BTreeMap<VpcEndpointId, EndpointFacts>,
        zones: Option<&BTreeMap<HostedZoneId, PrivateHostedZone>>,
        claims: BTreeMap<RecordKey, Claim>,
    ) -> Result<Vec<RecordFacts>, Fail> {
        let names = self.names(endpoints);
        let mut wanted: BTreeMap<RecordKey, AccountId> =
            claims.values().map(|claim| (claim.key.clone(), claim.zone_account.clone())).collect();
        for (id, zone) in zones.into_iter().flatten() {
            for name in names.iter().filter(|name| zone.name.is_zone_of(name)) {
                let key = RecordKey { zone: id.clone(), name: (*name).clone() };
                wanted.insert(key, zone.account.clone());
            }
        }
        let mut records = Vec::new();
        for (key, zone_account) in wanted {
            let missing = zones.is_some_and(|zones| !zones.contains_key(&key.zone));
            let (association, seen) = self.read_record(vpc, &key, &zone_account, missing).await?;
            let claim = claims.get(&key).cloned();
            records.push(RecordFacts {
                key,
                zone_account,
                association,
                seen,
                claim,
                waiting: BTreeMap::new(),
            });
        }
        let unclaimed = records.iter().filter(|record| record.claim.is_none());
        let mut others = self.api.claims(unclaimed.map(|record| record.key.clone()).collect()).await?;
        for record in &mut records {
            let Some(claim) = others.remove(&record.key) else { continue };
            let missing = zones.is_some_and(|zones| !zones.contains_key(&record.key.zone));
            (record.association, record.seen) =
                self.read_record(vpc, &record.key, &record.zone_account, missing).await?;
            record.claim = Some(claim);
        }
        Ok(records)
    }

    fn names(&self, endpoints: &BTreeMap<VpcEndpointId, EndpointFacts>) -> BTreeSet<DnsName> {
        let services = endpoints.values().map(|endpoint| &endpoint.service);
        let services: BTreeSet<_> = services.filter(|service| !self.policy.is_removed(service)).collect();
        let definitions = services.into_iter().filter_map(|service| self.policy.services.get(service));
        definitions.flat_map(|definition| &definition.names).map(|name| name.as_dns_name().clone()).collect()
    }

    async fn read_record(
        &self,
        vpc: &VpcId,
        key: &RecordKey,
        account: &AccountId,
        missing: bool,
    ) -> Result<(Association, Result<SeenRecords, Denied>), Fail> {
        let read = async {
            self.api.of(account).await?;
            let association = if missing {
                self.api.association(account, &key.zone, vpc).await?
            } else {
                Association::Associated
            };
            let seen = match association {
                Association::ZoneGone => None,
                _ => self.api.record_sets(account, key).await?,
            };
            Ok(seen.map_or((Association::ZoneGone, SeenRecords::default()), |seen| (association, seen)))
        };
        Ok(match or_denied(account, read.await)? {
            Ok((association, seen)) => (association, Ok(seen)),
            Err(denied) => (Association::Associated, Err(denied)),
        })
    }
}
