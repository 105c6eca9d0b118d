//! What operators allow: the services, the names they answer to, and who may connect.
//!
//! A definition is checked whole when it is read. What could not be checked later, or would let in more
//! than it says, is refused here.

mod invalid;
mod principal;
mod unneeded;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::dns::DnsName;
use crate::model::ids::{AccountId, Region, ServiceId};

pub use invalid::InvalidPolicy;
pub use principal::{OrganizationPath, Principal};
pub use unneeded::UnneededZones;

/// One endpoint service and what zonelink does for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceDefinition {
    /// The endpoint service.
    pub service: ServiceId,
    /// The names that lead to it, each exact or with a leftmost wildcard.
    pub names: BTreeSet<RecordName>,
    /// Who may connect; nobody when empty.
    #[serde(default)]
    pub allowed_principals: BTreeSet<Principal>,
    /// What becomes of the connections of those who may not.
    #[serde(default)]
    pub disallowed: Disallowed,
    /// Seconds for which an established connection is left after its owner is on the list no more, before it
    /// is rejected.
    #[serde(default = "revocation_grace")]
    pub revocation_grace: u32,
    /// Seconds for which resolvers may keep an answer.
    #[serde(default)]
    pub ttl: Ttl,
    /// Which record sets that stand there already are taken over.
    #[serde(default)]
    pub adopt: Adopt,
    /// What becomes of an adopted record set that nothing needs any more.
    #[serde(default)]
    pub on_remove: OnRemove,
    /// What to do when VPCs share a zone.
    #[serde(default)]
    pub shared_zones: SharedZones,
    /// Which of a VPC's zones that can hold a name get its record.
    #[serde(default, skip_serializing_if = "WriteTo::is_default")]
    pub write: WriteTo,
    /// What is done for a VPC that has no zone that can hold a name.
    #[serde(default, skip_serializing_if = "ZoneChoice::is_default")]
    pub zones: ZoneChoice,
    /// What becomes of a zone that was made once nothing needs it any more.
    #[serde(default, skip_serializing_if = "UnneededZones::is_default")]
    pub unneeded_zones: UnneededZones,
    /// Whether it has been ended, and what becomes of its record sets then. It publishes nothing and accepts
    /// nobody any more; sweeps lead to what is left of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Removal>,
}

/// What becomes of the record sets of a definition that has been removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// They stay as they are, and are nobody's of ours any more.
    KeepRecords,
    /// They go as if the last endpoint had gone.
    DeleteRecords,
}

/// A day: long enough for somebody to see the hold and mend the list.
#[must_use]
pub fn revocation_grace() -> u32 {
    24 * 60 * 60
}

/// What becomes of the connections of those who are on no allow list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disallowed {
    /// They stay as they are, and are held.
    #[default]
    Leave,
    /// Those that wait are rejected, and established ones after the grace.
    Reject,
}

/// Which record sets of somebody else become ours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adopt {
    /// None.
    Never,
    /// Those that hold the desired values already.
    #[default]
    Identical,
    /// All simple A and AAAA record sets, whatever they hold.
    Any,
}

/// What becomes of an adopted, never changed record set that nothing needs any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRemove {
    /// It stays as it was found.
    #[default]
    Keep,
    /// It is deleted like one that we made.
    Delete,
}

/// One record set answers every VPC of its zone, though each VPC has endpoints of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SharedZones {
    /// The first VPC keeps the record; the others are held.
    #[default]
    Refuse,
    /// The record holds the addresses of all: right only where the VPCs are routed to each other.
    Merge,
}

/// Which of a VPC's zones that can hold a name get its record. Route 53 asks one of them alone, the closest: its name
/// is the longest that is the name or a parent of it ([considerations](
/// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html)).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteTo {
    /// All: a zone that answers only once a closer one is gone is right by then.
    #[default]
    Every,
    /// The closest that can be written.
    Answering,
}

impl WriteTo {
    /// Whether this is what a definition says that says nothing of it.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What is done for a VPC that publishes and has no zone that can hold a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneChoice {
    /// It is held: zones are the client's to make.
    #[default]
    Existing,
    /// It gets one, of the name's own domain and never of a parent.
    Create,
}

impl ZoneChoice {
    /// Whether this is what a definition says that says nothing of it.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A name that a definition publishes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordName(DnsName);

impl RecordName {
    /// The name.
    #[must_use]
    pub fn as_dns_name(&self) -> &DnsName {
        &self.0
    }
}

impl FromStr for RecordName {
    type Err = InvalidPolicy;

    fn from_str(text: &str) -> Result<Self, InvalidPolicy> {
        let refuse =
            |error: crate::model::dns::InvalidName| InvalidPolicy::new("record name", text, error.why);
        let name: DnsName = text.parse().map_err(refuse)?;
        name.check_publishable().map_err(refuse)?;
        Ok(Self(name))
    }
}

impl TryFrom<String> for RecordName {
    type Error = InvalidPolicy;

    fn try_from(text: String) -> Result<Self, InvalidPolicy> {
        text.parse()
    }
}

impl From<RecordName> for String {
    fn from(name: RecordName) -> String {
        name.to_string()
    }
}

impl fmt::Display for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Seconds for which resolvers may keep an answer: 1 second to 1 day, 60 unless said.
///
/// An address returns to its subnet when the endpoint goes, and may be given to another host: the TTL
/// bounds how long clients can still be led there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Ttl(u32);

impl Ttl {
    /// In seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0
    }
}

impl Default for Ttl {
    fn default() -> Self {
        Self(60)
    }
}

impl TryFrom<u32> for Ttl {
    type Error = InvalidPolicy;

