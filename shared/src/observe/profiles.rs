//! The zones that Route 53 Profiles bring into a VPC. They are read only where a name is published that none of the
//! VPC's own zones can hold, and not at every look.
//!
//! They decide nothing but the words of a hold. So what goes wrong here keeps nothing else waiting.

use std::collections::BTreeSet;

use super::inventory::VpcInventory;
use super::observer::AccountObserver;
use super::pages::all;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::model::facts::{ProfileZone, Zones};
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::VpcId;
use crate::model::rate::Priority;
use crate::model::zone::answering;

/// Of how many zones of a VPC's Profiles the names are read. Each costs a request of Route 53 in the account of the
/// zone. A Profile may bring hundreds.
const NAMED_ZONES: usize = 20;

impl<C: Cloud> AccountObserver<'_, C> {
    /// Whether some name is published that none of these zones can hold, and it is time to read what Profiles bring.
    pub(super) fn asks_for_profiles(&self, inventory: &VpcInventory, zones: &Zones) -> bool {
        let by_hand = self.intent.is_by_hand();
        // Where one is made, the VPC's own zone comes before those of its Profiles.
        let made = inventory.creating_names(self.policy);
        let names = inventory.published_names(self.policy).into_iter().filter(|name| !made.contains(name));
        let mut unanswered = names.filter(|name| answering(zones, name).is_none());
        unanswered.any(|name| {
            let subject = Subject::Name(inventory.vpc.clone(), name);
            let tried = inventory.holds.get(&subject).and_then(HoldReason::profiles_read);
            by_hand || tried.is_none_or(|tried| tried.is_due(self.worker.now()))
        })
    }

    /// The zones that the VPC's Profiles bring, as far as their names can be read; none at all where nobody lets us
    /// read them, and nothing known when a call fails for another reason.
    pub(super) async fn profile_zones(&self, vpc: &VpcId) -> Option<Vec<ProfileZone>> {
        match self.read_profiles(vpc).await {
            Ok(zones) => Some(zones),
            Err(error) => {
                tracing::debug!(%vpc, error = error.chain(), "the VPC's Profiles are not read");
                error.is_denied().then(Vec::new)
            }
        }
    }

    async fn read_profiles(&self, vpc: &VpcId) -> Result<Vec<ProfileZone>, Error> {
        let (cloud, account) = (&self.worker.cloud, &self.intent.account);
        let ask = async |page| cloud.list_profile_associations(account, vpc, page).await;
        let profiles = all("route53profiles:ListProfileAssociations", vpc, ask).await?;
        let mut brought = BTreeSet::new();
        for profile in profiles {
            let ask = async |page| cloud.list_profile_resource_associations(account, &profile, page).await;
            let zones = all("route53profiles:ListProfileResourceAssociations", &profile, ask).await?;
            brought.extend(zones.into_iter().map(|(zone, owner)| (profile.clone(), zone, owner)));
        }
        if brought.len() > NAMED_ZONES {
            tracing::debug!(%vpc, "the VPC's Profiles bring more zones than are named");
        }
        let mut zones = Vec::new();
        for (profile, zone, owner) in brought.into_iter().take(NAMED_ZONES) {
            // With a small share, a sweep's part of it would never do for them, and all before was in vain.
            self.worker.take(&self.reserved, &owner, 1, Priority::Change).await?;
            match cloud.hosted_zone_name(&owner, &zone).await {
                Ok(name) => zones.extend(name.map(|name| ProfileZone { profile, zone, name })),
                // Its account has no client role, so the name of the zone cannot be read.
                Err(error) if error.is_denied() => {
                    tracing::debug!(hosted_zone = %zone, error = error.chain(), "the name of a Profile's zone is not known");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(zones)
    }
}
