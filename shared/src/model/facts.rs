//! Facts: what was seen, as plain values.
//!
//! `observe` reads everything that a decision needs, every page of it, and hands it over in these
//! structs. A read that was refused is a fact too ([`Denied`]): it never looks like an empty answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::claim::{Claim, IndexedClaim, Pending};
pub use crate::model::consent::Consent;
pub use crate::model::denied::{Denied, Tried};
use crate::model::dns::DnsName;
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::{
    AccountId, NetworkInterfaceId, OrganizationId, Region, ServiceId, SubnetId, VpcEndpointId, VpcId,
};
use crate::model::policy::OrganizationPath;
use crate::model::record::{Addresses, RecordKey, SeenRecords};
pub use crate::model::zone::{Association, PrivateHostedZone, ProfileZone, ZoneOwner, Zones};
use crate::model::zone_claim::{ClaimedZone, ZoneMaking};

/// The state of an endpoint or connection.
///
/// EC2 answers in camel case (`pendingAcceptance`) what its model lists in Pascal case, so that the SDK's
/// own enum never matches; states are compared ignoring case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum VpcEndpointState {
    /// Waits for the provider's word.
    PendingAcceptance,
    /// Accepted, or being modified; does not answer yet.
    Pending,
    /// Answers.
    Available,
    /// On its way out.
    Deleting,
    /// Gone.
    Deleted,
    /// Refused by the provider.
    Rejected,
    /// Could not be made.
    Failed,
    /// Never accepted in time.
    Expired,
    /// Some of it is there.
    Partial,
    /// Any other word.
    Other(String),
}

impl VpcEndpointState {
    const KNOWN: [(&'static str, VpcEndpointState); 9] = [
        ("pendingAcceptance", VpcEndpointState::PendingAcceptance),
        ("pending", VpcEndpointState::Pending),
        ("available", VpcEndpointState::Available),
        ("deleting", VpcEndpointState::Deleting),
        ("deleted", VpcEndpointState::Deleted),
        ("rejected", VpcEndpointState::Rejected),
        ("failed", VpcEndpointState::Failed),
        ("expired", VpcEndpointState::Expired),
        ("partial", VpcEndpointState::Partial),
    ];

    /// Whether the endpoint goes, or has gone, for good.
    #[must_use]
    pub fn is_over(&self) -> bool {
        use VpcEndpointState::{Deleted, Deleting, Expired, Failed, Rejected};
        matches!(self, Deleting | Deleted | Rejected | Failed | Expired)
    }

    /// As EC2 writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        if let VpcEndpointState::Other(word) = self {
            return word;
        }
        Self::KNOWN.iter().find(|(_, state)| state == self).map_or("", |(word, _)| word)
    }

    /// Whether it is gone, or on its way out.
    #[must_use]
    pub fn is_going(&self) -> bool {
        matches!(self, Self::Deleting | Self::Deleted | Self::Rejected | Self::Failed | Self::Expired)
    }
}

impl From<&str> for VpcEndpointState {
    fn from(word: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
        known.map_or_else(|| VpcEndpointState::Other(word.to_owned()), |(_, state)| state)
    }
}

impl From<String> for VpcEndpointState {
    fn from(word: String) -> Self {
        Self::from(word.as_str())
    }
}

impl From<VpcEndpointState> for String {
    fn from(state: VpcEndpointState) -> String {
        state.as_str().to_owned()
    }
}

impl fmt::Display for VpcEndpointState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One connection to a service, as its provider sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The client's endpoint.
    pub vpc_endpoint: VpcEndpointId,
    /// The account that owns it. More about who made it, AWS does not tell.
    pub owner: AccountId,
    /// The connection's state.
    pub state: VpcEndpointState,
    /// The endpoint's region; the service's own where AWS does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
}

/// What was read to tell who may connect, besides what the definition itself says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowListFacts {
    /// Where owners of connections stand in an organization, or why that could not be read; only of those of
    /// whom it makes a difference.
    pub memberships: BTreeMap<AccountId, Result<Membership, String>>,
    /// The principals that the service's own permissions name, or why they could not be read; none when no
    /// rule mirrors them.
    pub permissions: Option<Result<BTreeSet<String>, String>>,
}

