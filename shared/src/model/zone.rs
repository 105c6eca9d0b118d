//! The private hosted zones of a VPC, and which of them is asked for a name.
//!
//! Route 53 asks one zone alone: of those that are the name or a parent of it the one with the longest name, the
//! closest. What is not there does not exist, whatever a parent says ([considerations](
//! https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html)).
//!
//! ```text
//! closest zone                        a parent of it        who answers     who is written: every, answering
//! of an account                       –                     the closest     all of accounts, the closest
//! of an account                       of an AWS service     the closest     all of accounts, the closest
//! of an AWS service (private DNS)     of an account         AWS             all of accounts, the closest of accounts
//! of an AWS service                   –                     AWS             none
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::dns::DnsName;
use super::ids::{AccountId, HostedZoneId, ProfileId};
use super::record::RecordKey;

/// A private hosted zone that is associated with the VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateHostedZone {
    /// Its name.
    pub name: DnsName,
    /// Who owns it.
    #[serde(flatten)]
    pub owner: ZoneOwner,
}

/// Who owns a private hosted zone ([HostedZoneOwner](
/// https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZoneOwner.html)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ZoneOwner {
    /// An account. A zone of AWS Cloud Map is listed so too, though its account may not write into it.
    Account(AccountId),
    /// An AWS service, as of an endpoint that has private DNS. Nobody else writes into it.
    Service(String),
}

impl PrivateHostedZone {
    /// A zone that an account owns.
    #[must_use]
    pub fn of_account(name: DnsName, account: AccountId) -> Self {
        Self { name, owner: ZoneOwner::Account(account) }
    }

    /// The account with whose rights it is read and written; none when an AWS service owns it.
    #[must_use]
    pub fn account(&self) -> Option<&AccountId> {
        match &self.owner {
            ZoneOwner::Account(account) => Some(account),
            ZoneOwner::Service(_) => None,
        }
    }
}

/// How zone and VPC stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Association {
    /// Listed among the VPC's zones, or `GetHostedZone` still shows the VPC.
    Associated,
    /// The zone exists, and `GetHostedZone` no longer shows the VPC.
    Left,
    /// `NoSuchHostedZone`.
    ZoneGone,
}

/// The zones of a VPC, by id. No two have one name: Route 53 refuses the second (`ConflictingDomainExists`).
pub type Zones = BTreeMap<HostedZoneId, PrivateHostedZone>;

/// A private hosted zone that a Route 53 Profile brings into the VPC. No list of the VPC's zones shows it ([Route 53
/// Profiles](https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/profiles.html)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileZone {
    /// The Profile.
    pub profile: ProfileId,
    /// The zone.
    pub zone: HostedZoneId,
    /// The zone's name.
    pub name: DnsName,
}

/// The zone of a Profile that is asked for a name which none of the VPC's own zones can hold.
#[must_use]
pub fn answering_of_profiles<'a>(zones: &'a [ProfileZone], name: &DnsName) -> Option<&'a ProfileZone> {
    zones.iter().filter(|zone| zone.name.is_zone_of(name)).max_by_key(|zone| zone.name.labels())
}

/// The zone that is asked for a name.
#[must_use]
pub fn answering<'a>(zones: &'a Zones, name: &DnsName) -> Option<(&'a HostedZoneId, &'a PrivateHostedZone)> {
    zones.iter().filter(|(_, zone)| zone.name.is_zone_of(name)).max_by_key(|(_, zone)| zone.name.labels())
}

/// Whether another zone is asked in place of the record's. Of a zone that is not listed nothing is known.
#[must_use]
pub fn is_shadowed(zones: &Zones, key: &RecordKey) -> bool {
    closer(zones, key).next().is_some()
}

/// Whether a closer zone than the record's can be written.
#[must_use]
pub fn is_passed_over(zones: &Zones, key: &RecordKey) -> bool {
    closer(zones, key).any(|zone| zone.account().is_some())
}

/// The zones that come before the record's.
fn closer<'a>(zones: &'a Zones, key: &'a RecordKey) -> impl Iterator<Item = &'a PrivateHostedZone> {
    let labels = zones.get(&key.zone).map_or(usize::MAX, |zone| zone.name.labels());
    zones.values().filter(move |zone| zone.name.is_zone_of(&key.name) && zone.name.labels() > labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "*.aws.byoc.example.com";

    fn key(zone: &str) -> RecordKey {
        RecordKey { zone: zone.parse().unwrap(), name: NAME.parse().unwrap() }
    }

    /// Zones by id: those of a service have an id that begins with `ZS`.
    fn zones(named: &[(&str, &str)]) -> Zones {
        let zone = |(id, name): &(&str, &str)| {
            let owner = if id.starts_with("ZS") {
                ZoneOwner::Service("vpce.amazonaws.com".into())
            } else {
                ZoneOwner::Account("444455556666".parse().unwrap())
            };
            (id.parse().unwrap(), PrivateHostedZone { name: name.parse().unwrap(), owner })
        };
        named.iter().map(zone).collect()
    }

    fn answers(zones: &Zones) -> Option<String> {
        answering(zones, &NAME.parse().unwrap()).map(|(id, _)| id.to_string())
    }

    #[test]
    fn closest_zone_answers_whoever_owns_it_and_a_zone_beside_the_name_does_not() {
        let beside = ("Z9", "in02.aws.byoc.example.com");
        assert_eq!(answers(&zones(&[])), None);
        assert_eq!(answers(&zones(&[beside])), None);
        assert_eq!(
            answers(&zones(&[("Z1", "aws.byoc.example.com"), ("Z2", "example.com"), beside])),
            Some("Z1".into())
        );
        assert_eq!(answers(&zones(&[("ZS", "byoc.example.com"), ("Z2", "example.com")])), Some("ZS".into()));
        assert_eq!(
            answers(&zones(&[("Z1", "aws.byoc.example.com"), ("ZS", "example.com")])),
            Some("Z1".into())
        );
    }

    #[test]
    fn what_a_service_shadows_is_not_passed_over_and_what_an_account_shadows_is() {
        let (own, of_service) = (("Z1", "aws.byoc.example.com"), ("ZS", "aws.byoc.example.com"));
        let parent = ("Z2", "example.com");
        let judged =
            |zones: &Zones, zone| (is_shadowed(zones, &key(zone)), is_passed_over(zones, &key(zone)));
        assert_eq!(judged(&zones(&[own, parent]), "Z1"), (false, false));
        assert_eq!(judged(&zones(&[own, parent]), "Z2"), (true, true));
        assert_eq!(judged(&zones(&[of_service, parent]), "Z2"), (true, false));
        assert_eq!(judged(&zones(&[own]), "Z2"), (false, false), "it is not listed");
    }

    #[test]
    fn owner_is_stored_by_its_kind() {
        let stored = |zone: &str, named| {
            serde_json::to_value(&zones(&[(zone, named)])[&zone.parse().unwrap()]).unwrap()
        };
        let account = serde_json::json!({"name": "example.com", "account": "444455556666"});
        assert_eq!(stored("Z1", "example.com"), account);
        let service = serde_json::json!({"name": "example.com", "service": "vpce.amazonaws.com"});
        assert_eq!(stored("ZS", "example.com"), service);
        assert!(serde_json::from_value::<PrivateHostedZone>(service).unwrap().account().is_none());
    }
}
