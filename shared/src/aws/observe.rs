//! Observing the VPCs of an account: their endpoints all at once, the rest of each a few VPCs at a time.
//!
//! One look serves up to a hundred endpoints: EC2 is asked for all of them together, once. When its answer has
//! become old, the VPCs that are left get a look of their own. Zones, record sets and claims are read VPC by
//! VPC, as far as there is room for Route 53 requests.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;

use futures::future::{join, try_join, try_join_all};
use jiff::{SignedDuration, Timestamp};

use super::clients::{AccountClients, Aws, or_denied};
use super::known::KnownVpc;
use super::observe_vpc::Need;
use super::seen::Seen;
use crate::error::Error;
use crate::facts::{Facts, StoredEndpoint};
use crate::ids::{VpcEndpointId, VpcId};
use crate::intent::Intent;
use crate::policy::Policy;
use crate::rate::{Priority, delay_seconds, delay_seconds_apart};

/// How many VPCs are observed, planned and changed together.
const VPCS_AT_ONCE: usize = 10;
/// What EC2 answered longer ago than this is believed no more, because endpoints may have gone since. The VPCs
/// that are left then get a message of their own, and the run can say how far it is.
const FRESH: SignedDuration = SignedDuration::from_secs(10);

/// A look at the VPCs that an intent leads to.
pub struct Look<'a> {
    pub(super) aws: &'a Aws,
    pub(super) policy: &'a Policy,
    pub(super) intent: &'a Intent,
    /// When EC2 answered; none before it was asked.
    read_at: Option<Timestamp>,
    pub(super) stored: BTreeMap<VpcEndpointId, StoredEndpoint>,
    pub(super) seen: Seen,
    left: BTreeSet<VpcId>,
    over: bool,
}

impl<'a> Look<'a> {
    /// Begins to look where `intent` points.
    #[must_use]
    pub fn new(aws: &'a Aws, policy: &'a Policy, intent: &'a Intent) -> Self {
        Self {
            aws,
            policy,
            intent,
            read_at: None,
            stored: BTreeMap::new(),
            seen: Seen::default(),
            left: BTreeSet::new(),
            over: false,
        }
    }

    /// What is to be seen of the next VPCs; none when all were shown. The first has what concerns the account.
    ///
    /// What is refused for want of permission becomes a fact.
    ///
    /// # Errors
    /// When a read fails for any other reason: then nothing is known, and nothing may be decided.
    pub async fn next(&mut self) -> Result<Option<Facts>, Error> {
        if self.over {
            return Ok(None);
        }
        let (aws, account) = (self.aws, &self.intent.account);
        let scope = self.read_at.is_none().then(|| format!("{account}/"));
        let holds = async {
            match scope {
                Some(scope) => aws.holds(&scope).await,
                None => Ok(BTreeMap::new()),
            }
        };
        let (holds, seen) = join(holds, self.observe()).await;
        let (holds, seen) = (holds?, or_denied(account, seen)?);
        self.over |= self.left.is_empty() || seen.is_err();
        if seen.is_err() {
            // Its role may have been made anew.
            aws.forget(account).await;
        }
        Ok(Some(match seen {
            Ok(facts) => Facts { holds, ..facts },
            Err(denied) => Facts { holds, denied: Some(denied), ..self.no_facts() },
        }))
    }

    fn no_facts(&self) -> Facts {
        Facts {
            account: self.intent.account.clone(),
            now: self.aws.now(),
            denied: None,
            holds: BTreeMap::new(),
            vpcs: Vec::new(),
            rest: BTreeSet::new(),
            rest_after: 0,
            unknown: BTreeSet::new(),
            waits: BTreeMap::new(),
            interfaces_read: !self.seen.asked.is_empty(),
        }
    }