/// What Organizations says of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The organization that was asked.
    pub organization: OrganizationId,
    /// Where in it the account stands; none when it is no member.
    pub place: Option<OrganizationPath>,
}

/// What a review of one service's connections saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceFacts {
    /// The service.
    pub service: ServiceId,
    /// Whether it exists in this account and region; none when that was not asked.
    pub exists: Option<bool>,
    /// Its connections.
    pub connections: Vec<Connection>,
    /// Whether these are all of them, or only those that wait for acceptance.
    pub complete: bool,
    /// What was read to tell who may connect.
    #[serde(default)]
    pub allow_list: AllowListFacts,
    /// The service's endpoints in the table, as far as they were needed.
    pub stored: BTreeMap<VpcEndpointId, StoredEndpoint>,
    /// The holds on the service and its connections in the table.
    pub holds: BTreeMap<Subject, HoldReason>,
}

/// A VPC, and the account that owns it.
pub type Place = (AccountId, VpcId);

/// What the table says of claims, and of endpoints that no review of a service asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepFacts {
    /// The index of all claims.
    pub claims: Vec<IndexedClaim>,
    /// The remembered endpoints of services that nothing defines, or whose definition is refused.
    pub undefined: Vec<StoredEndpoint>,
    /// VPCs of which something is held.
    pub held: BTreeSet<Place>,
}

/// What was seen of some VPCs of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The account that owns the VPCs.
    pub account: AccountId,
    /// When this was observed. The plan has no other clock.
    pub now: Timestamp,
    /// Why nothing could be read in the account, if so.
    pub denied: Option<Denied>,
    /// The account's own holds in the table.
    pub holds: BTreeMap<Subject, HoldReason>,
    /// VPC by VPC.
    pub vpcs: Vec<VpcFacts>,
    /// Endpoints that were asked for and that neither EC2 nor the table knows.
    pub unknown: BTreeSet<VpcEndpointId>,
    /// The waiting chains of all these endpoints.
    pub waits: BTreeMap<VpcEndpointId, Wait>,
    /// Whether network interfaces were asked for, in these VPCs or others.
    #[serde(default)]
    pub interfaces_read: bool,
}

impl Facts {
    /// How many seconds ago the oldest change was announced that no claim of these VPCs has confirmed; 0 when none
    /// is on its way.
    #[must_use]
    pub fn pending_age(&self) -> u64 {
        let records = self.vpcs.iter().flat_map(|vpc| &vpc.records);
        let pending = records.filter_map(|record| record.claim.as_ref()?.pending.as_ref());
        let oldest = pending.map(Pending::announced).min();
        let age = oldest.map_or(0, |announced| self.now.duration_since(announced).as_secs());
        u64::try_from(age).unwrap_or_default()
    }
}

/// What was seen of one VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcFacts {
    /// The VPC.
    pub vpc: VpcId,
    /// Its endpoints of services that are defined, and those that claims or the table still know.
    pub endpoints: BTreeMap<VpcEndpointId, EndpointFacts>,
    /// What the table says of these endpoints.
    pub stored: BTreeMap<VpcEndpointId, StoredEndpoint>,
    /// The private hosted zones associated with it, those of AWS services too; none when they were not asked for,
    /// because no endpoint publishes.
    pub zones: Option<Result<Zones, Denied>>,
    /// The zones that Route 53 Profiles bring; none when they were not asked for, or not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiles: Option<Vec<ProfileZone>>,
    /// Each name in each of these zones, and each further one that the VPC has a claim on.
    pub records: Vec<RecordFacts>,
    /// The holds on the VPC, its endpoints and records in the table.
    pub holds: BTreeMap<Subject, HoldReason>,
    /// The claims on zones that zonelink makes for it, by the zone's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub zone_claims: BTreeMap<DnsName, ClaimedZone>,
    /// What is to be known where a zone may have to be made; none where a zone can hold each name, or none is to be
    /// made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub making: Option<ZoneMaking>,
}

