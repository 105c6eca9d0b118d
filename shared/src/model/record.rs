//! Record sets as Route 53 holds them, and the addresses that they answer.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::dns::DnsName;
use crate::model::ids::{HostedZoneId, InvalidId};
use crate::model::mark::Mark;

/// A name in one zone. A and AAAA at that name are owned, written and removed together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    /// The private hosted zone.
    pub zone: HostedZoneId,
    /// The name of the record sets.
    pub name: DnsName,
}

impl FromStr for RecordKey {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let expected = "a hosted zone id, a slash and a name: Z0123/*.example.com";
        let invalid = || InvalidId { kind: "a record", value: text.to_owned(), expected };
        let (zone, name) = text.rsplit_once('/').ok_or_else(invalid)?;
        Ok(RecordKey { zone: zone.parse()?, name: name.parse().map_err(|_| invalid())? })
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.zone, self.name)
    }
}

/// What a name answers, both families. Empty means that no record set is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Addresses {
    /// The values of the A record set.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub a: BTreeSet<Ipv4Addr>,
    /// The values of the AAAA record set.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub aaaa: BTreeSet<Ipv6Addr>,
}

impl Addresses {
    /// Whether neither family has an address.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.a.is_empty() && self.aaaa.is_empty()
    }

    /// Whether all of them are among `others`.
    #[must_use]
    pub fn is_within(&self, others: &Addresses) -> bool {
        self.a.is_subset(&others.a) && self.aaaa.is_subset(&others.aaaa)
    }

    /// Adds all of `other`'s addresses.
    pub fn merge(&mut self, other: &Addresses) {
        self.a.extend(&other.a);
        self.aaaa.extend(&other.aaaa);
    }

    fn values(&self, record_type: RecordType) -> BTreeSet<String> {
        match record_type {
            RecordType::A => self.a.iter().map(ToString::to_string).collect(),
            RecordType::Aaaa => self.aaaa.iter().map(ToString::to_string).collect(),
        }
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<_> =
            RecordType::BOTH.into_iter().flat_map(|record_type| self.values(record_type)).collect();
        f.write_str(if values.is_empty() { "nothing" } else { "" })?;
        f.write_str(&values.join(" "))
    }
}

/// The types of record set that zonelink writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RecordType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    #[serde(rename = "AAAA")]
    Aaaa,
}

impl RecordType {
    /// Both, in the order in which they are shown.
    pub const BOTH: [RecordType; 2] = [RecordType::A, RecordType::Aaaa];

    /// As Route 53 spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RecordType::A => "A",
            RecordType::Aaaa => "AAAA",
        }
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A simple record set, its values as Route 53 spells them: a DELETE must repeat them exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSet {
    /// Seconds for which resolvers may keep the answer.
    pub ttl: u32,
    /// The values, each an address.
    pub values: BTreeSet<String>,
}

/// All that stands at one name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenRecords {
    /// The A record set.
    pub a: Option<RecordSet>,
    /// The AAAA record set.
    pub aaaa: Option<RecordSet>,
    /// Record sets that exclude ours or that we would have to break: "CNAME", "A alias", "A weighted"….
    #[serde(default)]
    pub incompatible: BTreeSet<String>,
    /// The mark of another controller, in a TXT record set beside them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
}

impl SeenRecords {
    /// The record set of one type.
    #[must_use]
    pub fn of(&self, record_type: RecordType) -> Option<&RecordSet> {
        match record_type {
            RecordType::A => self.a.as_ref(),
            RecordType::Aaaa => self.aaaa.as_ref(),
        }
    }

