//! Zone claims: which private hosted zones are ours, and how far each is.
//!
//! A claim is the one item that says so. It is written before Route 53 is asked for the zone, as `making`, and before it
//! is asked to delete it, as `removing`, so that a crash in between leaves a claim that names what may stand there. It stands in the partition of its VPC's references:
//! the read that finds a VPC's claims on records finds it too, and an installation that never made a zone reads nothing
//! more for it.
//!
//! What makes a zone ours is the claim **and** the zone's `CallerReference`, which is set with the creation. No call of
//! Route 53 changes it ([CreateHostedZone](
//! https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html)).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::claim::IndexedClaim;
use super::denied::Denied;
use super::dns::DnsName;
use super::hexadecimal::hexadecimal;
use super::ids::{AccountId, HostedZoneId, Region, ServiceId, VpcId};
use super::zone::Association;

/// The ownership of the zone of one domain in one VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneClaim {
    /// The VPC for which the zone is made.
    pub vpc: VpcId,
    /// The account that owns the VPC, and the zone.
    pub account: AccountId,
    /// The zone's name.
    pub domain: DnsName,
    /// The service for which it was made first.
    pub service: ServiceId,
    /// The `CallerReference` with which it is made: at most 128 characters.
    pub caller_reference: String,
    /// How far it is.
    #[serde(flatten)]
    pub state: ZoneState,
    /// When it was made once more, after somebody had deleted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_anew: Option<Timestamp>,
    /// Grows by one with each write; each write is conditional on it.
    pub version: u64,
}

/// How far a zone is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum ZoneState {
    /// Route 53 may have been asked for it.
    Making {
        /// The one request ends before this moment.
        until: Timestamp,
    },
    /// It was seen.
    Made {
        /// Its id.
        zone: HostedZoneId,
    },
    /// Nothing needs it any more, and Route 53 may have been asked to delete it.
    Removing {
        /// Its id.
        zone: HostedZoneId,
        /// The one request ends before this moment.
        until: Timestamp,
    },
}

impl ZoneClaim {
    /// The beginning of the `CallerReference` of every zone that an installation makes of a domain for a VPC. A
    /// generation follows: AWS does not say whether a reference can be used again once its zone is gone.
    #[must_use]
    pub fn reference_of(installation: &str, vpc: &VpcId, domain: &DnsName) -> String {
        const BYTES: usize = 16;
        let hash = Sha256::digest(format!("{installation}\n{vpc}\n{domain}\n"));
        format!("zl-{}-", hexadecimal(&hash[..BYTES]))
    }

    /// The beginning of this one's, whatever its generation.
    fn beginning(&self) -> &str {
        self.caller_reference.rsplit_once('-').map_or("", |(beginning, _)| beginning)
    }

    /// Whether a zone with this `CallerReference` is one that was made for this claim, in any generation.
    #[must_use]
    pub fn is_reference_of_ours(&self, caller_reference: &str) -> bool {
        let generation = caller_reference.strip_prefix(self.beginning());
        !self.beginning().is_empty()
            && generation.and_then(|rest| rest.strip_prefix('-')).is_some_and(|generation| {
                !generation.is_empty() && generation.bytes().all(|byte| byte.is_ascii_digit())
            })
    }

    /// The `CallerReference` of another generation.
    #[must_use]
    pub fn next_reference(&self, generation: u64) -> String {
        format!("{}-{generation}", self.beginning())
    }

    /// The zone, once it was seen.
    #[must_use]
    pub fn zone(&self) -> Option<&HostedZoneId> {
        match &self.state {
            ZoneState::Made { zone } | ZoneState::Removing { zone, .. } => Some(zone),
            ZoneState::Making { .. } => None,
        }
    }

    /// What the index of claims is to say of it.
    #[must_use]
    pub fn indexed(&self) -> IndexedClaim {
        let (service, account, vpc) = (self.service.clone(), self.account.clone(), self.vpc.clone());
        IndexedClaim { service, account, vpc, others: BTreeMap::new() }
    }
}

/// A zone claim, and what was seen of its zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimedZone {
    /// The claim, read strongly consistent.
    pub claim: ZoneClaim,
    /// What was seen besides the VPC's list of zones.
    #[serde(default, skip_serializing_if = "ZoneLook::is_unasked")]
    pub look: ZoneLook,
}

/// What `GetHostedZone` said where the VPC's list does not tell enough.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ZoneLook {
    /// The list tells enough.
    #[default]
    Unasked,
    /// A claim that is `making`, and a zone of its name is listed: with which `CallerReference` that was made; none
    /// when the zone is gone by now.
    Reference {
        /// The zone.
        zone: HostedZoneId,
        /// Its `CallerReference`.
        caller_reference: Option<String>,
    },
    /// The zone of a claim that is `made` is not listed: how it stands to the VPC.
    Unlisted(Association),
    /// The zone of a claim that is `made` seems to be needed no more, or one that is `removing` may be there still.
    Contents {
        /// What stands there; none when there is no such zone.
        contents: Option<ZoneContents>,
        /// Whether a claim on a record stands in it, of whichever VPC.
        claimed: bool,
    },
    /// AWS refused to say.
    Denied(Denied),
}