impl VpcFacts {
    /// The zones, as far as they were listed.
    #[must_use]
    pub fn listed_zones(&self) -> Option<&Zones> {
        self.zones.as_ref()?.as_ref().ok()
    }
}

/// What was seen of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointFacts {
    /// The service that it leads to.
    pub service: ServiceId,
    /// Its state; none when EC2, asked for it alone by its id, knows no such endpoint, or its account cannot be read.
    pub state: Option<VpcEndpointState>,
    /// Which families it is to answer: `ipv4`, `ipv6` or `dualstack`, as EC2 writes it.
    pub ip_address_type: IpAddressType,
    /// Its subnets.
    pub subnets: BTreeSet<SubnetId>,
    /// The network interfaces that EC2 lists for it.
    pub interfaces: BTreeMap<NetworkInterfaceId, InterfaceFacts>,
}

/// Which addresses an endpoint has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IpAddressType {
    /// IPv4 only.
    #[default]
    Ipv4,
    /// IPv6 only.
    Ipv6,
    /// Both.
    Dualstack,
}

/// What was seen of one network interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterfaceFacts {
    /// The subnet in which it stands.
    pub subnet: SubnetId,
    /// Its private addresses.
    pub addresses: Addresses,
}

/// What was seen of one name in one zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordFacts {
    /// The zone and name.
    pub key: RecordKey,
    /// The account that owns the zone.
    pub zone_account: AccountId,
    /// Whether the zone answers this VPC.
    pub association: Association,
    /// What stands there.
    pub seen: Result<SeenRecords, Denied>,
    /// The claim, read strongly consistent.
    pub claim: Option<Claim>,
    /// Whether the zone's owner lets this VPC be written there.
    #[serde(default, skip_serializing_if = "Consent::is_unasked")]
    pub consent: Consent,
    /// VPCs that are held because the record belongs to another VPC or service, each with its account.
    #[serde(default)]
    pub waiting: BTreeMap<VpcId, AccountId>,
}

/// What the table remembers of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEndpoint {
    /// The service that it leads to.
    pub service: ServiceId,
    /// The endpoint.
    pub vpc_endpoint: VpcEndpointId,
    /// The account that owns it.
    pub account: AccountId,
    /// The VPC in which it stands; an endpoint never moves.
    pub vpc: VpcId,
    /// The state in which it was last seen; none for one that EC2 no longer knows.
    pub state: Option<VpcEndpointState>,
    /// The addresses that it last published.
    pub addresses: Addresses,
    /// Whether its owner may connect, as a review has found last, where the definition alone does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<bool>,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When the table forgets it, in seconds since 1970 (DynamoDB's TTL): set when it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

impl StoredEndpoint {
    /// Whether it was last seen waiting or at work.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let alive =
            [VpcEndpointState::PendingAcceptance, VpcEndpointState::Pending, VpcEndpointState::Available];
        self.state.as_ref().is_some_and(|state| alive.contains(state))
    }
}

/// The waiting chain of one endpoint: one message at a time travels the queue for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// When the next look is due; stored in seconds since 1970, so that conditions can compare it.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub due: Timestamp,
    /// When waiting ends and the endpoint is held.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub deadline: Timestamp,
    /// Seconds from the last look to `due`.
    pub delay_seconds: i32,
    /// The message that took the last turn, by its id in the queue: should it come back, it may not have sent
    /// for the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_in_any_case_and_written_as_ec2_writes_them() {
        for word in ["pendingAcceptance", "PendingAcceptance", "PENDINGACCEPTANCE"] {
            assert_eq!(VpcEndpointState::from(word), VpcEndpointState::PendingAcceptance);
        }
        assert_eq!(VpcEndpointState::PendingAcceptance.to_string(), "pendingAcceptance");
        assert_eq!(VpcEndpointState::from("resting"), VpcEndpointState::Other("resting".into()));
    }
}
