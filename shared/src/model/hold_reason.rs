//! Why something is held: names, words and remedies.

mod remedies;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::denied::{Denied, Tried};
use super::dns::DnsName;
use super::ids::{AccountId, HostedZoneId, ProfileId, Region, ServiceId, VpcId};
use super::record::Addresses;

/// Why something is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason")]
pub enum HoldReason {
    /// The owner of a connection that waits is on no allow list.
    NotAllowed {
        /// The account that asks.
        owner: AccountId,
    },
    /// The owner of an established connection is on no allow list (any more).
    Revoked {
        /// The account that is connected.
        owner: AccountId,
        /// Since when that is so; none while nothing can be concluded from it, because the list is empty.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
    },
    /// The endpoint of a connection is in another region than the service, where nobody looks.
    OtherRegion {
        /// The account that is connected.
        owner: AccountId,
        /// The endpoint's region.
        region: Region,
    },
    /// Who may connect could not be read, so that nobody is accepted or rejected for it.
    AllowListUnreadable {
        /// Which call failed, and AWS's code.
        why: String,
    },
    /// Nobody may connect, so that nobody is rejected: an empty list is sooner a mistake than an order.
    AllowListEmpty,
    /// The service's permissions name principals whose connections cannot be told apart from others'.
    UncheckablePrincipals {
        /// They, as EC2 writes them.
        principals: Vec<String>,
    },
    /// A review would reject more connections than one may.
    TooManyRejects {
        /// How many it would reject.
        wanted: usize,
        /// How many one may.
        allowed: u32,
    },
    /// The service of a definition does not exist here.
    ServiceNotFound,
    /// A definition in the table cannot be accepted; nothing is done for its service.
    InvalidDefinition {
        /// Which part, what it said, and what to give instead.
        message: String,
    },
    /// AWS refused a read or a write.
    NoAccess(Denied),
    /// No private hosted zone of the VPC can hold the name.
    NoZone {
        /// When it was read whether a Route 53 Profile brings one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tried: Option<Tried>,
    },
    /// None of the VPC's own zones can hold the name, and a Route 53 Profile brings one that can. zonelink does not
    /// write there: every VPC of the Profile asks it.
    ProfileZone {
        /// The Profile.
        profile: ProfileId,
        /// The zone.
        zone: HostedZoneId,
        /// When that was read.
        tried: Tried,
    },
    /// A zone of an AWS service is asked for the name, and nobody else writes there: most often the one that an
    /// endpoint with private DNS brings.
    ShadowedByPrivateDns {
        /// The zone.
        zone: HostedZoneId,
        /// The service, as `OwningService` names it.
        service: String,
    },
    /// AWS Cloud Map manages the zone, and nobody else writes there.
    CloudMapZone {
        /// Route 53's words.
        message: String,
    },
    /// Not a hold, but a note: a closer zone is asked in place of the record's, so what AWS denies there is of no
    /// consequence. It is kept so that the write is not sent again at every look.
    Shadowed {
        /// What AWS denies.
        because: Box<HoldReason>,
    },
    /// The endpoint has no subnet, and so no address.
    NoSubnet,
    /// The endpoint did not become available in time.
    Stalled {
        /// Its state then; none when it was never seen.
        state: Option<String>,
    },
    /// A record set that is not ours stands at the name.
    ForeignRecord {
        /// What it answers.
        seen: Addresses,
    },
    /// Another controller has marked the record as its own.
    ForeignController {
        /// Which controller.
        controller: String,
        /// Which of its installations, in its own words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
    },
    /// Somebody else writes the record again and again: it is left as it is for a while.
    Contended {
        /// The ARN of who wrote it last, of those whom an event has named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// How often it was put right within an hour.
        repairs: usize,
        /// Until when it is left.
        until: Timestamp,
    },
    /// A record set stands at the name that ours cannot stand beside or replace.
    IncompatibleRecord {
        /// Its kind: "CNAME", "A alias", "A weighted"….
        kinds: Vec<String>,
    },
    /// The name belongs to another service.
    NameTaken {
        /// That service.
        service: ServiceId,
    },
    /// The zone's record belongs to another VPC.
    SharedZone {
        /// That VPC.
        vpc: VpcId,
    },
    /// The zone is another account's than the VPC, and that account has not said that it serves this one's VPCs.
    ZoneOwnerConsent {
        /// The account that owns the zone.
        zone_account: AccountId,
        /// The account that owns the VPC.
        vpc_account: AccountId,
    },
    /// Route 53 refused a change that should have been possible.
    Route53Refused {
        /// Route 53's words.
        message: String,
    },
    /// The addresses of this VPC do not fit into the record beside those of other VPCs.
    RecordFull {
        /// How many values the record would have.
        values: usize,
        /// How many Route 53 lets it have.
        at_most: usize,
    },
    /// The service of a record has no definition, or none that can be accepted.
    NotDefined {
        /// That service.
        service: ServiceId,
    },
    /// A sweep has removed as many record sets as it may, and this one would be one more.
    TooManyDeletes {
        /// The run that met its limit.
        run: String,
        /// The limit.
        at_most: u32,
    },
    /// The VPC is of the account in which the services stand: one of its VPCs may be the service's own.
    ProviderVpc,
    /// As many zones as may be live in the account.
    TooManyZones {
        /// How many may.
        at_most: u32,
    },
    /// The account may have no further hosted zone.
    ZoneQuota {
        /// Route 53's words.
        message: String,
    },
    /// Somebody has deleted the zone that zonelink had made, again within a day.
    ZoneTakenAway {
        /// Its name.
        domain: DnsName,
        /// When it was made the last time.
        made: Timestamp,
    },
    /// Somebody has taken the VPC from the zone that zonelink had made for it.
    ZoneDisassociated {
        /// Its name.
        domain: DnsName,
        /// The zone; none where it was never seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<HostedZoneId>,
    },
    /// A person has taken the record back from zonelink.
    Released {
        /// The ARN of who did.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// A reason that only another version of zonelink knows.
    #[serde(other)]
    Unknown,
}

impl HoldReason {
    /// Whether it holds nothing, but is only remembered.
    #[must_use]
    pub fn is_note(&self) -> bool {
        matches!(self, HoldReason::Shadowed { .. })
    }