    /// What is to be seen of the next VPCs, with the rights of their account.
    async fn observe(&mut self) -> Result<Facts, Error> {
        let first = self.read_at.is_none();
        if self.read_at.is_some_and(|read_at| self.aws.now().duration_since(read_at) > FRESH) {
            return Ok(Facts { rest: take(&mut self.left), ..self.no_facts() });
        }
        let clients = self.aws.of(&self.intent.account).await?;
        if first {
            Box::pin(self.read(&clients)).await?;
        }
        let mut facts = self.no_facts();
        let vpcs: BTreeSet<VpcId> = self.left.iter().take(VPCS_AT_ONCE).cloned().collect();
        self.left.retain(|vpc| !vpcs.contains(vpc));
        let known = self.known(&clients, &vpcs).await?;
        facts.interfaces_read = !self.seen.asked.is_empty();
        if first {
            facts.unknown = self.unknown();
        }
        let ids: BTreeSet<VpcEndpointId> =
            known.iter().flat_map(|known| known.endpoints.keys()).chain(&facts.unknown).cloned().collect();
        let (known, mut wait) = self.with_room(known, &mut facts.rest).await?;
        let looks = known.into_iter().map(async |(known, need)| {
            let vpc = known.vpc.clone();
            self.aws.room_after(self.observe_vpc(&clients, known, need).await).await.map(|seen| (vpc, seen))
        });
        let (seen, waits) = try_join(try_join_all(looks), self.aws.waits(ids.iter())).await?;
        facts.waits = waits;
        for (vpc, seen) in seen {
            match seen {
                Ok(vpc_facts) => facts.vpcs.push(vpc_facts),
                Err(longer) => {
                    facts.rest.insert(vpc);
                    wait = wait.max(Some(longer));
                }
            }
        }
        if let Some(wait) = wait {
            // What was observed so far is seen through; the rest comes back when there is room.
            facts.rest.append(&mut self.left);
            facts.rest_after = match self.intent.priority {
                Priority::Sweep => delay_seconds(self.aws.take_turn(&facts.account, wait).await?),
                _ => delay_seconds_apart(wait, facts.now),
            };
        }
        Ok(facts)
    }

    /// Reserves room for as many VPCs as there is, in one go; the others are added to `rest`, and the time until
    /// there is room for the next of them is given.
    async fn with_room(
        &self,
        known: Vec<KnownVpc>,
        rest: &mut BTreeSet<VpcId>,
    ) -> Result<(Vec<(KnownVpc, Need)>, Option<SignedDuration>), Error> {
        let mut asking: Vec<_> = known.into_iter().map(|known| (self.need(&known), known)).collect();
        // One that needs much keeps none of the others waiting.
        asking.sort_by_key(|(need, _)| need.requests());
        let wanted: Vec<u32> = asking.iter().map(|(need, _)| need.requests()).collect();
        let (granted, wait) =
            self.aws.reserve_in_order(&self.intent.account, &wanted, self.intent.priority).await?;
        if let Some(wait) = wait {
            self.aws.count_wait(wait);
        }
        let mut with_room = Vec::new();
        for (number, (need, known)) in asking.into_iter().enumerate() {
            if number < granted {
                with_room.push((known, need));
            } else {
                rest.insert(known.vpc);
            }
        }
        Ok((with_room, wait))
    }

    /// Finds the VPCs and their endpoints.
    async fn read(&mut self, clients: &AccountClients) -> Result<(), Error> {
        self.read_at = Some(self.aws.now());
        let named = &self.intent.vpc_endpoints;
        let stored = self.aws.stored_endpoints(self.policy.services.keys(), named.iter());
        if self.intent.is_of_all() {
            self.read_all(clients).await?;
        } else if self.intent.priority == Priority::Sweep {
            // Whose VPC the table knows is found with the VPC, which saves a call for a hundred of them.
            self.stored = stored.await?;
            let new = named.iter().filter(|id| !self.is_remembered(id)).cloned().collect();
            self.seen.read_named(clients, self.policy, &new).await?;
        } else {
            let read = self.seen.read_named(clients, self.policy, named);
            (self.stored, ()) = try_join(stored, read).await?;
        }
        self.left = self.vpcs();
        self.seen.read_vpcs(clients, self.policy, &self.left).await
    }

    /// Finds all endpoints of the account that the table does not remember: it leads a sweep to the others.
    async fn read_all(&mut self, clients: &AccountClients) -> Result<(), Error> {
        self.seen.read_all(clients, self.policy).await?;
        let services = self.policy.services.keys();
        let remembered = self.aws.stored_endpoints(services, self.seen.endpoints.keys()).await?;
        self.seen.endpoints.retain(|id, _| !remembered.contains_key(id));
        Ok(())
    }

    fn vpcs(&self) -> BTreeSet<VpcId> {
        let found = self.seen.endpoints.values().map(|endpoint| endpoint.vpc.clone());
        let own = |stored: &&StoredEndpoint| {
            stored.account == self.intent.account && !self.seen.foreign.contains(&stored.vpc_endpoint)
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
            self.seen.endpoints.contains_key(id) || self.is_remembered(id) || self.seen.foreign.contains(id)
        };
        self.intent.vpc_endpoints.iter().filter(|id| !placed(id)).cloned().collect()
    }
}
