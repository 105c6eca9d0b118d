//! Observing one VPC in Route 53 and the table: its zones, the record sets at the names, and the claims on them.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;

use super::clients::{AccountClients, or_denied};
use super::known::KnownVpc;
use super::observe::Look;
use crate::dns::DnsName;
use crate::error::Error;
use crate::facts::{
    Association, Denied, EndpointFacts, PrivateHostedZone, RecordFacts, VpcEndpointState, VpcFacts,
};
use crate::ids::{AccountId, HostedZoneId, VpcEndpointId, VpcId};
use crate::rate::Priority;
use crate::record::{RecordKey, SeenRecords};

type Zones = BTreeMap<HostedZoneId, PrivateHostedZone>;

/// What is going to be asked of Route 53 for one VPC, as far as that is known before its first answer.
pub(super) struct Need {
    names: BTreeSet<DnsName>,
    lists_zones: bool,
    /// Reads and changes, in the VPC's own account, as many as a first share takes.
    others: usize,
}

impl Need {
    /// How many requests these are together.
    pub(super) fn requests(&self) -> u32 {
        u32::try_from(usize::from(self.lists_zones) + self.others).unwrap_or(u32::MAX)
    }
}

/// What is asked of Route 53 for one VPC, and the room that was reserved for it.
struct Asking<'a> {
    known: &'a KnownVpc,
    names: BTreeSet<DnsName>,
    /// The VPC's zones, when all of them are known.
    zones: Option<&'a Zones>,
    /// Requests that are paid for already, in the VPC's own account.
    paid: usize,
}

impl Look<'_> {
    /// What Route 53 is going to be asked for a VPC.
    pub(super) fn need(&self, known: &KnownVpc) -> Need {
        let names = self.names(&known.endpoints);
        // Only what is available publishes anew; for the rest the claims say which zones matter, and a VPC
        // that is gone has no list.
        let lists_zones = known.endpoints.values().any(|endpoint| self.may_publish(endpoint));
        // One list, and for each name that is claimed or defined one read, and one change where one is likely.
        // More zones are paid for below.
        let reads = if lists_zones { names.len().max(known.claims.len()) } else { known.claims.len() };
        let news = known.claims.values().filter(|claim| known.is_news(claim)).count();
        let changes = if known.claims.is_empty() && known.publishes() { reads } else { news };
        let most = usize::try_from(self.aws.config.rate.first_share()).unwrap_or(usize::MAX);
        let others = (reads + changes).min(most.saturating_sub(usize::from(lists_zones)));
        Need { names, lists_zones, others }
    }

    fn may_publish(&self, endpoint: &EndpointFacts) -> bool {
        endpoint.state == Some(VpcEndpointState::Available) && !self.policy.is_removed(&endpoint.service)
    }

    /// Observes a VPC, for whose need room is reserved.
    pub(super) async fn observe_vpc(
        &self,
        clients: &AccountClients,
        known: KnownVpc,
        need: Need,
    ) -> Result<VpcFacts, Error> {
        let Need { names, lists_zones, others: paid } = need;
        let zones = if lists_zones {
            let zones = clients.zones_of_vpc(&known.vpc, &self.policy.region).await;
            Some(or_denied(&clients.account, zones)?)
        } else {
            None
        };
        let complete = zones.as_ref().and_then(|zones| zones.as_ref().ok());
        let asking = Asking { known: &known, names, zones: complete, paid };
        let (mut records, reserved) = self.records(&clients.account, &asking).await?;
        // Only what leaves a record can make room for those that are held on it.
        if !known.claims.is_empty() && !known.endpoints.values().all(|endpoint| self.may_publish(endpoint)) {
            let mut waiting = self.aws.waiting().await?;
            for record in &mut records {
                record.waiting = waiting.remove(&record.key).unwrap_or_default();
            }
        }
        let KnownVpc { vpc, endpoints, stored, holds, .. } = known;
        Ok(VpcFacts { vpc, endpoints, stored, zones, records, holds, reserved })
    }

    /// Each defined name in each zone that can hold it, and each further name on which the VPC has a claim;
    /// and the room for changes that is reserved with these reads.
    async fn records(
        &self,
        account: &AccountId,
        asking: &Asking<'_>,
    ) -> Result<(Vec<RecordFacts>, BTreeMap<AccountId, u32>), Error> {
        let Asking { known, names, zones, paid } = asking;
        let mut wanted: BTreeMap<RecordKey, AccountId> =
            known.claims.values().map(|claim| (claim.key.clone(), claim.zone_account.clone())).collect();
        for (id, zone) in zones.iter().copied().flatten() {
            for name in names.iter().filter(|name| zone.name.is_zone_of(name)) {
                let key = RecordKey { zone: id.clone(), name: (*name).clone() };
                wanted.insert(key, zone.account.clone());
            }
        }
        let missing = |key: &RecordKey| zones.is_some_and(|zones| !zones.contains_key(&key.zone));
        let mut requests: BTreeMap<&AccountId, (usize, usize)> = BTreeMap::new();
        for (key, account) in &wanted {
            let (reads, changes) = requests.entry(account).or_default();
            *reads += 1 + usize::from(missing(key));
            *changes += usize::from(match known.claims.get(key) {
                Some(claim) => known.is_news(claim),
                None => known.publishes() && !known.is_held(key),
            });
        }
        let mut reserved = BTreeMap::new();
        for (of, (reads, changes)) in requests {
            // The VPC's own account has answered: without the rest that was in vain. Were it asked for as the
            // first share was, a VPC with many zones would never find room beside its own.
            let (paid, priority) =
                if of == account { (*paid, Priority::Change) } else { (0, self.intent.priority) };
            self.reserve(of, (reads + changes).saturating_sub(paid), priority).await?;
            reserved.insert(of.clone(), u32::try_from(changes).unwrap_or(u32::MAX));
        }
        let reads = wanted.into_iter().map(async |(key, zone_account)| {
            let (association, seen) =
                self.read_record(&known.vpc, &key, &zone_account, missing(&key)).await?;
            let (claim, waiting) = (known.claims.get(&key).cloned(), BTreeMap::new());
            Ok::<_, Error>(RecordFacts { key, zone_account, association, seen, claim, waiting })
        });
        let mut records = try_join_all(reads).await?;
        // After the record sets: one that another worker has just written does not look foreign. Where a
        // claim turns up, the record sets are read again: a claim speaks of what is seen after it.
        let unclaimed = records.iter().filter(|record| record.claim.is_none()).map(|record| &record.key);
        let mut others = self.aws.claims(unclaimed).await?;
        for record in &mut records {
            if let Some(claim) = others.remove(&record.key) {
                let missing = missing(&record.key);
                let read = self.read_record(&known.vpc, &record.key, &record.zone_account, missing).await?;
                (record.association, record.seen) = read;
                record.claim = Some(claim);
            }
        }
        Ok((records, reserved))
    }

    async fn reserve(&self, account: &AccountId, requests: usize, priority: Priority) -> Result<(), Error> {
        let requests = u32::try_from(requests).unwrap_or(u32::MAX);
        if requests == 0 { Ok(()) } else { self.aws.reserve(account, requests, priority).await }
    }

    /// The names of the services that have endpoints here.
    fn names(&self, endpoints: &BTreeMap<VpcEndpointId, EndpointFacts>) -> BTreeSet<DnsName> {
        let services = endpoints.values().map(|endpoint| &endpoint.service);
        let services: BTreeSet<_> = services.filter(|service| !self.policy.is_removed(service)).collect();
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