    fn try_from(seconds: u32) -> Result<Self, InvalidPolicy> {
        let refused = || InvalidPolicy::new("TTL", &seconds.to_string(), "give 1 to 86400 seconds".into());
        (1..=86_400).contains(&seconds).then_some(Self(seconds)).ok_or_else(refused)
    }
}

impl From<Ttl> for u32 {
    fn from(ttl: Ttl) -> u32 {
        ttl.0
    }
}

impl ServiceDefinition {
    /// Whether it says something to do.
    ///
    /// # Errors
    /// When it publishes no name.
    pub fn check(&self) -> Result<(), InvalidPolicy> {
        if self.names.is_empty() {
            return Err(InvalidPolicy::new("list of names", "[]", "give at least one name".into()));
        }
        Ok(())
    }

    /// The rule that lets `owner` connect by what the definition itself says, if one does. Whether a dynamic
    /// principal does, only a review can tell, which reads whom it covers.
    #[must_use]
    pub fn allows(&self, owner: &AccountId) -> Option<&Principal> {
        self.allowed_principals
            .iter()
            .find(|principal| matches!(principal, Principal::Account(account) if account == owner))
    }

    /// Whether others may connect than those whom the definition itself names.
    #[must_use]
    pub fn has_dynamic_principals(&self) -> bool {
        self.allowed_principals.iter().any(Principal::is_dynamic)
    }
}

/// Everything that operators allow in this region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The region of services and endpoints.
    pub region: Region,
    /// By service.
    pub services: BTreeMap<ServiceId, ServiceDefinition>,
}

impl Policy {
    /// Whether a service's definition has been removed.
    #[must_use]
    pub fn is_removed(&self, service: &ServiceId) -> bool {
        self.services.get(service).is_some_and(|definition| definition.removed.is_some())
    }

    /// The names by which consumers know the services, each with its service.
    #[must_use]
    pub fn service_names(&self) -> BTreeMap<String, ServiceId> {
        let names = |id: &ServiceId| {
            let id = id.clone();
            id.service_names(&self.region).map(|name| (name, id.clone())).collect::<Vec<_>>()
        };
        self.services.keys().flat_map(names).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_with_an_unknown_field_is_refused() {
        let json = r#"{"service":"vpce-svc-0123456789abcdef0","names":["*.x.example.com"],"alowed":[]}"#;
        assert!(serde_json::from_str::<ServiceDefinition>(json).is_err());
    }

    #[test]
    fn nobody_is_allowed_unless_said() {
        let json = r#"{"service":"vpce-svc-0123456789abcdef0","names":["*.x.example.com"]}"#;
        let definition: ServiceDefinition = serde_json::from_str(json).unwrap_or_else(|e| panic!("{e}"));
        let owner = "111122223333".parse().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(definition.allows(&owner), None);
        assert!(!definition.has_dynamic_principals());
        assert_eq!(definition.ttl.seconds(), 60);
    }

    #[test]
    fn nobody_is_rejected_unless_said_and_then_after_a_day() {
        let json = |more: &str| {
            format!(r#"{{"service":"vpce-svc-0123456789abcdef0","names":["*.x.example.com"]{more}}}"#)
        };
        let read = |more: &str| serde_json::from_str::<ServiceDefinition>(&json(more));
        assert!(read("").is_ok_and(|d| d.disallowed == Disallowed::Leave && d.revocation_grace == 86_400));
        let said = read(r#","disallowed":"reject","revocation_grace":0"#);
        assert!(said.is_ok_and(|d| d.disallowed == Disallowed::Reject && d.revocation_grace == 0));
        assert!(read(r#","revocation_grace":-1"#).is_err());
        assert!(read(r#","disallowed":"delete""#).is_err());
    }

    #[test]
    fn a_removed_definition_says_what_becomes_of_its_records() {
        let removed = |word: &str| {
            let json = format!(
                r#"{{"service":"vpce-svc-0123456789abcdef0","names":["*.x.example.com"],"removed":"{word}"}}"#
            );
            serde_json::from_str::<ServiceDefinition>(&json).map_err(|error| error.to_string()).and_then(
                |definition| definition.check().map_err(|e| e.to_string()).map(|()| definition.removed),
            )
        };
        assert_eq!(removed("keep_records"), Ok(Some(Removal::KeepRecords)));
        assert_eq!(removed("delete_records"), Ok(Some(Removal::DeleteRecords)));
        assert!(removed("true").is_err_and(|error| error.contains("keep_records")));
    }

    #[test]
    fn every_zone_is_written_unless_said_and_a_default_is_not_stored() {
        let json = |more: &str| {
            format!(r#"{{"service":"vpce-svc-0123456789abcdef0","names":["*.x.example.com"]{more}}}"#)
        };
        let read = |more: &str| serde_json::from_str::<ServiceDefinition>(&json(more)).ok();
        let stored = |definition: ServiceDefinition| serde_json::to_string(&definition).unwrap_or_default();
        for more in ["", r#","write":"every""#] {
            let definition = read(more).filter(|definition| definition.write == WriteTo::Every);
            assert!(definition.is_some_and(|definition| !stored(definition).contains("write")));
        }
        let answering = read(r#","write":"answering""#).map(stored);
        assert!(answering.is_some_and(|item| item.contains(r#""write":"answering""#)));
        assert_eq!(read(r#","write":"closest""#), None);
    }

    #[test]
    fn a_ttl_of_nothing_or_of_weeks_is_refused() {
        assert!(Ttl::try_from(0).is_err());
        assert!(Ttl::try_from(86_401).is_err());
    }
}