impl ZoneLook {
    fn is_unasked(&self) -> bool {
        *self == Self::Unasked
    }
}

/// What a zone is, and what stands in it: by this it is deleted, or left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneContents {
    /// Its `CallerReference`.
    pub caller_reference: String,
    /// `ResourceRecordSetCount`: how many record sets it has; none where Route 53 does not say. SOA and NS are two, and
    /// no zone is without them ([NS and SOA records](
    /// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_sets: Option<u64>,
    /// The VPCs that it answers.
    pub vpcs: BTreeSet<VpcId>,
}

/// What is to be known where a zone may have to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneMaking {
    /// Which installation this is, in words that stay the same.
    pub installation: String,
    /// The account in which the services stand.
    pub provider: AccountId,
    /// How many zone claims live in the VPC's account.
    pub zones: u32,
    /// How many may.
    pub at_most: u32,
}

/// How many zone claims live in an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneCount {
    /// The number; below nothing where the item was lost once.
    #[serde(default)]
    pub zones: i64,
}

/// A private hosted zone as Route 53 is asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewZone {
    /// Its name.
    pub domain: DnsName,
    /// The VPC that it is to answer.
    pub vpc: VpcId,
    /// That VPC's region.
    pub region: Region,
    /// Set with the creation, and never changed.
    pub caller_reference: String,
    /// Tells people; they may edit it, and it decides nothing.
    pub comment: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
        text.parse().unwrap()
    }

    fn claim(caller_reference: &str) -> ZoneClaim {
        ZoneClaim {
            vpc: id("vpc-00000001"),
            account: id("444455556666"),
            domain: id("aws.byoc.example.com"),
            service: id("vpce-svc-00000001"),
            caller_reference: caller_reference.into(),
            state: ZoneState::Making { until: Timestamp::UNIX_EPOCH },
            made_anew: None,
            version: 1,
        }
    }

    #[test]
    fn caller_reference_names_installation_vpc_and_domain_and_fits() {
        let of = |installation, vpc, domain| ZoneClaim::reference_of(installation, &id(vpc), &id(domain));
        let one = of("111122223333/us-west-2/zonelink", "vpc-00000001", "example.com");
        let generation = u64::MAX.to_string();
        assert!(one.starts_with("zl-") && one.len() + generation.len() <= 128, "{one}");
        assert_ne!(one, of("111122223333/us-west-2/second", "vpc-00000001", "example.com"));
        assert_ne!(one, of("111122223333/us-west-2/zonelink", "vpc-00000002", "example.com"));
        assert_ne!(one, of("111122223333/us-west-2/zonelink", "vpc-00000001", "example.org"));
    }

    #[test]
    fn every_generation_is_ours_and_nothing_else_is() {
        let claim = claim("zl-0123-17");
        for (reference, ours) in [
            ("zl-0123-17", true),
            (&claim.next_reference(18), true),
            ("zl-0123-", false),
            ("zl-0123", false),
            ("zl-0123-1x", false),
            ("zl-01234-17", false),
            ("terraform-20260302", false),
        ] {
            assert_eq!(claim.is_reference_of_ours(reference), ours, "{reference}");
        }
        assert!(!super::tests::claim("nonsense").is_reference_of_ours("-1"));
    }

    #[test]
    fn claim_is_stored_with_its_state_beside_the_rest() {
        let stored = serde_json::to_value(claim("zl-0-1")).unwrap();
        assert_eq!((&stored["state"], &stored["until"]), (&"making".into(), &"1970-01-01T00:00:00Z".into()));
        assert_eq!(serde_json::from_value::<ZoneClaim>(stored).unwrap(), claim("zl-0-1"));
        let made = ZoneClaim { state: ZoneState::Made { zone: id("Z1") }, ..claim("zl-0-1") };
        let stored = serde_json::to_value(&made).unwrap();
        assert_eq!((&stored["state"], &stored["zone"]), (&"made".into(), &"Z1".into()));
        assert_eq!(serde_json::from_value::<ZoneClaim>(stored).unwrap(), made);
        let state = ZoneState::Removing { zone: id("Z1"), until: Timestamp::UNIX_EPOCH };
        let removing = ZoneClaim { state, ..claim("zl-0-1") };
        let stored = serde_json::to_value(&removing).unwrap();
        let said = (&stored["state"], &stored["zone"], &stored["until"]);
        assert_eq!(said, (&"removing".into(), &"Z1".into(), &"1970-01-01T00:00:00Z".into()));
        assert_eq!(serde_json::from_value::<ZoneClaim>(stored).unwrap(), removing);
    }
}
