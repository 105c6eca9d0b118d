//! Observing the VPCs of an account: their endpoints all at once, the rest of each a few VPCs at a time.
//!
//! EC2 is asked once for all endpoints of an intent, up to a hundred. When its answer has become old, the VPCs
//! that are left get a message of their own. Zones, record sets and claims are read VPC by VPC, as far as the
//! quota of Route 53 requests goes.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;

use futures::future::{join, try_join, try_join_all};
use jiff::SignedDuration;

use super::denied::or_denied;
use super::inventory::VpcInventory;
use super::observer::{AccountObserver, Deferred, Observed};
use super::quota::VPCS_AT_ONCE;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::model::facts::{Facts, StoredEndpoint};
use crate::model::ids::{VpcEndpointId, VpcId};

/// What EC2 answered longer ago than this is believed no more, because endpoints may have gone since. The VPCs
/// that are left then get a message of their own, and the run can say how far it is.
const FRESH: SignedDuration = SignedDuration::from_secs(10);

impl<C: Cloud> AccountObserver<'_, C> {
    /// What is to be seen of the next VPCs; none when all were shown. The first has what concerns the account.
    ///
    /// What is refused for want of permission becomes a fact.
    ///
    /// # Errors
    /// When a read fails for any other reason: then nothing is known, and nothing may be decided.
    pub async fn next(&mut self) -> Result<Option<Observed>, Error> {
        if self.over {
            return Ok(None);
        }
        let (worker, account) = (self.worker, &self.intent.account);
        let is_first = self.read_at.is_none();
        let scope = is_first.then(|| format!("{account}/"));
        let holds = async {
            match scope {
                Some(scope) => worker.holds(&scope).await,
                None => Ok(BTreeMap::new()),
            }
        };
        let (holds, observed) = join(holds, self.observe()).await;
        let (holds, observed) = (holds?, or_denied(account, observed)?);
        self.over |= self.left.is_empty() || observed.is_err();
        Ok(Some(match observed {
            Ok(Observed { facts, deferred }) => {
                Observed { facts: facts.map(|facts| Facts { holds, ..facts }), deferred }
            }
            Err(denied) => {
                // Its role may have been made anew.
                worker.cloud.forget_role(account).await;
                let closed = if is_first { Box::pin(self.observe_closed(&denied)).await? } else { None };
                let (facts, deferred) = closed.map_or((None, None), |seen| (seen.facts, seen.deferred));
                let facts = facts.unwrap_or_else(|| self.no_facts());
                Observed { facts: Some(Facts { holds, denied: Some(denied), ..facts }), deferred }
            }
        }))
    }

    fn no_facts(&self) -> Facts {
        Facts {
            account: self.intent.account.clone(),
            now: self.worker.now(),
            denied: None,
            holds: BTreeMap::new(),
            vpcs: Vec::new(),
            unknown: BTreeSet::new(),
            waits: BTreeMap::new(),
            interfaces_read: !self.ec2.asked.is_empty(),
        }
    }

    /// What is to be seen of the next VPCs, with the rights of their account.
    async fn observe(&mut self) -> Result<Observed, Error> {
        let first = self.read_at.is_none();
        if self.read_at.is_some_and(|read_at| self.worker.now().duration_since(read_at) > FRESH) {
            let deferred = Deferred { vpcs: take(&mut self.left), ..Deferred::default() };
            return Ok(Observed { facts: None, deferred: Some(deferred) });
        }
        let (count, wait) = if first {
            self.worker.cloud.assume_role(&self.intent.account).await?;
            Box::pin(self.begin()).await?
        } else {
            self.reserve_for_next().await?
        };
        if let (0, Some(wait), true) = (count, wait, first) {
            self.over = true;
            return Ok(Observed { facts: None, deferred: Some(self.all_deferred(wait).await?) });
        }
        let vpcs: BTreeSet<VpcId> = self.left.iter().take(count).cloned().collect();
        self.left.retain(|vpc| !vpcs.contains(vpc));
        let inventories = Box::pin(self.inventories(&vpcs)).await?;
        let unknown = if first { self.unknown() } else { BTreeSet::new() };
        self.facts_of(inventories, unknown, wait).await
    }

    /// What is to be seen of these VPCs; those for which there is no quota are deferred, and if some are, so are all
    /// that are left. `wait` is the time until there is quota for those, if there is not enough already.
    pub(super) async fn facts_of(
        &mut self,
        inventories: Vec<VpcInventory>,
        unknown: BTreeSet<VpcEndpointId>,
        mut wait: Option<SignedDuration>,
    ) -> Result<Observed, Error> {
        let mut facts = Facts { unknown, ..self.no_facts() };
        let ids = inventories.iter().flat_map(|inventory| inventory.endpoints.keys()).chain(&facts.unknown);
        let ids: BTreeSet<VpcEndpointId> = ids.cloned().collect();
        let mut deferred = BTreeSet::new();
        let inventories = self.with_quota(inventories, &mut deferred, &mut wait).await?;
        let looks = inventories.into_iter().map(async |inventory| {
            let vpc = inventory.vpc.clone();
            self.worker.or_wait(self.observe_vpc(inventory).await).await.map(|seen| (vpc, seen))
        });
        let (seen, waits) = try_join(try_join_all(looks), self.worker.waits(ids.iter())).await?;
        facts.waits = waits;
        for (vpc, seen) in seen {
            match seen {
                Ok(vpc_facts) => facts.vpcs.push(vpc_facts),
                Err(longer) => {
                    deferred.insert(vpc);
                    wait = wait.max(Some(longer));
                }
            }
        }
        let deferred = self.deferred(deferred, wait).await?;
        Ok(Observed { facts: Some(facts), deferred })
    }

    /// Finds the VPCs and their endpoints. Gives how many of them are observed next, and the time until there is
    /// quota for more, if that is too few. A sweep reserves before it asks EC2.
    async fn begin(&mut self) -> Result<(usize, Option<SignedDuration>), Error> {
        let named = &self.intent.vpc_endpoints;
        let stored = self.worker.stored_endpoints(self.policy.services.keys(), named.iter());
        let mut quota = (VPCS_AT_ONCE, None);
        if self.is_sweep() {
            self.stored = stored.await?;
            quota = self.reserve_for(self.expected_vpcs()).await?;
            if let (0, Some(_)) = quota {
                return Ok(quota);
            }
            self.read_at = Some(self.worker.now());
            // Whose VPC the table knows is found with the VPC, which saves a call for a hundred of them.
            let new = named.iter().filter(|id| !self.is_remembered(id)).cloned().collect();
            self.ec2.read_named(self.worker, &self.intent.account, self.policy, &new).await?;
        } else {
            self.read_at = Some(self.worker.now());
            let read = self.ec2.read_named(self.worker, &self.intent.account, self.policy, named);
            (self.stored, ()) = try_join(stored, read).await?;
        }
        if self.intent.is_of_all() {
            self.read_all().await?;
        }
        self.left = self.vpcs();
        self.ec2.read_vpcs(self.worker, &self.intent.account, self.policy, &self.left).await?;
        Ok(quota)
    }

    /// For how many VPCs a sweep reserves before it knows them: those that the table remembers, and one for each
    /// endpoint that it does not, a few at most.
    fn expected_vpcs(&self) -> usize {
        if self.intent.is_of_all() {
            return VPCS_AT_ONCE;
        }
        let new = self.intent.vpc_endpoints.iter().filter(|id| !self.is_remembered(id)).count();
        (self.vpcs().len() + new).clamp(1, VPCS_AT_ONCE)
    }

    /// Finds all endpoints of the account that the table does not remember: it leads a sweep to the others.
    async fn read_all(&mut self) -> Result<(), Error> {
        self.ec2.read_all(self.worker, &self.intent.account, self.policy).await?;
        let services = self.policy.services.keys();
        let remembered = self.worker.stored_endpoints(services, self.ec2.endpoints.keys()).await?;
        self.ec2.endpoints.retain(|id, _| !remembered.contains_key(id));
        Ok(())
    }

    fn vpcs(&self) -> BTreeSet<VpcId> {
        let found = self.ec2.endpoints.values().map(|endpoint| endpoint.vpc.clone());
        let own = |stored: &&StoredEndpoint| {
            stored.account == self.intent.account && !self.ec2.foreign.contains(&stored.vpc_endpoint)
        };
        let remembered = self.stored.values().filter(own).map(|stored| stored.vpc.clone());
        found.chain(remembered).chain(self.intent.vpcs.iter().cloned()).collect()
    }

    /// Whether the table knows this endpoint as one of the account.
    fn is_remembered(&self, id: &VpcEndpointId) -> bool {
        self.stored.get(id).is_some_and(|stored| stored.account == self.intent.account)
    }

    /// The named endpoints that neither EC2 nor the table knows.
    fn unknown(&self) -> BTreeSet<VpcEndpointId> {
        let placed = |id: &VpcEndpointId| {
            self.ec2.endpoints.contains_key(id) || self.is_remembered(id) || self.ec2.foreign.contains(id)
        };
        self.intent.vpc_endpoints.iter().filter(|id| !placed(id)).cloned().collect()
    }
}
