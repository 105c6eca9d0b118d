//! Observing VPCs of an account that cannot be read, where the provider's list of connections has told of endpoints
//! there: what the table says of them, and their records in zones of other accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;

use super::ec2::AccountEndpoints;
use super::inventory::VpcInventory;
use super::observer::{AccountObserver, Deferred, Observed};
use super::quota::VPCS_AT_ONCE;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::model::claim::Claim;
use crate::model::facts::{Association, Consent, Denied, RecordFacts, StoredEndpoint, VpcFacts};
use crate::model::ids::VpcId;

impl<C: Cloud> AccountObserver<'_, C> {
    /// What is to be seen without the account; none where nothing was told of its endpoints, or EC2 has shown them: an
    /// account that hides its network interfaces alone has an answer of its own.
    pub(super) async fn observe_closed(&mut self, denied: &Denied) -> Result<Option<Observed>, Error> {
        let Some(gone) = self.intent.evidence(self.worker.now()).filter(|_| !denied.is_rarely_met()) else {
            return Ok(None);
        };
        self.closed = Some(denied.clone());
        self.ec2 = AccountEndpoints::default();
        let named = &self.intent.vpc_endpoints;
        let ids = named.iter().chain(&gone.vpc_endpoints);
        self.stored = self.worker.stored_endpoints(self.policy.services.keys(), ids).await?;
        let is_named = |stored: &&StoredEndpoint| {
            named.contains(&stored.vpc_endpoint) && stored.account == self.intent.account
        };
        let vpcs = self.stored.values().filter(is_named).map(|stored| stored.vpc.clone());
        self.left = vpcs.chain(self.intent.vpcs.iter().cloned()).collect();
        let vpcs: BTreeSet<VpcId> = self.left.iter().take(VPCS_AT_ONCE).cloned().collect();
        self.left.retain(|vpc| !vpcs.contains(vpc));
        let inventories = Box::pin(self.inventories(&vpcs)).await?;
        let mut observed = self.facts_of(inventories, [].into(), None).await?;
        if observed.deferred.is_none() && !self.left.is_empty() {
            observed.deferred = Some(Deferred { vpcs: take(&mut self.left), ..Deferred::default() });
        }
        Ok(Some(observed))
    }

    /// What is to be seen of one VPC.
    pub(super) async fn observe_closed_vpc(
        &self,
        mut inventory: VpcInventory,
        denied: &Denied,
    ) -> Result<VpcFacts, Error> {
        let now = self.worker.now();
        let is_told = |claim: &Claim| claim.contributions.keys().any(|id| self.intent.is_gone(id, now));
        let claims = take(&mut inventory.claims).into_iter();
        let (read, unread): (BTreeMap<_, _>, BTreeMap<_, _>) =
            claims.partition(|(_, claim)| claim.zone_account != self.intent.account && is_told(claim));
        inventory.claims = read;
        let mut records = self.records(&inventory, None).await?;
        self.see_who_waits(&inventory, None, &mut records).await?;
        records.extend(unread.into_iter().map(|(key, claim)| RecordFacts {
            key,
            zone_account: claim.zone_account.clone(),
            association: Association::Associated,
            seen: Err(denied.clone()),
            claim: Some(claim),
            consent: Consent::Unasked,
            waiting: [].into(),
        }));
        let zone_claims = self.zone_claims(&inventory, None).await?;
        let VpcInventory { vpc, endpoints, stored, holds, .. } = inventory;
        let (zones, profiles, making) = (None, None, None);
        Ok(VpcFacts { vpc, endpoints, stored, zones, profiles, records, holds, zone_claims, making })
    }
}
