//! Observing the zones that zonelink makes: what stands of a claim's zone, and what is to be known before one is made or
//! deleted.
//!
//! In sync nothing is read here: the list of the VPC's zones, which is read anyway, shows the zone.

use std::collections::BTreeMap;

use super::denied::or_denied;
use super::inventory::VpcInventory;
use super::observer::AccountObserver;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::model::dns::DnsName;
use crate::model::facts::Zones;
use crate::model::ids::HostedZoneId;
use crate::model::rate::Priority;
use crate::model::record::RecordKey;
use crate::model::zone::answering;
use crate::model::zone_claim::{ClaimedZone, ZoneClaim, ZoneLook, ZoneMaking, ZoneState};

impl<C: Cloud> AccountObserver<'_, C> {
    /// The VPC's claims on zones, each with what the list of its zones does not tell.
    pub(super) async fn zone_claims(
        &self,
        inventory: &VpcInventory,
        zones: Option<&Zones>,
    ) -> Result<BTreeMap<DnsName, ClaimedZone>, Error> {
        // A closed account is not asked for anything.
        let may_go = |claim: &ZoneClaim| self.closed.is_none() && inventory.may_go(claim, self.policy);
        let mut claimed = BTreeMap::new();
        for claim in &inventory.zone_claims {
            let look = match (claim.zone().filter(|_| may_go(claim)), zones) {
                (Some(zone), _) => self.look_into(claim, zone).await?,
                (None, Some(zones)) => self.look_at_zone(claim, zones).await?,
                (None, None) => ZoneLook::Unasked,
            };
            claimed.insert(claim.domain.clone(), ClaimedZone { claim: claim.clone(), look });
        }
        Ok(claimed)
    }

    /// What stands in a zone that may have to go, and whether anybody has claimed a record there.
    async fn look_into(&self, claim: &ZoneClaim, zone: &HostedZoneId) -> Result<ZoneLook, Error> {
        let account = &self.intent.account;
        self.worker.take(&self.reserved, account, 1, Priority::Change).await?;
        let contents = match or_denied(account, self.worker.cloud.zone_contents(account, zone).await)? {
            Ok(contents) => contents,
            Err(denied) => return Ok(ZoneLook::Denied(denied)),
        };
        let key = |name: &DnsName| RecordKey { zone: zone.clone(), name: name.clone() };
        let keys: Vec<_> = self.policy.names_within(&claim.domain).into_iter().map(key).collect();
        let claimed = contents.is_some() && !self.worker.claims(keys.iter()).await?.is_empty();
        Ok(ZoneLook::Contents { contents, claimed })
    }

    async fn look_at_zone(&self, claim: &ZoneClaim, zones: &Zones) -> Result<ZoneLook, Error> {
        let (cloud, account) = (&self.worker.cloud, &self.intent.account);
        let take = async || self.worker.take(&self.reserved, account, 1, Priority::Change).await;
        let own = |account_of: Option<&_>| account_of == Some(account);
        match &claim.state {
            ZoneState::Making { .. } => {
                let named = zones.iter().find(|(_, zone)| zone.name == claim.domain && own(zone.account()));
                let Some((zone, _)) = named else { return Ok(ZoneLook::Unasked) };
                take().await?;
                Ok(match or_denied(account, cloud.caller_reference(account, zone).await)? {
                    Ok(caller_reference) => ZoneLook::Reference { zone: zone.clone(), caller_reference },
                    Err(denied) => ZoneLook::Denied(denied),
                })
            }
            ZoneState::Made { zone } if !zones.contains_key(zone) => {
                take().await?;
                Ok(match or_denied(account, cloud.get_hosted_zone(account, zone, &claim.vpc).await)? {
                    Ok(association) => ZoneLook::Unlisted(association),
                    Err(denied) => ZoneLook::Denied(denied),
                })
            }
            ZoneState::Made { .. } | ZoneState::Removing { .. } => Ok(ZoneLook::Unasked),
        }
    }

    /// What is to be known where a zone may have to be made; none where that is not asked for, or one is there.
    pub(super) async fn zone_making(
        &self,
        inventory: &VpcInventory,
        zones: Option<&Zones>,
    ) -> Result<Option<ZoneMaking>, Error> {
        let Some(zones) = zones else { return Ok(None) };
        let names = inventory.creating_names(self.policy);
        if names.iter().all(|name| answering(zones, name).is_some()) {
            return Ok(None);
        }
        let config = &self.worker.config;
        Ok(Some(ZoneMaking {
            installation: config.installation(),
            provider: config.account.clone(),
            zones: self.worker.zone_claims_in(&self.intent.account).await?,
            at_most: config.max_zones,
        }))
    }
}
