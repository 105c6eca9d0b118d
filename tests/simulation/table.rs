//! The DynamoDB table: typed items by their keys, and the conditions on which they are written.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shared::model::claim::{Claim, IndexedClaim};
use shared::model::dns::DnsName;
use shared::model::facts::Wait;
use shared::model::hold::{Hold, HoldReason, Subject};
use shared::model::ids::{AccountId, VpcId};
use shared::model::record::RecordKey;
use shared::model::table::{Bucket, BucketUpdate, Condition, Item, Key, RunUpdate, Write, ZoneStep};
use shared::model::zone_claim::{ZoneClaim, ZoneCount};

/// A condition did not hold.
#[derive(Debug)]
pub(crate) struct ConditionFailed;

#[derive(Default)]
pub(crate) struct Table {
    /// By partition key and sort key.
    items: BTreeMap<String, BTreeMap<String, Item>>,
    /// How many removals runs have counted that have no item.
    counted: BTreeMap<String, u32>,
    /// Every version that a claim ever had, those of claims that were released included.
    versions: BTreeSet<(RecordKey, u64)>,
    /// The same of claims on zones.
    zone_versions: BTreeSet<(VpcId, DnsName, u64)>,
    /// When the first item expires, in seconds since 1970.
    expires_next: i64,
}

impl Table {
    pub(crate) fn get(&self, key: &Key) -> Option<&Item> {
        self.items.get(&key.partition.pk())?.get(&key.sk)
    }

    /// The items of a partition whose sort keys begin so, in order.
    pub(crate) fn partition(&self, pk: &str, sk: &str) -> Vec<(String, Item)> {
        let all = self.items.get(pk).into_iter().flat_map(|items| items.range(sk.to_owned()..));
        let wanted = all.take_while(|(key, _)| key.starts_with(sk));
        wanted.map(|(sk, item)| (sk.clone(), item.clone())).collect()
    }

