//! Observing one VPC in Route 53 and the table: its zones, the record sets at the names, and the claims on them.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;

use super::clients::{AccountClients, or_denied};
use super::observe::{KnownVpc, Look};
use crate::claim::Claim;
use crate::dns::DnsName;
use crate::error::Error;
use crate::facts::{
    Association, Denied, EndpointFacts, PrivateHostedZone, RecordFacts, VpcEndpointState, VpcFacts,
};
use crate::hold::{HoldReason, Subject};
use crate::ids::{AccountId, HostedZoneId, VpcEndpointId, VpcId};
use crate::plan::contribution::Contribution;
use crate::record::{RecordKey, SeenRecords};

type Zones = BTreeMap<HostedZoneId, PrivateHostedZone>;

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
    pub(super) async fn observe_vpc(
        &self,
        clients: &AccountClients,
        known: KnownVpc,
    ) -> Result<VpcFacts, Error> {
        let names = self.names(&known.endpoints);
        // Only what is available publishes anew; for the rest the claims say which zones matter, and a VPC
        // that is gone has no list.
        let may_publish = |e: &EndpointFacts| {
            e.state == Some(VpcEndpointState::Available) && !self.policy.is_removed(&e.service)
        };
        let lists_zones = known.endpoints.values().any(may_publish);
        // One list, and for each name that is claimed or defined one read, and one change where one is likely.
        // More zones are paid for below.
        let reads = if lists_zones { names.len().max(known.claims.len()) } else { known.claims.len() };
        let news = known.claims.values().filter(|claim| known.is_news(claim)).count();
        let changes = if known.claims.is_empty() && known.publishes() { reads } else { news };
        let paid = usize::from(lists_zones) + reads + changes;
        self.reserve(&clients.account, paid).await?;
        let zones = if lists_zones {
            let zones = clients.zones_of_vpc(&known.vpc, &self.policy.region).await;
            Some(or_denied(&clients.account, zones)?)
        } else {
            None
        };
        let paid = paid - usize::from(lists_zones);
        let complete = zones.as_ref().and_then(|zones| zones.as_ref().ok());
        let asking = Asking { known: &known, names, zones: complete, paid };
        let (mut records, reserved) = self.records(&clients.account, &asking).await?;
        // Only what leaves a record can make room for those that are held on it.
        if !known.claims.is_empty() && !known.endpoints.values().all(may_publish) {
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
            let paid = if of == account { *paid } else { 0 };
            self.reserve(of, (reads + changes).saturating_sub(paid)).await?;
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

    async fn reserve(&self, account: &AccountId, requests: usize) -> Result<(), Error> {
        let requests = u32::try_from(requests).unwrap_or(u32::MAX);
        if requests == 0 { Ok(()) } else { self.aws.reserve(account, requests, self.intent.priority).await }
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

/// Whether a change is likely, so that room for it is reserved with the reads: a change that found no room
/// would have to be observed again. A wrong guess costs a request's room, or one reservation more.
impl KnownVpc {
    /// Whether EC2 says something else of this VPC's endpoints than a claim does.
    fn is_news(&self, claim: &Claim) -> bool {
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

    fn publishes(&self) -> bool {
        self.contributions.values().any(|one| matches!(one, Contribution::Publish(_)))
    }

    /// Whether a removal is held until somebody allows it.
    fn is_too_many(&self, key: &RecordKey) -> bool {
        let held = self.holds.get(&Subject::Record(self.vpc.clone(), key.clone()));
        matches!(held, Some(HoldReason::TooManyDeletes { .. }))
    }

    fn is_held(&self, key: &RecordKey) -> bool {
        self.holds.contains_key(&Subject::Record(self.vpc.clone(), key.clone()))
    }
}
