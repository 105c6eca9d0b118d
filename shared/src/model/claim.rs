//! Claims: which record sets are ours, and what we last wrote there.
//!
//! A claim is the one item that says so. Every Route 53 change is announced in it first, as `pending`,
//! and confirmed afterwards, so that a crash between the two leaves a claim that names both the values
//! before and the values after. See ARCHITECTURE.md, "Who owns a record".

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::consent::Consented;
use crate::model::ids::{AccountId, ServiceId, VpcEndpointId, VpcId};
use crate::model::record::{Addresses, RecordKey, SeenRecords};
use crate::model::repairs::Repairs;

/// The ownership of one name in one zone, A and AAAA together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The zone and name.
    pub key: RecordKey,
    /// The account that owns the zone.
    pub zone_account: AccountId,
    /// The service whose endpoints the name leads to. A name has one service.
    pub service: ServiceId,
    /// What each endpoint adds.
    pub contributions: BTreeMap<VpcEndpointId, Contribution>,
    /// Whether we made the record sets.
    pub origin: Origin,
    /// What we wrote and know to be there; empty when we wrote nothing yet.
    pub confirmed: Addresses,
    /// The TTL that we wrote with it. None where that is not known: in a claim that an older version confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
    /// When it was put right after somebody else had written it.
    #[serde(default, skip_serializing_if = "Repairs::is_empty")]
    pub repairs: Repairs,
    /// A change that was announced and not yet confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
    /// A person has taken the record back: nothing of it is ours, and nothing is done to it until it is handed over
    /// again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Released>,
    /// Grows by one with each write; each write is conditional on it.
    pub version: u64,
}

/// The addresses of one endpoint, as last published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// The endpoint's VPC.
    pub vpc: VpcId,
    /// The account that owns endpoint and VPC.
    pub account: AccountId,
    /// The addresses of the endpoint's network interfaces.
    pub addresses: Addresses,
    /// That the zone's owner, another account, had consented when they were written. None where zone and VPC are of one
    /// account, and in a claim from before anybody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consented>,
}

/// Where a claimed record set came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// We wrote its values.
    Created,
    /// It stood there with the right values before us, and we never changed them.
    Adopted,
}

/// A change on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// What was seen before; empty for nothing.
    pub from: Addresses,
    /// What is written; empty for a removal.
    pub to: Addresses,
    /// The TTL that is written with it. Values that stand there under another TTL are not what we wrote. None in a
    /// claim that version 0.1.0 announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
    /// The one request ends before this moment.
    pub until: Timestamp,
}

impl Pending {
    /// How long a change may be on its way, from the plan to the end of its last retry.
    pub const MAY_TAKE: SignedDuration = SignedDuration::from_secs(60);

    /// Whether what is seen is what the change would have made. Values alone do not tell: somebody else may have
    /// written the same under a TTL of his own. A change of the TTL alone is not told apart, and need not be: whose
    /// the values are does not change with it.
    #[must_use]
    pub fn is_in_place(&self, seen: &SeenRecords) -> bool {
        let same_ttl = |seen: u32| self.ttl.is_none_or(|ttl| seen == ttl);
        seen.addresses() == self.to && (self.from == self.to || seen.ttls().all(same_ttl))
    }

    /// Whether what is seen is what the change would have made, its TTL included though it is a change of that alone.
    #[must_use]
    pub fn is_made(&self, seen: &SeenRecords) -> bool {
        self.is_in_place(seen) && self.ttl.is_none_or(|ttl| seen.ttls().all(|seen| seen == ttl))
    }

    /// When it was announced.
    #[must_use]
    pub fn announced(&self) -> Timestamp {
        self.until - Self::MAY_TAKE
    }
}

/// What the index of claims says of one: whose it is, and which VPCs look at it. The sweep reads the index to
/// find claims that no definition and no remembered endpoint leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedClaim {
    /// The service.
    pub service: ServiceId,
    /// The account of a VPC that adds to it.
    pub account: AccountId,
    /// That VPC.
    pub vpc: VpcId,
    /// Further VPCs that add to it, each with its account.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<VpcId, AccountId>,
}

impl IndexedClaim {
    /// All VPCs that add to the claim, each with its account.
    pub fn places(&self) -> impl Iterator<Item = (AccountId, VpcId)> {
        let others = self.others.iter().map(|(vpc, account)| (account.clone(), vpc.clone()));
        [(self.account.clone(), self.vpc.clone())].into_iter().chain(others)
    }
}

/// Who has taken a record back from zonelink, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// The ARN of the caller.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Claim {
    /// What the index is to say of it; nothing when no VPC adds to it.
    #[must_use]
    pub fn indexed(&self) -> Option<IndexedClaim> {
        let places = self.contributions.values().map(|given| (given.vpc.clone(), given.account.clone()));
        let mut others: BTreeMap<VpcId, AccountId> = places.collect();
        let (vpc, account) = others.pop_first()?;
        Some(IndexedClaim { service: self.service.clone(), account, vpc, others })
    }

    /// What all contributions give together.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        union(&self.contributions)
    }

    /// The VPCs that contribute.
    #[must_use]
    pub fn vpcs(&self) -> BTreeSet<VpcId> {
        self.contributions.values().map(|contribution| contribution.vpc.clone()).collect()
    }

    /// The claim once its pending change is known to be in place.
    #[must_use]
    pub fn confirm(&self) -> Claim {
        let mut claim = self.clone();
        if let Some(pending) = claim.pending.take() {
            claim.confirmed = pending.to;
            claim.ttl = pending.ttl;
        }
        claim.version += 1;
        claim
    }
}

/// What contributions give together.
#[must_use]
pub fn union(contributions: &BTreeMap<VpcEndpointId, Contribution>) -> Addresses {
    let mut union = Addresses::default();
    for contribution in contributions.values() {
        union.merge(&contribution.addresses);
    }
    union
}
