//! How many Route 53 requests are reserved for the VPCs of an intent, and what is deferred for want of them.
//!
//! ```text
//! who asks    reserved for each VPC              when                          what is missing
//! a sweep     one list, one read for each name   before the VPC is read        reserved as a change
//! an event    the same, one change for each      once the VPC has something    reserved as a change
//!             name                               to ask Route 53
//! ```
//!
//! A sweep looks at many VPCs, and almost all of them have a record: what it reads of one for which there is no
//! quota would be read in vain. An event looks at one VPC, and often only waits for its endpoint.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::inventory::VpcInventory;
use super::observer::{AccountObserver, Deferred};
use crate::cloud::Cloud;
use crate::error::Error;
use crate::model::ids::VpcId;
use crate::model::policy::Policy;
use crate::model::rate::{Priority, Rate, delay_seconds, delay_seconds_apart};
use crate::trigger::intent::Intent;

/// How many VPCs are observed, planned and changed together.
pub(super) const VPCS_AT_ONCE: usize = 10;

impl<C: Cloud> AccountObserver<'_, C> {
    /// How many of the VPCs that are left are observed next, and the time until there is quota for more, if that is
    /// too few.
    pub(super) async fn reserve_for_next(&self) -> Result<(usize, Option<SignedDuration>), Error> {
        if !self.is_sweep() {
            return Ok((VPCS_AT_ONCE, None));
        }
        self.reserve_for(self.left.len().min(VPCS_AT_ONCE)).await
    }

    /// Everything that the intent points at, for later.
    pub(super) async fn all_deferred(&self, wait: SignedDuration) -> Result<Deferred, Error> {
        let Intent { vpc_endpoints, vpcs, .. } = self.intent;
        let delay_seconds = self.delay(wait).await?;
        Ok(Deferred { vpc_endpoints: vpc_endpoints.clone(), vpcs: vpcs.clone(), delay_seconds })
    }

    /// What was observed so far is seen through; the rest comes back when there is quota.
    pub(super) async fn deferred(
        &mut self,
        mut vpcs: BTreeSet<VpcId>,
        wait: Option<SignedDuration>,
    ) -> Result<Option<Deferred>, Error> {
        let Some(wait) = wait else { return Ok(None) };
        vpcs.append(&mut self.left);
        if vpcs.is_empty() {
            return Ok(None);
        }
        let delay_seconds = self.delay(wait).await?;
        Ok(Some(Deferred { vpcs, vpc_endpoints: BTreeSet::new(), delay_seconds }))
    }

    async fn delay(&self, wait: SignedDuration) -> Result<i32, Error> {
        if self.is_sweep() {
            return Ok(delay_seconds(self.worker.take_turn(&self.intent.account, wait).await?));
        }
        Ok(delay_seconds_apart(wait, self.worker.now()))
    }

    /// Reserves for as many of `vpcs` VPCs as there is quota; gives how many, and if not all, the time until there
    /// is enough for the next.
    pub(super) async fn reserve_for(&self, vpcs: usize) -> Result<(usize, Option<SignedDuration>), Error> {
        let each = envelope(self.policy, self.intent.priority, self.worker.config.rate);
        let account = &self.intent.account;
        let (granted, wait) =
            self.worker.reserve_in_order(account, &vec![each; vpcs], self.intent.priority).await?;
        self.reserved.add(account, each * u32::try_from(granted).unwrap_or_default());
        if let Some(wait) = wait {
            self.worker.count_wait(wait);
        }
        Ok((granted, wait))
    }

    /// Reserves for the VPCs that have something to ask Route 53, unless that was done; those for which there is
    /// no quota are deferred.
    pub(super) async fn with_quota(
        &self,
        inventories: Vec<VpcInventory>,
        deferred: &mut BTreeSet<VpcId>,
        wait: &mut Option<SignedDuration>,
    ) -> Result<Vec<VpcInventory>, Error> {
        // A closed account is not asked for anything.
        if self.is_sweep() || self.closed.is_some() {
            return Ok(inventories);
        }
        let asking = |inventory: &VpcInventory| inventory.asks_route53(self.policy);
        let (asking, mut observed): (Vec<_>, Vec<_>) = inventories.into_iter().partition(asking);
        let (granted, longer) = self.reserve_for(asking.len()).await?;
        *wait = (*wait).max(longer);
        for (number, inventory) in asking.into_iter().enumerate() {
            if number < granted {
                observed.push(inventory);
            } else {
                deferred.insert(inventory.vpc);
            }
        }
        Ok(observed)
    }
}

/// How many Route 53 requests are reserved for a VPC before its zones are known: for the names of one service in
/// one zone. What else it needs is reserved when that is known.
fn envelope(policy: &Policy, priority: Priority, rate: Rate) -> u32 {
    let defined = policy.services.values().filter(|definition| definition.removed.is_none());
    let names = defined.map(|definition| definition.names.len()).max().unwrap_or(1);
    let names = u32::try_from(names).unwrap_or(u32::MAX / 4);
    let requests = if priority == Priority::Sweep { 1 + names } else { 1 + 2 * names };
    requests.min(rate.first_share())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::policy::ServiceDefinition;

    #[test]
    fn envelope_has_a_read_for_each_name_and_for_events_a_change_too() {
        let json =
            r#"{"service":"vpce-svc-0123456789abcdef0","names":["*.x.example.com","*.y.example.com"]}"#;
        let definition: ServiceDefinition = serde_json::from_str(json).unwrap_or_else(|e| panic!("{e}"));
        let region = "us-west-2".parse().unwrap_or_else(|error| panic!("{error}"));
        let mut policy = Policy { region, services: BTreeMap::new() };
        let of = |policy: &Policy, priority| envelope(policy, priority, Rate::default());
        assert_eq!(of(&policy, Priority::Sweep), 2);
        policy.services.insert(definition.service.clone(), definition);
        assert_eq!((of(&policy, Priority::Sweep), of(&policy, Priority::Event)), (3, 5));
        let smallest = Rate { per_second: 1, burst: 2 };
        assert_eq!(envelope(&policy, Priority::Event, smallest), 1);
    }
}