    /// The denied write that it tells of.
    pub(crate) fn denied_write(&self) -> Option<&HoldReason> {
        match self {
            HoldReason::Shadowed { because } => because.denied_write(),
            HoldReason::NoAccess(denied) => denied.tried.map(|_| self),
            HoldReason::CloudMapZone { .. } => Some(self),
            _ => None,
        }
    }

    /// Of a name that none of the VPC's zones can hold: when its Profiles were read.
    pub(crate) fn profiles_read(&self) -> Option<Tried> {
        match self {
            HoldReason::NoZone { tried } => *tried,
            HoldReason::ProfileZone { tried, .. } => Some(*tried),
            _ => None,
        }
    }

    /// When something was first met that it names, if that is known better than by when it was written.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        match self {
            HoldReason::NoAccess(denied) => Some(denied.tried?.first),
            HoldReason::NoZone { .. } | HoldReason::ProfileZone { .. } => Some(self.profiles_read()?.first),
            HoldReason::Shadowed { because } => because.since(),
            _ => None,
        }
    }

    /// Its name, by which documents, metrics and logs know it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            HoldReason::NotAllowed { .. } => "NotAllowed",
            HoldReason::Revoked { .. } => "Revoked",
            HoldReason::OtherRegion { .. } => "OtherRegion",
            HoldReason::AllowListUnreadable { .. } => "AllowListUnreadable",
            HoldReason::AllowListEmpty => "AllowListEmpty",
            HoldReason::UncheckablePrincipals { .. } => "UncheckablePrincipals",
            HoldReason::TooManyRejects { .. } => "TooManyRejects",
            HoldReason::ServiceNotFound => "ServiceNotFound",
            HoldReason::InvalidDefinition { .. } => "InvalidDefinition",
            HoldReason::NoAccess(_) => "NoAccess",
            HoldReason::NoZone { .. } => "NoZone",
            HoldReason::ProfileZone { .. } => "ProfileZone",
            HoldReason::ShadowedByPrivateDns { .. } => "ShadowedByPrivateDns",
            HoldReason::CloudMapZone { .. } => "CloudMapZone",
            HoldReason::Shadowed { .. } => "Shadowed",
            HoldReason::NoSubnet => "NoSubnet",
            HoldReason::Stalled { .. } => "Stalled",
            HoldReason::ForeignRecord { .. } => "ForeignRecord",
            HoldReason::ForeignController { .. } => "ForeignController",
            HoldReason::Contended { .. } => "Contended",
            HoldReason::IncompatibleRecord { .. } => "IncompatibleRecord",
            HoldReason::NameTaken { .. } => "NameTaken",
            HoldReason::SharedZone { .. } => "SharedZone",
            HoldReason::ZoneOwnerConsent { .. } => "ZoneOwnerConsent",
            HoldReason::Route53Refused { .. } => "Route53Refused",
            HoldReason::RecordFull { .. } => "RecordFull",
            HoldReason::NotDefined { .. } => "NotDefined",
            HoldReason::TooManyDeletes { .. } => "TooManyDeletes",
            HoldReason::ProviderVpc => "ProviderVpc",
            HoldReason::TooManyZones { .. } => "TooManyZones",
            HoldReason::ZoneQuota { .. } => "ZoneQuota",
            HoldReason::ZoneTakenAway { .. } => "ZoneTakenAway",
            HoldReason::ZoneDisassociated { .. } => "ZoneDisassociated",
            HoldReason::Released { .. } => "Released",
            HoldReason::Unknown => "Unknown",
        }
    }
}
