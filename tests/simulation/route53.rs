//! Route 53: zones, and record sets that change in whole batches or not at all.

use std::collections::{BTreeMap, BTreeSet};

use shared::model::dns::DnsName;
use shared::model::facts::{PrivateHostedZone, ZoneOwner};
use shared::model::ids::{AccountId, HostedZoneId, VpcId};
use shared::model::record::{Change, RecordKey, SeenRecords};

use super::observations::Announcement;

/// A private hosted zone.
#[derive(Debug, Clone)]
pub(crate) struct Zone {
    pub(crate) name: DnsName,
    pub(crate) owner: ZoneOwner,
    /// The VPCs that it answers.
    pub(crate) vpcs: BTreeSet<VpcId>,
    /// What it was made with.
    pub(crate) caller_reference: String,
}

/// What stands at one name, and who wrote it last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slot {
    pub(crate) seen: SeenRecords,
    pub(crate) by_a_person: bool,
    /// When a person last did anything here, removals included.
    pub(crate) touched: Option<i64>,
}

/// A change batch as a worker sends it, with what that worker had seen and announced.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) key: RecordKey,
    pub(crate) changes: Vec<Change>,
    /// When the record was read on which it is based.
    pub(crate) observed_at: Option<i64>,
    /// What the worker had announced last for this record.
    pub(crate) announced: Option<Announcement>,
}

#[derive(Default)]
pub(crate) struct Route53 {
    pub(crate) zones: BTreeMap<HostedZoneId, Zone>,
    pub(crate) slots: BTreeMap<RecordKey, Slot>,
}

impl Zone {
    /// Whether an AWS service owns it, so that nobody else reads or writes what is in it.
    pub(crate) fn is_of_aws(&self) -> bool {
        self.account().is_none()
    }

    /// The account that owns it.
    pub(crate) fn account(&self) -> Option<&AccountId> {
        match &self.owner {
            ZoneOwner::Account(account) => Some(account),
            ZoneOwner::Service(_) => None,
        }
    }
}

impl Route53 {
    pub(crate) fn zones_of(&self, vpc: &VpcId) -> BTreeMap<HostedZoneId, PrivateHostedZone> {
        let of_vpc = self.zones.iter().filter(|(_, zone)| zone.vpcs.contains(vpc));
        of_vpc
            .map(|(id, zone)| {
                (id.clone(), PrivateHostedZone { name: zone.name.clone(), owner: zone.owner.clone() })
            })
            .collect()
    }

    /// What stands at a name; none when there is no such zone.
    pub(crate) fn record_sets(&self, key: &RecordKey) -> Option<SeenRecords> {
        self.zones.get(&key.zone)?;
        Some(self.slots.get(key).map(|slot| slot.seen.clone()).unwrap_or_default())
    }

    /// What a batch would make of a name, or why Route 53 refuses it, and in which words.
    pub(crate) fn outcome(
        &self,
        key: &RecordKey,
        changes: &[Change],
    ) -> Result<SeenRecords, (&'static str, String)> {
        let seen = self.record_sets(key).ok_or(("NoSuchHostedZone", "there is no such zone".to_owned()))?;
        if !seen.incompatible.is_empty() {
            return Err(("InvalidChangeBatch", "another kind of record set stands there".into()));
        }
        seen.apply(changes).map_err(|why| ("InvalidChangeBatch", why))
    }
}