    /// The addresses that the name answers now.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        fn parse<T: std::str::FromStr + Ord>(set: Option<&RecordSet>) -> BTreeSet<T> {
            set.into_iter().flat_map(|set| &set.values).filter_map(|value| value.parse().ok()).collect()
        }
        Addresses { a: parse(self.a.as_ref()), aaaa: parse(self.aaaa.as_ref()) }
    }

    /// The TTLs of the record sets that stand there.
    pub fn ttls(&self) -> impl Iterator<Item = u32> {
        [&self.a, &self.aaaa].into_iter().flatten().map(|set| set.ttl)
    }

    /// What turns these record sets into `desired` with `ttl`, in one atomic batch: a DELETE of exactly
    /// what was seen, then a CREATE. Nothing for a type that is right already.
    #[must_use]
    pub fn changes_to(&self, desired: &Addresses, ttl: u32) -> Vec<Change> {
        let addresses = self.addresses();
        let mut deletes = Vec::new();
        let mut creates = Vec::new();
        for record_type in RecordType::BOTH {
            let (seen, values) = (self.of(record_type), desired.values(record_type));
            let right = match seen {
                None => values.is_empty(),
                Some(set) => addresses.values(record_type) == values && set.ttl == ttl,
            };
            if right {
                continue;
            }
            if let Some(set) = seen {
                deletes.push(Change { action: ChangeAction::Delete, record_type, set: set.clone() });
            }
            if !values.is_empty() {
                let set = RecordSet { ttl, values };
                creates.push(Change { action: ChangeAction::Create, record_type, set });
            }
        }
        deletes.append(&mut creates);
        deletes
    }

    /// What these record sets become when Route 53 applies `changes`.
    ///
    /// # Errors
    /// In Route 53's words when it would refuse the batch; then nothing has changed.
    pub fn apply(&self, changes: &[Change]) -> Result<SeenRecords, String> {
        let mut after = self.clone();
        for Change { action, record_type, set } in changes {
            let slot = match record_type {
                RecordType::A => &mut after.a,
                RecordType::Aaaa => &mut after.aaaa,
            };
            match action {
                ChangeAction::Delete if slot.as_ref() == Some(set) => *slot = None,
                ChangeAction::Delete if slot.is_none() => return Err("it was not found".into()),
                ChangeAction::Delete => return Err("the values provided do not match".into()),
                ChangeAction::Create if slot.is_some() => return Err("it already exists".into()),
                ChangeAction::Create => *slot = Some(set.clone()),
            }
        }
        Ok(after)
    }
}

/// The two actions that zonelink uses. UPSERT would overwrite what was not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ChangeAction {
    /// Refused by Route 53 when a record set of this name and type exists.
    Create,
    /// Refused by Route 53 when values or TTL differ from what exists.
    Delete,
}

/// One change in a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What to do.
    pub action: ChangeAction,
    /// To the record set of which type.
    pub record_type: RecordType,
    /// With exactly which TTL and values.
    pub set: RecordSet,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match self.action {
            ChangeAction::Create => "CREATE",
            ChangeAction::Delete => "DELETE",
        };
        let values: Vec<_> = self.set.values.iter().map(String::as_str).collect();
        write!(f, "{action} {} TTL {} {}", self.record_type, self.set.ttl, values.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(values: &[&str]) -> Addresses {
        Addresses { a: values.iter().filter_map(|v| v.parse().ok()).collect(), ..Addresses::default() }
    }

    fn seen(ttl: u32, values: &[&str]) -> SeenRecords {
        let values = values.iter().map(ToString::to_string).collect();
        SeenRecords { a: Some(RecordSet { ttl, values }), ..SeenRecords::default() }
    }

    #[test]
    fn a_change_deletes_exactly_what_was_seen_and_creates_what_is_desired() {
        let changes = seen(300, &["10.0.0.1"]).changes_to(&v4(&["10.0.0.2"]), 60);
        let shown: Vec<_> = changes.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["DELETE A TTL 300 10.0.0.1", "CREATE A TTL 60 10.0.0.2"]);
    }

    #[test]
    fn values_in_another_order_or_spelling_are_no_change() {
        let mut records = seen(60, &["10.0.0.2", "10.0.0.1"]);
        let values = ["2001:DB8:0::1".to_owned()].into();
        records.aaaa = Some(RecordSet { ttl: 60, values });
        let mut desired = v4(&["10.0.0.1", "10.0.0.2"]);
        desired.aaaa.extend("2001:db8::1".parse::<Ipv6Addr>());
        assert_eq!(records.changes_to(&desired, 60), []);
        let removal = records.changes_to(&Addresses::default(), 60);
        assert_eq!(removal[1].to_string(), "DELETE AAAA TTL 60 2001:DB8:0::1", "as Route 53 spelled it");
    }

    #[test]
    fn applied_changes_give_the_desired_addresses_or_nothing() {
        let before = seen(300, &["10.0.0.1"]);
        let changes = before.changes_to(&v4(&["10.0.0.2"]), 60);
        assert_eq!(before.apply(&changes).map(|after| after.addresses()), Ok(v4(&["10.0.0.2"])));
        assert!(seen(60, &["10.0.0.9"]).apply(&changes).is_err());
        assert!(SeenRecords::default().apply(&changes).is_err());
    }
}