    /// The items of all partitions whose keys begin so.
    fn beginning<'a>(&'a self, pk: &'a str) -> impl Iterator<Item = (&'a str, &'a str, &'a Item)> {
        let partitions = self.items.range(pk.to_owned()..).take_while(move |(key, _)| key.starts_with(pk));
        partitions.flat_map(|(pk, items)| items.iter().map(|(sk, item)| (pk.as_str(), sk.as_str(), item)))
    }

    pub(crate) fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.beginning("claim#").filter_map(|(_, _, item)| match item {
            Item::Claim(claim) => Some(&**claim),
            _ => None,
        })
    }

    /// The claims on zones that were made.
    pub(crate) fn zone_claims(&self) -> impl Iterator<Item = &ZoneClaim> {
        self.beginning("vpc#").filter_map(|(_, _, item)| match item {
            Item::ZoneClaim(claim) => Some(&**claim),
            _ => None,
        })
    }

    /// How many of them are counted in an account.
    pub(crate) fn zones_counted(&self, account: &AccountId) -> i64 {
        match self.get(&Key::zone_count(account)) {
            Some(Item::ZoneCount(count)) => count.zones,
            _ => 0,
        }
    }

    pub(crate) fn claim(&self, key: &RecordKey) -> Option<&Claim> {
        match self.get(&Key::claim(key))? {
            Item::Claim(claim) => Some(claim),
            _ => None,
        }
    }

    /// Which VPCs refer to which claims.
    pub(crate) fn references(&self) -> impl Iterator<Item = (VpcId, &RecordKey)> {
        self.beginning("vpc#").filter_map(|(pk, _, item)| match item {
            Item::Reference(key) => Some((pk.trim_start_matches("vpc#").parse().ok()?, &**key)),
            _ => None,
        })
    }

    /// What the index of claims says, by the text of each key.
    pub(crate) fn indexed(&self) -> impl Iterator<Item = (&str, &IndexedClaim)> {
        self.beginning("claims").filter_map(|(_, sk, item)| match item {
            Item::IndexedClaim(indexed) => Some((sk, &**indexed)),
            _ => None,
        })
    }

    pub(crate) fn holds(&self) -> impl Iterator<Item = &Hold> {
        self.beginning("hold").filter_map(|(_, _, item)| match item {
            Item::Hold(hold) => Some(&**hold),
            _ => None,
        })
    }

    pub(crate) fn hold(&self, subject: &Subject) -> Option<&HoldReason> {
        match self.get(&Key::hold(subject))? {
            Item::Hold(hold) => Some(&hold.reason),
            _ => None,
        }
    }

    /// Where something is remembered of an endpoint: partition key and sort key.
    pub(crate) fn memories(&self) -> Vec<(String, String)> {
        self.beginning("service#").map(|(pk, sk, _)| (pk.to_owned(), sk.to_owned())).collect()
    }

    pub(crate) fn remove(&mut self, pk: &str, sk: &str) -> Option<Item> {
        self.items.get_mut(pk)?.remove(sk)
    }

    /// Writes an item whatever stands there.
    pub(crate) fn insert(&mut self, key: &Key, item: &Item) {
        let item = stored(item);
        if let Some(at) = expires_at(&item) {
            self.expires_next = self.expires_next.min(at);
        }
        self.items.entry(key.partition.pk()).or_default().insert(key.sk.clone(), item);
    }

    /// All of `writes`, or none. Says what is wrong with the version of a claim, if something is.
    pub(crate) fn write(&mut self, writes: &[Write]) -> Result<Option<String>, ConditionFailed> {
        let holds = |write: &Write| match write {
            Write::Put(key, item, condition) => self.holds_true(key, *condition, Some(item)),
            Write::Delete(key, condition) => self.holds_true(key, *condition, None),
            Write::CountZone(account, ZoneStep::Up { at_most }) => {
                self.zones_counted(account) < i64::from(*at_most)
            }
            Write::CountZone(_, ZoneStep::Down) => true,
        };
        if !writes.iter().all(holds) {
            return Err(ConditionFailed);
        }
        let mut wrong = None;
        for write in writes {
            match write {
                Write::Put(key, item, _) => {
                    wrong = wrong.or(self.note_version(item));
                    self.insert(key, item);
                }
                Write::Delete(key, _) => _ = self.remove(&key.partition.pk(), &key.sk),
                Write::CountZone(account, step) => {
                    let by = if *step == ZoneStep::Down { -1 } else { 1 };
                    let zones = self.zones_counted(account) + by;
                    self.insert(&Key::zone_count(account), &ZoneCount { zones }.into());
                }
            }
        }
        Ok(wrong)
    }

    fn holds_true(&self, key: &Key, condition: Condition, written: Option<&Item>) -> bool {
        let stands = self.get(key);
        match (condition, stands, written) {
            (Condition::None, _, _)
            | (
                Condition::Absent | Condition::OtherReason | Condition::TurnIsFree(_) | Condition::NotDone,
                None,
                _,
            ) => true,
            (Condition::Absent, Some(_), _) => false,
            (Condition::Present, stands, _) => stands.is_some(),
            (Condition::Version(version), stands, _) => {
                matches!(stands, Some(Item::Claim(claim)) if claim.version == version)
                    || matches!(stands, Some(Item::ZoneClaim(claim)) if claim.version == version)
                    || matches!(stands, Some(Item::ZoneGuest(guest)) if guest.version == version)
            }
            (Condition::OtherReason, Some(Item::Hold(stands)), Some(Item::Hold(written))) => {
                stands.reason != written.reason
            }
            (Condition::TurnIsFree(due_by), Some(Item::Wait(stands)), Some(Item::Wait(written))) => {
                stands.wait.due.as_second() <= due_by.as_second() || stands.turn == written.turn
            }
            (Condition::NotDone, Some(Item::Part(part)), _) => part.value.failed.is_some(),
            (condition, stands, _) => panic!("{condition:?} is no condition on {stands:?}"),
        }
    }

    /// A claim's version grows, and none ever comes back.
    fn note_version(&mut self, item: &Item) -> Option<String> {
        if let Item::ZoneClaim(claim) = item {
            // A record that comes into the zone is bound to the claim as it stands.
            if self.get(&Key::zone_claim(&claim.vpc, &claim.domain)) == Some(item) {
                return None;
            }
            let fresh = self.zone_versions.insert((claim.vpc.clone(), claim.domain.clone(), claim.version));
            return (!fresh)
                .then(|| format!("the claim on zone {} of {} repeats a version", claim.domain, claim.vpc));
        }
        let Item::Claim(claim) = item else { return None };
        let before = self.claim(&claim.key).map(|claim| claim.version);
        let grown = before.is_none_or(|before| claim.version > before);
        let fresh = self.versions.insert((claim.key.clone(), claim.version));
        let wrong =
            || format!("the claim on {} went from version {before:?} to {}", claim.key, claim.version);
        (!grown || !fresh).then(wrong)
    }

    /// When the condition does not hold, gives the moment that stands there; fails when none does.
    pub(crate) fn update_bucket(
        &mut self,
        account: &AccountId,
        update: BucketUpdate,
        expires_at: i64,
    ) -> Result<Option<Timestamp>, ConditionFailed> {
        let key = Key::bucket(account);
        let mut bucket = match self.get(&key) {
            Some(Item::Bucket(bucket)) => **bucket,
            _ => Bucket::default(),
        };
        let (moment, may_be_absent, at_most) = match update {
            BucketUpdate::FullAt { at_most, .. } => (&mut bucket.full_at, true, at_most),
            BucketUpdate::FullLater { at_most, .. } => (&mut bucket.full_at, false, at_most),
            BucketUpdate::TurnAt { at_most, .. } => (&mut bucket.turn_at, true, at_most),
            BucketUpdate::TurnLater { at_most, .. } => (&mut bucket.turn_at, false, at_most),
        };
        match *moment {
            None if !may_be_absent => return Err(ConditionFailed),
            Some(stands) if stands > at_most.as_millisecond() => {
                return Ok(Timestamp::from_millisecond(stands).ok());
            }
            _ => {}
        }
        let later = |by: jiff::SignedDuration| i64::try_from(by.as_millis()).unwrap_or_default();
        *moment = match update {
            BucketUpdate::FullAt { full_at: at, .. } | BucketUpdate::TurnAt { turn_at: at, .. } => {
                Some(at.as_millisecond())
            }
            BucketUpdate::FullLater { cost: by, .. } | BucketUpdate::TurnLater { turn: by, .. } => {
                moment.map(|moment| moment + later(by))
            }
        };
        bucket.expires_at = expires_at;
        self.insert(&key, &bucket.into());
        Ok(None)
    }

    pub(crate) fn update_run(&mut self, run: &str, update: &RunUpdate) -> Result<(), ConditionFailed> {
        let key = Key::run(run);
        let item = match self.items.get_mut(&key.partition.pk()).and_then(|items| items.get_mut(&key.sk)) {
            Some(Item::Run(item)) => Some(&mut **item),
            _ => None,
        };
        match (update, item) {
            (RunUpdate::CountRemoval { at_most, .. }, item) => {
                let deletes = match item {
                    Some(item) => &mut item.deletes,
                    None => self.counted.entry(run.to_owned()).or_default(),
                };
                if *deletes >= *at_most {
                    return Err(ConditionFailed);
                }
                *deletes += 1;
            }
            (RunUpdate::UncountRemoval, item) => {
                let counted = item.map(|item| &mut item.deletes).or_else(|| self.counted.get_mut(run));
                let deletes = counted.filter(|deletes| **deletes > 0).ok_or(ConditionFailed)?;
                *deletes -= 1;
            }
            (RunUpdate::End(end), Some(item)) => item.end = Some(end.clone()),
            (RunUpdate::End(_), None) => {}
        }
        Ok(())
    }

    /// DynamoDB's TTL.
    pub(crate) fn expire(&mut self, now: i64) {
        if now < self.expires_next {
            return;
        }
        let mut next = i64::MAX;
        for items in self.items.values_mut() {
            items.retain(|_, item| {
                let stays = expires_at(item).is_none_or(|at| at > now);
                next = next.min(expires_at(item).filter(|_| stays).unwrap_or(i64::MAX));
                stays
            });
        }
        self.expires_next = next;
    }
}

fn expires_at(item: &Item) -> Option<i64> {
    match item {
        Item::Endpoint(endpoint) => endpoint.expires_at,
        Item::Hold(hold) => hold.expires_at,
        Item::Run(run) => Some(run.expires_at),
        Item::Part(part) => Some(part.expires_at),
        Item::Wait(wait) => Some(wait.expires_at),
        Item::Bucket(bucket) => Some(bucket.expires_at),
        Item::JournalEntry(entry) => Some(entry.expires_at),
        _ => None,
    }
}

/// An item as it reads back: some moments are kept in whole seconds.
fn stored(item: &Item) -> Item {
    let mut item = item.clone();
    if let Item::Wait(item) = &mut item {
        let whole = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
        item.wait =
            Wait { due: whole(item.wait.due), deadline: whole(item.wait.deadline), ..item.wait.clone() };
    }
    item
}
