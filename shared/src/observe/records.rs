//! Observing one VPC in Route 53: its zones, the record sets at the names, and the claims on them.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;

use super::denied::or_denied;
use super::inventory::VpcInventory;
use super::observer::AccountObserver;
use super::pages::{all, all_record_sets};
use crate::cloud::Cloud;
use crate::error::{CallFailure, Error};
use crate::model::claim::Claim;
use crate::model::consent::Consent;
use crate::model::dns::DnsName;
use crate::model::facts::{Association, Denied, RecordFacts, VpcFacts, Zones};
use crate::model::ids::{AccountId, VpcId};
use crate::model::rate::Priority;
use crate::model::record::{RecordKey, SeenRecords};

impl<C: Cloud> AccountObserver<'_, C> {
    /// Observes a VPC for which requests are reserved.
    pub(super) async fn observe_vpc(&self, inventory: VpcInventory) -> Result<VpcFacts, Error> {
        if let Some(denied) = &self.closed {
            return self.observe_closed_vpc(inventory, denied).await;
        }
        let account = &self.intent.account;
        let zones = if inventory.lists_zones(self.policy) {
            self.worker.take(&self.reserved, account, 1, Priority::Change).await?;
            match self.zones(&inventory.vpc).await {
                // Only a claim on a new zone has led here: a VPC that is gone has no list, and no zone answers it.
                Err(Error::Call { kind: CallFailure::Refused, .. }) if !inventory.publishes(self.policy) => {
                    Some(Ok(Zones::new()))
                }
                zones => Some(or_denied(account, zones)?),
            }
        } else {
            None
        };
        let complete = zones.as_ref().and_then(|zones| zones.as_ref().ok());
        let mut records = self.records(&inventory, complete).await?;
        self.see_who_waits(&inventory, complete, &mut records).await?;
        let profiles = match complete {
            Some(zones) if self.asks_for_profiles(&inventory, zones) => {
                self.profile_zones(&inventory.vpc).await
            }
            _ => None,
        };
        let making = self.zone_making(&inventory, complete).await?;
        let zone_claims = self.zone_claims(&inventory, complete).await?;
        let VpcInventory { vpc, endpoints, stored, holds, .. } = inventory;
        Ok(VpcFacts { vpc, endpoints, stored, zones, profiles, records, holds, zone_claims, making })
    }

    /// Who is held on the records: only what leaves a record can make way for them.
    pub(super) async fn see_who_waits(
        &self,
        inventory: &VpcInventory,
        zones: Option<&Zones>,
        records: &mut [RecordFacts],
    ) -> Result<(), Error> {
        if inventory.may_leave(self.policy, zones) {
            let mut waiting = self.worker.waiting().await?;
            for record in records {
                record.waiting = waiting.remove(&record.key).unwrap_or_default();
            }
        }
        Ok(())
    }

    async fn zones(&self, vpc: &VpcId) -> Result<Zones, Error> {
        let (cloud, account, region) = (&self.worker.cloud, &self.intent.account, &self.policy.region);
        let ask = async |page| cloud.list_hosted_zones_by_vpc(account, vpc, region, page).await;
        Ok(all("route53:ListHostedZonesByVPC", vpc, ask).await?.into_iter().collect())
    }

    /// Each defined name in each zone that can hold it, and each further name on which the VPC has a claim.
    pub(super) async fn records(
        &self,
        inventory: &VpcInventory,
        zones: Option<&Zones>,
    ) -> Result<Vec<RecordFacts>, Error> {
        let names = inventory.names(self.policy);
        let wanted = wanted(inventory, &names, zones);
        let missing = |key: &RecordKey| zones.is_some_and(|zones| !zones.contains_key(&key.zone));
        let mut requests: BTreeMap<&AccountId, u32> = BTreeMap::new();
        for (key, account) in &wanted {
            *requests.entry(account).or_default() += 1 + u32::from(missing(key));
        }
        for (of, requests) in requests {
            // The VPC's own account has answered: without the rest that was in vain.
            let own = *of == self.intent.account;
            let priority = if own { Priority::Change } else { self.intent.priority };
            self.worker.take(&self.reserved, of, requests, priority).await?;
        }
        let reads = wanted.into_iter().map(async |(key, zone_account)| {
            let missing = missing(&key);
            let (association, seen) = self.read_record(&inventory.vpc, &key, &zone_account, missing).await?;
            let claim = inventory.claims.get(&key).cloned();
            let (consent, waiting) = (Consent::Unasked, BTreeMap::new());
            Ok::<_, Error>(RecordFacts { key, zone_account, association, seen, claim, consent, waiting })
        });
        let mut records = try_join_all(reads).await?;
        self.read_late_claims(&inventory.vpc, &mut records, missing).await?;
        self.ask_for_consent(inventory, &mut records).await?;
        Ok(records)
    }

    /// Asks the owners of zones that are of another account than the VPC, where the VPC has something to write.
    async fn ask_for_consent(
        &self,
        inventory: &VpcInventory,
        records: &mut [RecordFacts],
    ) -> Result<(), Error> {
        let names = inventory.published_names(self.policy);
        let is_asked = |record: &&mut RecordFacts| {
            record.zone_account != self.intent.account
                && record.association == Association::Associated
                && record.seen.is_ok()
                && names.contains(&record.key.name)
        };
        let mut known: BTreeMap<AccountId, Consent> = BTreeMap::new();
        for record in records.iter_mut().filter(is_asked) {
            let owner = &record.zone_account;
            record.consent = match known.get(owner) {
                Some(consent) => *consent,
                None => self.worker.cloud.assume_guest_role(owner, &self.intent.account).await?,
            };
            known.insert(owner.clone(), record.consent);
        }
        self.doubt_refusals(&inventory.vpc, records).await
    }

    /// Where an owner consented once and refuses now, whether its account can be entered at all: one that is closed to
    /// us has taken nothing back. Credentials from before would not tell.
    async fn doubt_refusals(&self, vpc: &VpcId, records: &mut [RecordFacts]) -> Result<(), Error> {
        let had_consent = |record: &RecordFacts| {
            let mut given = record.claim.iter().flat_map(|claim| claim.contributions.values());
            given.any(|given| given.vpc == *vpc && given.consent.is_some())
        };
        let mut entered: BTreeMap<AccountId, Result<(), Denied>> = BTreeMap::new();
        for record in records.iter_mut().filter(|record| record.consent == Consent::NotGiven) {
            if !had_consent(record) {
                continue;
            }
            let owner = &record.zone_account;
            if !entered.contains_key(owner) {
                self.worker.cloud.forget_role(owner).await;
                let answer = or_denied(owner, self.worker.cloud.assume_role(owner).await)?;
                entered.insert(owner.clone(), answer);
            }
            if let Some(Err(denied)) = entered.get(owner) {
                record.seen = Err(denied.clone());
            }
        }
        Ok(())
    }

    /// Reads claims after the record sets, where they may have changed since: where none was known, one that another
    /// worker has just written explains what looks foreign; and so does a newer one where a change was on its way.
    /// Then the record sets are read again: a claim speaks of what is seen after it.
    async fn read_late_claims(
        &self,
        vpc: &VpcId,
        records: &mut [RecordFacts],
        missing: impl Fn(&RecordKey) -> bool,
    ) -> Result<(), Error> {
        let is_settled = |claim: &Claim| claim.pending.is_none();
        let unsure = records.iter().filter(|record| !record.claim.as_ref().is_some_and(is_settled));
        let mut late = self.worker.claims(unsure.map(|record| &record.key)).await?;
        for record in records {
            let Some(claim) = late.remove(&record.key) else { continue };
            if record.claim.as_ref() == Some(&claim) {
                continue;
            }
            let missing = missing(&record.key);
            let read = self.read_record(vpc, &record.key, &record.zone_account, missing).await?;
            (record.association, record.seen) = read;
            record.claim = Some(claim);
        }
        Ok(())
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
            let cloud = &self.worker.cloud;
            let association = if missing {
                cloud.get_hosted_zone(account, &key.zone, vpc).await?
            } else {
                Association::Associated
            };
            let seen = match association {
                Association::ZoneGone => None,
                _ => all_record_sets(self.worker, account, key).await?,
            };
            Ok(seen.map_or((Association::ZoneGone, SeenRecords::default()), |seen| (association, seen)))
        };
        Ok(match or_denied(account, read.await)? {
            Ok((association, seen)) => (association, Ok(seen)),
            Err(denied) => (Association::Associated, Err(denied)),
        })
    }
}

/// The records that concern a VPC, each with the account of its zone.
fn wanted(
    inventory: &VpcInventory,
    names: &BTreeSet<DnsName>,
    zones: Option<&Zones>,
) -> BTreeMap<RecordKey, AccountId> {
    let claimed = inventory.claims.values();
    let mut wanted: BTreeMap<RecordKey, AccountId> =
        claimed.map(|claim| (claim.key.clone(), claim.zone_account.clone())).collect();
    for (id, zone) in zones.into_iter().flatten() {
        // What an AWS service owns nobody else may read or write.
        let Some(account) = zone.account() else { continue };
        for name in names.iter().filter(|name| zone.name.is_zone_of(name)) {
            let key = RecordKey { zone: id.clone(), name: name.clone() };
            wanted.insert(key, account.clone());
        }
    }
    wanted
}
