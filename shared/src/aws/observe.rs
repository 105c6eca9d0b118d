//! Observing the VPCs of an account: their endpoints all at once, the rest of each a few VPCs at a time.
//!
//! One look serves up to a hundred endpoints: EC2 is asked for all of them together, once. When its answer has
//! become old, the VPCs that are left get a look of their own. Zones, record sets and claims are read VPC by
//! VPC, as far as there is room for Route 53 requests.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;

use futures::future::{join, try_join, try_join_all, try_join3};
use jiff::{SignedDuration, Timestamp};

use super::clients::{AccountClients, Aws, or_denied};
use super::seen::Seen;
use crate::claim::Claim;
use crate::error::Error;
use crate::facts::{EndpointFacts, Facts, IpAddressType, StoredEndpoint};
use crate::hold::{HoldReason, Subject};
use crate::ids::{VpcEndpointId, VpcId};
use crate::intent::Intent;
use crate::plan::contribution::{Contribution, contribution};
use crate::policy::Policy;
use crate::rate::{Priority, delay_seconds, delay_seconds_apart};
use crate::record::RecordKey;

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
    stored: BTreeMap<VpcEndpointId, StoredEndpoint>,
    seen: Seen,
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
        let looks = known.into_iter().map(async |known| {
            let vpc = known.vpc.clone();
            self.aws.room_after(self.observe_vpc(&clients, known).await).await.map(|seen| (vpc, seen))
        });
        let (seen, waits) = try_join(try_join_all(looks), self.aws.waits(ids.iter())).await?;
        facts.waits = waits;
        let mut wait = None;
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

    /// What the table and EC2 know of some VPCs.
    async fn known(
        &mut self,
        clients: &AccountClients,
        vpcs: &BTreeSet<VpcId>,
    ) -> Result<Vec<KnownVpc>, Error> {
        let scopes: Vec<_> = vpcs.iter().map(|vpc| format!("{vpc}/")).collect();
        let aws = self.aws;
        let (references, holds, ()) = try_join3(
            try_join_all(vpcs.iter().map(|vpc| aws.references(vpc))),
            try_join_all(scopes.iter().map(|scope| aws.holds(scope))),
            self.seen.read_interfaces(clients),
        )
        .await?;
        let claims = self.aws.claims(references.iter().flatten()).await?;
        self.remember(vpcs, &claims).await?;
        let mut known = Vec::new();
        for ((vpc, references), holds) in vpcs.iter().zip(references).zip(holds) {
            let claimed = |key: RecordKey| claims.get(&key).map(|claim| (key, claim.clone()));
            let claims: BTreeMap<_, _> = references.into_iter().filter_map(claimed).collect();
            let endpoints = self.endpoints_of(clients, vpc, &claims).await?;
            let stored = self.stored.iter().filter(|(id, _)| endpoints.contains_key(id));
            let stored: BTreeMap<_, _> = stored.map(|(id, stored)| (id.clone(), stored.clone())).collect();
            let now = self.aws.now();
            let gives = |(id, endpoint): (&VpcEndpointId, &EndpointFacts)| {
                let given = if self.policy.is_removed(&endpoint.service) {
                    Contribution::Withdraw
                } else {
                    contribution(endpoint, stored.get(id), true, now)
                };
                (id.clone(), given)
            };
            let contributions = endpoints.iter().map(gives).collect();
            known.push(KnownVpc { vpc: vpc.clone(), claims, endpoints, stored, holds, contributions });
        }
        Ok(known)
    }

    /// Reads what the table remembers of endpoints that were not named, in one go.
    async fn remember(
        &mut self,
        vpcs: &BTreeSet<VpcId>,
        claims: &BTreeMap<RecordKey, Claim>,
    ) -> Result<(), Error> {
        let here = self.seen.endpoints.values().filter(|endpoint| vpcs.contains(&endpoint.vpc));
        let here = here.map(|endpoint| &endpoint.vpc_endpoint);
        let ids = here.chain(claims.values().flat_map(|claim| claim.contributions.keys()));
        let ids = ids.filter(|id| !self.stored.contains_key(id) && !self.intent.vpc_endpoints.contains(id));
        // A claim may be of a service that nothing defines.
        let services = self.policy.services.keys().chain(claims.values().map(|claim| &claim.service));
        let services: BTreeSet<_> = services.collect();
        let more = self.aws.stored_endpoints(services.iter().copied(), ids).await?;
        self.stored.extend(more);
        Ok(())
    }

    /// The VPC's endpoints of defined services, and those that a claim or the table still knows.
    async fn endpoints_of(
        &mut self,
        clients: &AccountClients,
        vpc: &VpcId,
        claims: &BTreeMap<RecordKey, Claim>,
    ) -> Result<BTreeMap<VpcEndpointId, EndpointFacts>, Error> {
        let services = self.policy.service_names();
        let of_claims = claims.values().flat_map(|claim| {
            let of_vpc = claim.contributions.iter().filter(|(_, contribution)| contribution.vpc == *vpc);
            of_vpc.map(|(id, _)| (id.clone(), claim.service.clone()))
        });
        let of_table = self.stored.values().filter(|stored| stored.vpc == *vpc);
        let of_table = of_table.map(|stored| (stored.vpc_endpoint.clone(), stored.service.clone()));
        let expected: BTreeMap<_, _> = of_claims.chain(of_table).collect();
        for id in expected.keys() {
            self.seen.read_alone(clients, id).await?;
        }
        self.seen.read_interfaces(clients).await?;
        let mut endpoints = BTreeMap::new();
        for endpoint in self.seen.endpoints.values().filter(|endpoint| endpoint.vpc == *vpc) {
            let defined = services.get(&endpoint.service_name).cloned();
            if let Some(service) = defined.or_else(|| expected.get(&endpoint.vpc_endpoint).cloned()) {
                let facts = endpoint.facts(service, &self.seen.interfaces);
                endpoints.insert(endpoint.vpc_endpoint.clone(), facts);
            }
        }
        for (id, service) in expected {
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
}

/// What is known of a VPC before Route 53 is asked.
pub(super) struct KnownVpc {
    pub(super) vpc: VpcId,
    pub(super) claims: BTreeMap<RecordKey, Claim>,
    pub(super) endpoints: BTreeMap<VpcEndpointId, EndpointFacts>,
    pub(super) stored: BTreeMap<VpcEndpointId, StoredEndpoint>,
    pub(super) holds: BTreeMap<Subject, HoldReason>,
    /// What each endpoint gives, as the plan will see it.
    pub(super) contributions: BTreeMap<VpcEndpointId, Contribution>,
}
